"""What becomes of time and of gradients, and what is written down of it."""
