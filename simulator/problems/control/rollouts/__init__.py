"""Episodes in batches: physics side by side, the policy in the loop, several processes."""
