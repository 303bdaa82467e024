"""Whether a claim holds: paired tests, their intervals, and the check of the judge itself."""
