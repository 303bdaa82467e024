"""What a cluster would need: predictions and plans, by simulation without learning."""
