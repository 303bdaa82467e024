"""The ideas: one method per short file, update rules apart from aggregations."""

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.clocks import Clock
from algorithms.fastest import Fastest
from algorithms.malenia import Malenia
from algorithms.rennala import Rennala
from algorithms.ringmaster import Ringmaster
from algorithms.synchronous import Synchronous
from algorithms.updates import NIGT, PG, Rule
from simulator import Iterate

RULES: dict[str, type[Rule]] = {"nigt": NIGT, "pg": PG}
"""The update rules that a method of one's own can be combined with."""

METHODS: dict[str, tuple[type[Algorithm], type[Rule]]] = {
    "synchronous-pg": (Synchronous, PG),
    "synchronous-nigt": (Synchronous, NIGT),
    "rennala-pg": (Rennala, PG),
    "rennala-nigt": (Rennala, NIGT),
    "malenia-pg": (Malenia, PG),
    "malenia-nigt": (Malenia, NIGT),
    "afedpg": (AFedPG, NIGT),
    "ringmaster-nigt": (Ringmaster, NIGT),
    "fastest-nigt": (Fastest, NIGT),
}
"""Each name that a scenario can use: an aggregation combined with an update rule."""

__all__ = [
    "METHODS",
    "NIGT",
    "PG",
    "RULES",
    "AFedPG",
    "Algorithm",
    "Clock",
    "Fastest",
    "Iterate",
    "Malenia",
    "Rennala",
    "Ringmaster",
    "Rule",
    "Synchronous",
]
