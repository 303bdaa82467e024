"""Processes that are forked from a server with the imports, and never run the user's script."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any


class Process(ForkServerProcess):
    """A process that does not run the user's script anew: it needs no ``__main__`` guard."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: ANN401, N802 - as multiprocessing has it
        with _no_script():
            return ForkServerProcess._Popen(process_obj)  # noqa: SLF001


class Context(ForkServerContext):
    """Starts such processes; the server outlives a batch of runs."""

    Process = Process
    preloaded: tuple[str, ...] = ()

    def preload(self, modules: tuple[str, ...]) -> None:
        """Let processes be forked from a server that has imported these modules."""
        if set(modules) - set(self.preloaded):
            forkserver._forkserver._stop()  # type: ignore[attr-defined] # noqa: SLF001 - has fewer
            self.preloaded = modules
            self.set_forkserver_preload([__name__, *modules])


CONTEXT = Context()
"""The server outlives a batch of runs: a notebook makes many."""


@contextmanager
def _no_script() -> Iterator[None]:
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
