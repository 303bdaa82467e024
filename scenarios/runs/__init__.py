"""How it is made: run folders, processes, executors, checkpoints."""
