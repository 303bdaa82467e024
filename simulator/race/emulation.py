"""How long the tasks and messages of a scenario take, in real seconds."""

from dataclasses import dataclass

import numpy as np

from simulator.hardware.hardware import Hardware
from simulator.race.messages import UnsupportedError
from simulator.types import Indices


@dataclass(frozen=True)
class Emulation:
    """Stretches what workers do to the times of a scenario.

    An emulated task or message begins when what causes it happens, so that the real time from one
    process to the other is a part of it.

    Attributes:
        hardware: the scenario's.
        scale: real seconds per simulated second.

    Raises:
        UnsupportedError: the hardware has something that is not emulated.
    """

    hardware: Hardware
    scale: float

    def __post_init__(self) -> None:
        compute = self.hardware.compute
        missing = {
            "failures": self.hardware.failures is not None,
            "ingress (transfers that delay each other)": self.hardware.network.shared,
            "preemption.cost": self.hardware.stop_cost > 0,
            "server.receive": self.hardware.server.receive > 0,
            'per = "step" where speeds change': compute.per_step and compute.speeds is not None,
        }
        for what, there in missing.items():
            if there:
                raise UnsupportedError(f"cluster: {what} cannot be emulated")

    def delay(self, worker: int, *, dispatched: bool) -> float:
        """Return the real seconds until a lookahead is at a worker."""
        travels = self.hardware.network.downloads(dispatched=dispatched)
        return 0.0 if travels is None else float(travels[worker]) * self.scale

    def computing(self, worker: int, index: int, now: float) -> float:
        """Return the real seconds of a task that begins at ``now`` simulated seconds.

        With ``per = "step"``: of one environment step.
        """
        compute, who = self.hardware.compute, np.array([worker])
        now = 0.0 if compute.speeds is None else now  # late times are rounded
        steps = np.ones(1, dtype=np.int64)
        work = compute.work(who, np.array([index]), steps)
        return float(compute.ends(who, np.array([now]), work)[0] - now) * self.scale

    @property
    def per_step(self) -> bool:
        """Whether :meth:`computing` is about one environment step."""
        return self.hardware.compute.per_step

    def sending(self, worker: int) -> float:
        """Return the real seconds of a vector to the server."""
        return float(self.hardware.network.uplink[worker]) * self.scale

    def meeting(self, workers: Indices) -> float:
        """Return the real seconds of an all-reduce among ``workers``, shape (m,)."""
        return self.hardware.network.allreduce_seconds(workers) * self.scale

    @property
    def update(self) -> float:
        """Simulated seconds that the server takes for an update."""
        return self.hardware.server.update
