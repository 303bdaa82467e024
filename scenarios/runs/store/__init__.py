"""Run folders: whole files or none, what is in them, and how they are read."""
