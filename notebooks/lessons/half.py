"""The method of lesson 6."""

from dataclasses import dataclass

import straggler


@dataclass(frozen=True)
class Half(straggler.Algorithm):
    """Wait until half of the workers have a gradient; each of them weighs the same."""

    def run(self, cluster: straggler.Cluster) -> straggler.Process[None]:
        """See the class."""
        now = self.rule.start(cluster.initial_point)
        while True:
            round = cluster.broadcast(now.lookahead, keep_going=True)
            tasks: list[straggler.Task] = []
            while len({task.worker for task in tasks}) < (cluster.size + 1) // 2:
                tasks.append((yield from round.completion()))
            workers = [task.worker for task in tasks]
            share = 1 / len(set(workers))
            weights = [share / workers.count(worker) for worker in workers]
            gradient = yield from round.reduce(tasks, weights)
            now = yield from cluster.update(self.rule.step, now, gradient)
