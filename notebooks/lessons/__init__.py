"""What the notebooks share: exercises that check themselves, small scenarios, pictures."""

from lessons import (  # noqa: F401 - their exercises are entered
    aggregation,
    cluster,
    delay,
    first_race,
    method,
    seeds,
    stragglers,
    theory,
)
from lessons.checking import check
from lessons.pictures import beside, explore, look
from lessons.small import simulate_all, small
from scenarios.pictures.style import Picture

__all__ = ["Picture", "beside", "check", "explore", "look", "simulate_all", "small"]
