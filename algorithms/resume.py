"""Runs that go on where they were killed: the method's part."""

from dataclasses import replace

from algorithms.updates import Iterate, Rule
from simulator import Checkpoint, Vector


class Resumable(Rule):
    """A rule that takes the steps of a replayed run from its checkpoint, and can be saved.

    A method makes one step per update. Before the saved update the iterate is a placeholder, but
    gradients that are needed later are taken where they were.

    Args:
        rule: what makes the steps.
        past: where the run is resumed; by default there is nothing to replay.
    """

    def __init__(self, rule: Rule, past: Checkpoint | None = None) -> None:
        super().__init__(rule.step_size)
        self._rule = rule
        self._past = past or Checkpoint()
        self._steps = 0

    def step(self, now: Iterate, gradient: Vector) -> Iterate:
        """Return the next iterate, as the rule does or did."""
        self._steps += 1
        if self._steps < len(self._past.rows):
            return Iterate(now.point, self._past.points.get(self._steps, now.point))
        if self._steps == len(self._past.rows):
            return Iterate(**self._past.iterate)
        self._newest = self._rule.step(now, gradient)
        return self._newest

    def complete(self, checkpoint: Checkpoint) -> Checkpoint:
        """Return a cluster's checkpoint with what the method knows: its newest iterate."""
        arrays = {name: array for name, array in vars(self._newest).items() if array is not None}
        return replace(checkpoint, iterate=arrays)
