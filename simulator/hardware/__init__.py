"""What a cluster is made of: compute times, speeds, failures, links."""
