"""What came out: curves, comparison, verdicts."""
