"""What connects the workers: links, the server's ingress, or a network of the user's."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from pydantic import Field, model_validator

from scenarios.format.compute import one_per_worker
from scenarios.format.own.classes import Own, own_model
from scenarios.format.own.open import Door, Open
from scenarios.format.own.where import told
from scenarios.format.words.errors import short
from scenarios.format.words.strict import NonNegative, Strict
from simulator import Count, Network, NetworkModel, Positive, Vector, power_law
from simulator.hardware.network import BYTES_PER_COORDINATE, Collective, Topology
from simulator.hardware.server import Server


class PowerLink(Strict):
    """Seconds per vector of worker i = scale * i**exponent * d**dimension_exponent."""

    model: Literal["power"]
    scale: NonNegative = Field(description="seconds of worker 1 for d = 1, at least 0")
    exponent: float = Field(0.0, description="how fast the times grow with i")
    dimension_exponent: float = Field(0.0, description="how fast they grow with d")

    def seconds_of(self, workers: int, dimension: int, key: str) -> tuple[Vector, Vector]:  # noqa: ARG002
        """Return (latency, transfer), each of shape (n,)."""
        size = np.float64(dimension) ** self.dimension_exponent
        return np.zeros(workers), power_law(workers, self.scale, self.exponent) * size


class ExplicitLink(Strict):
    """One number of seconds per worker and vector."""

    model: Literal["explicit"]
    seconds: Annotated[list[NonNegative], Field(fail_fast=True)] = Field(
        description="a list of n numbers >= 0"
    )

    def seconds_of(self, workers: int, dimension: int, key: str) -> tuple[Vector, Vector]:  # noqa: ARG002
        """Return (latency, transfer), each of shape (n,)."""
        return np.zeros(workers), one_per_worker(self.seconds, workers, f"{key}.seconds")


class PhysicalLink(Strict):
    """Latency plus 4 d bytes over the bandwidth."""

    model: Literal["link"]
    latency: NonNegative | Annotated[list[NonNegative], Field(fail_fast=True)] = Field(
        0.0, description="seconds of at least 0, one number or n"
    )
    bandwidth: Positive | Annotated[list[Positive], Field(fail_fast=True)] = Field(
        description="bytes per second above 0, one number or n"
    )

    def seconds_of(self, workers: int, dimension: int, key: str) -> tuple[Vector, Vector]:
        """Return (latency, transfer), each of shape (n,)."""
        latency, bandwidth = (
            one_per_worker(x, workers, f"{key}.{name}")
            if isinstance(x, list)
            else np.full(workers, x)
            for name, x in (("latency", self.latency), ("bandwidth", self.bandwidth))
        )
        return latency, BYTES_PER_COORDINATE * dimension / bandwidth


Link = Annotated[PowerLink | ExplicitLink | PhysicalLink, Field(discriminator="model")]


class Ingress(Strict):
    """What the server can receive: so many vectors at a time, or so many bytes per second."""

    slots: Count | None = None
    bandwidth: Positive | None = Field(None, description="bytes per second, shared fairly")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.slots is None) == (self.bandwidth is None):
            raise ValueError("slots: or bandwidth is wanted; accepted: one of them")
        return self


class ServerTable(Strict):
    """What the server's own work takes; it does one thing at a time."""

    update: NonNegative = Field(0.0, description="seconds for an update")
    receive: NonNegative = Field(0.0, description="seconds for each vector that arrives")

    def server(self) -> Server:
        """Return the server."""
        return Server(self.update, self.receive)


class NetworkTable(Open):
    """A network of the user's, instead of links, ingress and collective."""

    door: ClassVar[Door] = Door("model", "straggler.network", NetworkModel)

    model: str

    def network(self, workers: int, dimension: int) -> Network:
        """Return the network of n workers for vectors of ``dimension`` coordinates."""
        raise NotImplementedError

    @classmethod
    def model_for(cls, target: type, content: Mapping[str, Any]) -> type[Any]:  # noqa: ARG003
        """Return the model of tables that name a user's network."""
        return own_model(OwnNetwork, target)


class OwnNetwork(Own, NetworkTable):
    """The same, with the class found."""

    def network(self, workers: int, dimension: int) -> Network:
        """See :class:`NetworkTable`."""
        where = f"network.model: {self.model!r}"
        with told(where):
            network = self.target(**self.own_values()).network(workers, dimension)
        if not isinstance(network, Network) or np.shape(network.transfer) != (workers,):
            raise ValueError(f"{where}: accepted: a Network whose transfer has shape ({workers},)")
        for wrong in _wrong(network, workers):
            raise ValueError(f"{where}: its network's {wrong}")
        return network


def _wrong(network: Network, workers: int) -> Iterator[str]:
    """Yield what a network cannot have."""
    for key in ("transfer", "latency", "downlink"):
        seconds = getattr(network, key)
        if seconds is not None and not _are_seconds(np.asarray(seconds), workers):
            yield f"{key} is {short(seconds)}; accepted: numbers of at least 0, shape ({workers},)"
    for key, known in (("collective", Collective), ("topology", Topology)):
        if (value := getattr(network, key)) not in get_args(known):
            yield f"{key} is {short(value)}; accepted: {', '.join(map(repr, get_args(known)))}"
    for key in ("slots", "capacity"):
        if (value := getattr(network, key)) is not None and not value > 0:
            yield f"{key} is {short(value)}; accepted: a number above 0, or None"
    if not isinstance(network.slots, int | np.integer | None):
        yield f"slots is {short(network.slots)}; accepted: a whole number, or None"
    if type(network).transfers is Network.transfers and network.capacity is not None:
        yield from _beside_capacity(network)


def _beside_capacity(network: Network) -> Iterator[str]:
    """Yield what links that are shared fairly do not have."""
    if network.slots is not None:
        yield "slots: does not go with capacity; accepted: one of them"
    if network.latency is not None and np.any(network.latency):
        yield "latency: does not go with capacity; accepted: one of them"


def _are_seconds(seconds: Vector, workers: int) -> bool:
    numbers = seconds.dtype.kind in "iuf" and seconds.shape == (workers,)
    return numbers and bool((seconds >= 0).all())
