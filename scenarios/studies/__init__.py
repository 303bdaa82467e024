"""Many runs: sweeps, tuning, the paper's figures."""
