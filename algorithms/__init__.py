"""The ideas: one aggregation per short file, update rules apart from them."""

from algorithms.afedpg import AFedPG
from algorithms.algorithm import Algorithm
from algorithms.asynchronous import Asynchronous
from algorithms.fastest import Fastest
from algorithms.fedbuff import FedBuff
from algorithms.local import Local
from algorithms.malenia import Malenia
from algorithms.mindflayer import MindFlayer
from algorithms.rennala import Rennala
from algorithms.ringleader import Ringleader
from algorithms.ringmaster import Ringmaster
from algorithms.rules.schedule import Schedule
from algorithms.rules.updates import NIGT, PG, Adam, HeavyBall, Rule
from algorithms.synchronous import Synchronous
from algorithms.theory.clocks import Clock
from simulator import Iterate

METHODS: dict[str, type[Algorithm]] = {
    "synchronous": Synchronous,
    "local": Local,
    "rennala": Rennala,
    "malenia": Malenia,
    "mindflayer": MindFlayer,
    "afedpg": AFedPG,
    "asynchronous": Asynchronous,
    "fedbuff": FedBuff,
    "ringmaster": Ringmaster,
    "ringleader": Ringleader,
    "fastest": Fastest,
}
"""The aggregations, by name."""

RULES: dict[str, type[Rule]] = {
    "nigt": NIGT,
    "pg": PG,
    "adam": Adam,
    "heavy-ball": HeavyBall,
}
"""The update rules that any aggregation can be combined with, by name; the first is the default."""

COMBINED: dict[str, tuple[type[Algorithm], type[Rule]]] = {
    f"{method}-{rule}": (METHODS[method], RULES[rule]) for method in METHODS for rule in RULES
}
"""An aggregation and a rule in one name, such as ``rennala-pg``."""

__all__ = [
    "COMBINED",
    "METHODS",
    "NIGT",
    "PG",
    "RULES",
    "AFedPG",
    "Adam",
    "Algorithm",
    "Asynchronous",
    "Clock",
    "Fastest",
    "FedBuff",
    "HeavyBall",
    "Iterate",
    "Local",
    "Malenia",
    "MindFlayer",
    "Rennala",
    "Ringleader",
    "Ringmaster",
    "Rule",
    "Schedule",
    "Synchronous",
]
