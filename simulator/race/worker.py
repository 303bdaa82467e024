"""A worker of a race: it really rolls out, really differentiates, and can be told to stop."""

import contextlib
import datetime as dt
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from simulator.contract import estimates
from simulator.loop.tasks import LENIENCE, Key
from simulator.problem import Estimate, Problem, Request
from simulator.race.messages import Delivery, Meeting, Order, Parcel, Report, Sent
from simulator.types import Vector

MEETING_SECONDS = 30.0
"""How long a worker waits for the others of an all-reduce before it gives up."""


class CancelledError(Exception):
    """The server has no use for what the worker is doing."""


class Worker:
    """Carries out orders one by one; sends and is cancelled from other threads.

    Args:
        worker: its index.
    """

    _problem: Problem

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._kept: dict[int, Vector] = {}  # gradients by index, all at one lookahead
        self._place = -1
        self._number = 0  # of the present order
        self._late = math.inf  # when it is given up
        self._computer = 0  # the thread that carries it out
        self._cancelled = 0  # the newest order that was cancelled
        self._given_up = 0  # the newest parcel that was
        self._ready = 0.0
        self._news = threading.Condition()
        self._problem_lock = threading.Lock()  # a lost gradient is computed on sending
        self._meeting = -1

    def begin(self, build: Callable[[], Problem], meet: bool = False) -> int:  # noqa: FBT001, FBT002
        """Begin a race; return the process.

        Args:
            build: makes the worker's own problem.
            meet: import what an all-reduce needs, which takes seconds.
        """
        if meet:
            import_module("torch.distributed")
        with self._problem_lock:
            self._problem = build()
            self._problem.interrupt = self._look
        self._kept, self._place = {}, -1
        self._ready = time.time()
        return os.getpid()

    def cancel(self, order: int, parcel: int) -> None:
        """Give up all orders up to a number, and all parcels up to another."""
        with self._news:
            self._cancelled = max(self._cancelled, order)
            self._given_up = max(self._given_up, parcel)
            self._news.notify_all()

    def compute(self, order: Order, sent: Sent) -> Report:
        """Carry out an order."""
        began = max(order.since, self._ready) if order.since else time.time()
        if order.place != self._place:
            self._kept, self._place = {}, order.place
        self._number, self._computer = order.number, threading.get_ident()
        self._late = math.inf if order.seconds else began + order.limit
        computing, estimate = 0.0, None
        with contextlib.suppress(CancelledError):
            self._rest_until(began)
            point = self._add([(self._worker, index) for index in order.path], sent)[1]
            started = time.time()
            try:
                with self._problem_lock:
                    found = self._estimate((self._worker, order.index), point, sent)
            finally:
                computing = time.time() - started
            seconds = order.seconds * (int(found.lengths.sum()) if order.per_step else 1)
            self._rest_until(began + min(seconds, order.limit))
            if seconds <= order.limit * LENIENCE:
                self._kept[order.index] = found.gradient
                estimate = replace(found, gradient=np.empty(0))  # the gradient stays here
        self._number = 0
        ended = time.time()
        return Report(min(began, ended), ended, computing, estimate)

    def send(self, parcel: Parcel, sent: Sent) -> Delivery:
        """Return a weighted sum of gradients, shape (d,); nothing if it is given up meanwhile."""
        began = parcel.since or time.time()
        vector, _ = self._add(parcel.keys, sent, parcel.weights)
        if not self._travel(parcel, began):
            vector = np.empty(0)
        return Delivery(began, time.time(), vector)

    def echo(self, vector: Vector, length: int) -> Vector:  # noqa: ARG002 - it only has to come
        """Return a vector of so many coordinates to who sent one."""
        return np.zeros(length)

    def address(self) -> str:
        """Return HOST:PORT where an all-reduce can meet."""
        import ray  # noqa: PLC0415 - the extra `cluster`

        host: Any = ray.util.get_node_ip_address
        with socket.socket() as free:
            free.bind(("", 0))
            return f"{host()}:{free.getsockname()[1]}"

    def allreduce(self, parcel: Parcel, sent: Sent, meeting: Meeting) -> Delivery:
        """Add this worker's weighted sum to those of all others; rank 0 returns it.

        Raises:
            RuntimeError: another worker died meanwhile, or did not come.
        """
        import torch  # noqa: PLC0415 - takes a second
        from torch import distributed  # noqa: PLC0415

        began = parcel.since or time.time()
        try:  # what is lost is computed anew before the others wait in the group
            total = torch.from_numpy(self._add(parcel.keys, sent, parcel.weights)[0])
            if meeting.number != self._meeting:
                self._leave()
                distributed.init_process_group(
                    "gloo",
                    init_method=f"tcp://{meeting.address}",
                    rank=meeting.rank,
                    world_size=meeting.size,
                    timeout=dt.timedelta(seconds=MEETING_SECONDS),
                )
                self._meeting = meeting.number
            self._travel(parcel, began)
            distributed.all_reduce(total)
        except RuntimeError:
            self._leave()  # so that the others, who may wait for this one, notice
            raise
        return Delivery(began, time.time(), total.numpy()[: None if meeting.rank == 0 else 0])

    def _leave(self) -> None:
        from torch import distributed  # noqa: PLC0415

        self._meeting = -1
        if distributed.is_initialized():
            distributed.destroy_process_group()

    def _travel(self, parcel: Parcel, began: float) -> bool:
        """Wait as long as a message takes; return whether it was not given up."""
        with self._news:
            while parcel.number > self._given_up:
                left = began + parcel.seconds - time.time()
                if left <= 0:
                    return True
                self._wait(left)
        return False

    def _add(
        self, keys: Sequence[Key], sent: Sent, weights: Sequence[float] | None = None
    ) -> tuple[Vector, Vector]:
        """Return the weighted sum of gradients, and where they move the worker, shape (d,) each."""
        total, point, kept = np.zeros(len(sent.vector)), sent.vector, self._kept
        for key, weight in zip(keys, weights or [1.0] * len(keys), strict=True):
            mine = key[0] == self._worker
            gradient = kept.get(key[1]) if mine else None
            if gradient is None:  # of a worker that died: the same key gives the same gradient
                with self._problem_lock:
                    gradient = self._estimate(key, point, sent).gradient
                if mine:  # an all-reduce that breaks asks for it again
                    kept[key[1]] = gradient
            total += weight * gradient
            if sent.move is not None:
                point = sent.move(point, gradient)
        return total, point

    def _estimate(self, key: Key, point: Vector, sent: Sent) -> Estimate:
        worker, index = np.array([key]).T
        request = Request(point, worker, index, np.ones(1), sent.baseline)
        return estimates(self._problem, [request])[0]

    def _look(self) -> None:
        """Called between environment steps, also where a lost gradient is computed to be sent."""
        mine = threading.get_ident() == self._computer
        if mine and self._number and (self._number <= self._cancelled or time.time() > self._late):
            raise CancelledError

    def _rest_until(self, end: float) -> None:
        with self._news:
            while (left := end - time.time()) > 0:
                self._look()
                self._wait(left)
            self._look()

    def _wait(self, seconds: float) -> None:
        """Wait for news; who stands still for ever has an infinite time left."""
        self._news.wait(min(seconds, threading.TIMEOUT_MAX))
