"""What is asked: the scenario format, loading, errors."""
