"""Random numbers that depend on nothing but their key."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from simulator.types import Indices, Vector


class Stream(IntEnum):
    """What a random number is for; different streams never share numbers."""

    INITIAL_POINT = 0
    TASK = 1
    DURATION = 2
    FAILURE = 3


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


def uniforms(seed: int, workers: Indices, tasks: Indices, stream: Stream) -> Vector:
    """Return two uniform numbers in (0, 1) for each (worker, task), many keys at once.

    Args:
        seed: the run's seed.
        workers: shape (m,), each below 2**32, as they fill 32-bit words; larger ones would not be
            told apart.
        tasks: shape (m,), each below 2**32 as well. Workers' own tasks are; those of
            :data:`~simulator.evaluation.FIRST_TASK` are not, and have no durations to draw.
        stream: the purpose of the numbers.

    Returns:
        Shape (m, 2), with 53 random bits each.
    """
    counter = np.zeros((4, len(workers)), dtype=np.uint64)
    counter[0], counter[1], counter[2] = tasks, workers, stream
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], dtype=np.uint64)
    words = philox(counter, key)
    high, low = words[0::2], words[1::2]
    bits = (high << np.uint64(21)) | (low >> np.uint64(11))
    result: Vector = ((bits + 0.5) * 2.0**-53).T
    return result


def philox(counter: npt.NDArray[np.uint64], key: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return Philox-4x32 after ten rounds (Salmon et al., SC 2011), for many counters at once.

    Args:
        counter: shape (4, m), 32-bit words.
        key: shape (2,), 32-bit words.

    Returns:
        Shape (4, m), 32-bit words.
    """
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = (p1 >> half) ^ x1 ^ k0, p1 & mask, (p0 >> half) ^ x3 ^ k1, p0 & mask
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & mask, (k1 + np.uint64(0xBB67AE85)) & mask
    return np.array([x0, x1, x2, x3])
