"""The same methods on a real cluster: workers that really compute, messages that really travel."""
