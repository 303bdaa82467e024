"""Random numbers that depend on nothing but their key."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a random number is for; different streams never share numbers."""

    INITIAL_POINT = 0
    TASK = 1


def generator(
    seed: int, worker: int, task: int, stream: Stream = Stream.TASK
) -> np.random.Generator:
    """Return the generator that belongs to one task of one worker.

    Philox is counter-based: the key is (seed, worker), and (stream, task) fill the upper half
    of the counter, so that each task owns 2**128 blocks and no order of use can change a draw.

    Args:
        seed: the run's seed, at least 0.
        worker: index of the worker, 0..n-1.
        task: how many tasks the worker began before this one.
        stream: the purpose of the numbers.
    """
    key = np.array([seed, worker], dtype=np.uint64)
    counter = np.array([0, 0, stream, task], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
