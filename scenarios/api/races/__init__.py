"""The real clock: races, and what is measured for the simulated one."""
