"""What is claimed: the figures of the paper and beyond, and verdicts."""
