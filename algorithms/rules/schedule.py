"""Values of a rule that change while a run goes on."""

import sys
from dataclasses import dataclass
from typing import Literal

from simulator import Moment


@dataclass(frozen=True)
class Schedule:
    """A value that decays, and stays above 0: start (1 + t / after)^-power.

    Attributes:
        start: the value at t = 0.
        power: how fast it decays; 0: not at all.
        after: the t at which it is start / 2^power.
        by: what t is: updates made, or simulated seconds.
    """

    start: float
    power: float
    after: float
    by: Literal["updates", "seconds"] = "updates"

    def at(self, moment: Moment) -> float:
        """Return the value at a moment."""
        passed = moment.update if self.by == "updates" else moment.time
        value = self.start * (1 + passed / self.after) ** -self.power
        return max(float(value), sys.float_info.min)

    def __str__(self) -> str:
        """Say it as a formula."""
        return f"{self.start:g} (1 + {self.by} / {self.after:g})^-{self.power:g}"
