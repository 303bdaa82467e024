"""The method of lesson 4 with a mistake."""

from dataclasses import dataclass

import straggler


@dataclass(frozen=True)
class Fresh(straggler.Algorithm):
    """Use a gradient, unless `oldest` updates or more were made since its worker began."""

    oldest: straggler.Count

    def run(self, cluster: straggler.Cluster) -> straggler.Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        updates = 0
        began = dict.fromkeys(range(cluster.size), 0)
        for worker in began:
            cluster.dispatch(worker, now.lookahead)
        while True:
            task = yield from cluster.arrival()
            if updates - began[task.worker] < self.oldest:
                gradient = cluster.gradient(task)
                now = yield from cluster.update(self.rule.step, now, gradient)
                updates += 1
                began = dict.fromkeys(began, updates)
            else:
                cluster.drop(task)
                began[task.worker] = updates
            cluster.dispatch(task.worker, now.lookahead)
