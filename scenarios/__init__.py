"""Experiments: scenario files, runs, their store, comparisons, figures and the command line."""
