"""The front door: what `import straggler` and the command line offer, in the same words."""
