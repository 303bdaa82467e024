"""What a cluster costs: keys of ``[cluster]`` that change no result, and the bill of a run."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from scenarios.format.compute import check_number, one_per_worker
from scenarios.format.words.strict import NonNegative, Strict
from simulator import Count, Vector

HOUR = 3600.0
KILOWATT_HOUR = 3.6e6
GIGABYTE = 1e9


class Some(Strict):
    """So many workers with the same amount."""

    count: Count
    each: NonNegative = Field(description="for each of them")


class Groups(Strict):
    """Amounts by kind of worker, in this order."""

    groups: list[Some] = Field(min_length=1)


PerWorker = NonNegative | Annotated[list[NonNegative], Field(fail_fast=True)] | Groups
"""The same for all, one number per worker, or by group."""

FORMS = "one number of at least 0, n of them, or a table { groups = [{ count, each }] }"


def amounts(value: PerWorker, workers: int, key: str) -> Vector:
    """Return one number per worker, shape (n,).

    Raises:
        ValueError: there are not as many as workers; the text begins with the key.
    """
    if isinstance(value, list):
        return one_per_worker(value, workers, key)
    if isinstance(value, Groups):
        counts = [some.count for some in value.groups]
        check_number(sum(counts), workers, f"{key}.groups")
        return np.repeat([some.each for some in value.groups], counts)
    return np.full(workers, value)


class Power(Strict):
    """Watts that a worker takes while it is up."""

    computing: PerWorker = Field(description=FORMS)
    idle: PerWorker = Field(0.0, description=FORMS)


class Prices(Strict):
    """What a cluster costs. A worker that is down costs nothing; idle ones are paid for."""

    price: PerWorker | None = Field(None, description=FORMS)
    power: Power | None = Field(None, description="a table { computing, idle }, in watts")
    server_price: NonNegative | None = Field(None, description="of the server, for an hour")
    gigabyte_price: NonNegative | None = Field(None, description="for a gigabyte sent")

    def prices(self) -> dict[str, Any]:
        """Return what is said of prices, as JSON; nothing if nothing is."""
        return self.model_dump(mode="json", exclude_none=True, include={*Prices.model_fields})

    @property
    def has_money(self) -> bool:
        """Whether anything has a price."""
        return (self.price, self.server_price, self.gigabyte_price) != (None, None, None)

    def check_prices(self, workers: int) -> None:
        """Check that there are numbers for all workers.

        Raises:
            ValueError: there are not.
        """
        amounts(0.0 if self.price is None else self.price, workers, "price")
        for key in ("computing", "idle"):
            amounts(getattr(self.power, key, 0.0), workers, f"power.{key}")

    def bill(
        self, seconds: Mapping[str, Vector], elapsed: float, bytes_sent: float
    ) -> dict[str, float]:
        """Return what a run cost: ``money``, and ``kilowatt_hours`` of the workers.

        Discarded gradients cost what used ones do: the seconds that they took.

        Args:
            seconds: by state in lower case, shape (n,): where each worker's time went.
            elapsed: simulated seconds.
            bytes_sent: both ways.

        Returns:
            Only what is known: no money without a price, no energy without ``power``.
        """
        computing = seconds["compute"] + seconds["discard"]
        waiting = seconds["send"] + seconds["idle"]
        workers, found = len(computing), {}
        if self.has_money:
            hours = (computing + waiting) / HOUR
            found["money"] = float(
                amounts(self.price or 0.0, workers, "price") @ hours
                + (self.server_price or 0.0) * elapsed / HOUR
                + (self.gigabyte_price or 0.0)
                * (bytes_sent / GIGABYTE if self.gigabyte_price else 0)
            )
        if self.power is not None:
            watts = (amounts(p, workers, "power") for p in (self.power.computing, self.power.idle))
            joules = sum(w @ s for w, s in zip(watts, (computing, waiting), strict=True))
            found["kilowatt_hours"] = float(joules / KILOWATT_HOUR)
        return found
