"""What other installed packages offer; only their names are read."""

from importlib.metadata import entry_points

GROUPS = {
    "method": "straggler.methods",
    "rule": "straggler.rules",
    "problem": "straggler.problems",
    "compute model": "straggler.compute",
    "network": "straggler.network",
}
"""The entry point group of each kind."""


def installed(group: str) -> dict[str, str]:
    """Return what is offered under an entry point group: ``module:Class`` by name."""
    return {point.name: point.value for point in entry_points(group=group)}
