"""What earlier updates' trajectories tell the gradients at later lookaheads."""

from simulator.problem import Estimate, Problem
from simulator.promises.replay import Replay


class Baselines:
    """The baseline that every lookahead carries, fitted on trajectories that updates have used.

    The order of events decides which these are: neither when a gradient is evaluated nor in what
    company. They are independent of the trajectories at the lookahead, so that these gradients
    stay unbiased.

    Args:
        problem: what remembers, and fits.
        replay: what was fitted before.

    Attributes:
        memory: what the problem remembers of the used trajectories; None: nothing.
        newest: of the next lookaheads; None if there is none.
    """

    def __init__(self, problem: Problem, replay: Replay) -> None:
        self._problem = problem
        self._replay = replay
        self.memory = replay.memory
        self.newest = replay.baselines.get(0)  # None: it takes an update

    def use(self, answer: Estimate) -> None:
        """Remember what the next update uses, once for each gradient."""
        if self._replay.over:
            self.memory = self._problem.remember(self.memory, answer)

    def update(self, made: int, *, new: bool) -> None:
        """Fit the baseline of lookaheads after update ``made``; or take a saved one."""
        if not new:
            self.newest = self._replay.baselines.get(made)
        elif self.memory is not None:
            self.newest = self._problem.baseline(self.memory)
