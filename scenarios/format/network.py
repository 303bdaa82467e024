"""What connects the workers: links, the server's ingress, or a network of the user's."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from scenarios.format.compute import one_per_worker
from scenarios.format.own.classes import Own, own_model
from scenarios.format.own.open import Door, Open
from scenarios.format.own.where import told
from scenarios.format.words.strict import NonNegative, Strict
from simulator import Count, Network, NetworkModel, Positive, Vector, power_law
from simulator.hardware.network import BYTES_PER_COORDINATE
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
        return network
