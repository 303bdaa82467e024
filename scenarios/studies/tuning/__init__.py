"""Which values a method runs with: its grid, tried on seeds of its own."""
