"""One thread per process: processes are the unit of parallel work here."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def one_thread_per_process() -> Iterator[None]:
    """Let the processes that start meanwhile use one BLAS and OpenMP thread each."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this process use one BLAS and OpenMP thread meanwhile, whatever it has set up before.

    Sums over many numbers are rounded by the number of threads, and threads that wait for more
    keep cores busy. So results are the same on any number of cores, and in the process of a run.
    """
    with _controller("torch" in sys.modules).limit(limits=1):
        yield


@cache
def _controller(torch: bool) -> ThreadpoolController:  # noqa: ARG001, FBT001 - torch brings its own
    """Return what knows the libraries that are loaded now."""
    return ThreadpoolController()
