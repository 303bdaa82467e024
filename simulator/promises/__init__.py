"""Gradients that are computed late, and runs that are resumed without computing them again."""
