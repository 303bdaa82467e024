"""Runs that go on, in a terminal: their curves and workers, read from the files that they write."""
