"""The ideas: one method per short file, update rules apart from aggregations."""

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.rennala import Rennala
from algorithms.synchronous import Synchronous
from algorithms.updates import NIGT, PG, Iterate, Rule

METHODS: dict[str, tuple[type[Algorithm], type[Rule]]] = {
    "synchronous-nigt": (Synchronous, NIGT),
    "rennala-nigt": (Rennala, NIGT),
    "afedpg": (AFedPG, NIGT),
}
"""Each name that a scenario can use: an aggregation combined with an update rule."""

__all__ = [
    "METHODS",
    "NIGT",
    "PG",
    "AFedPG",
    "Algorithm",
    "Iterate",
    "Rennala",
    "Rule",
    "Synchronous",
]
