"""What the notebooks share: exercises that check themselves, small scenarios, pictures."""

from lessons import (  # noqa: F401 - their exercises are entered
    first_race,
    method,
    stragglers,
)
from lessons.checking import check
from lessons.pictures import beside, explore
from lessons.small import simulate_all, small

__all__ = ["beside", "check", "explore", "simulate_all", "small"]
