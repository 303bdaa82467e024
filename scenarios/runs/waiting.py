"""A method on a simulated cluster, and the error when it waits in a wrong way."""

from collections.abc import Generator
from typing import Any

from algorithms import Algorithm
from scenarios.format.own.where import file_line
from scenarios.format.words.errors import BadInputError
from simulator import Cluster, Hardware, Problem, Process, Run, simulate


class MethodError(BadInputError):
    """A method waits in a way that no cluster understands; the text says where in its source."""


def run_method(method: Algorithm, problem: Problem, hardware: Hardware, **limits: Any) -> Run:  # noqa: ANN401
    """Run a method; see :func:`simulator.simulate`.

    Raises:
        MethodError: it is no generator, or says ``yield`` where it should say ``yield from``.
    """
    begun: list[Process[None]] = []

    def begin(cluster: Cluster) -> Process[None]:
        process = method.run(cluster)
        if not isinstance(process, Generator):
            code = type(method).run.__code__
            raise MethodError(
                f"{file_line(code.co_filename, code.co_firstlineno)}: run is no generator; "
                "accepted: one that waits with `yield from`"
            )
        begun.append(process)
        return process

    try:
        return simulate(begin, problem, hardware, **limits)
    except (RuntimeError, OSError) as error:  # of a notebook's cell SimPy finds no file to quote
        missing = error.__context__
        if not (begun and isinstance(missing, AttributeError) and missing.name == "callbacks"):
            raise
        raise MethodError(_stray_yield(begun[0])) from None


def _stray_yield(process: Any) -> str:  # noqa: ANN401
    """Say where a generator, or one that it waits for, has yielded something that is no event."""
    while isinstance(process.gi_yieldfrom, Generator):
        process = process.gi_yieldfrom
    where = file_line(process.gi_code.co_filename, process.gi_frame.f_lineno)
    return (
        f"{where}: `yield`; accepted: `yield from`, before what has to be waited for "
        "(`completion`, `completions`, `reduce`, `arrival`, `update`)"
    )
