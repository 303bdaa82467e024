"""The door: parse, call, print."""
