"""Update rules, and the values in them that decay."""
