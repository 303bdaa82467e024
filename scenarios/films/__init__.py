"""Films: the policies of several runs side by side, at the same simulated second."""
