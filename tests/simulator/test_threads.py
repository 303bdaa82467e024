"""Results do not depend on how many threads NumPy and torch would use."""

import os
import subprocess
import sys

CODE = """
import numpy as np
import torch
from threadpoolctl import threadpool_info
from algorithms import NIGT, Rennala
from simulator import ComputeModel, Hardware, Network, simulate
from simulator.problems.quadratic import Bowl, Quadratic

def threads():
    return [lib["num_threads"] for lib in threadpool_info()] + [torch.get_num_threads()]

def watch(cluster, theta):
    found.append(max(threads()))
    last[:] = [float(theta.sum()).hex()]

before, found, last = threads(), [], []
problem = Quadratic(30_498, [Bowl()], noise=0.3, seed=1)
hardware = Hardware(ComputeModel(np.array([1.0, 2.0])), Network(np.zeros(2)))
method = Rennala(NIGT(step_size=0.1, momentum=0.5), batch=2)
run = simulate(method.run, problem, hardware, updates=20, on_update=watch)
assert before == threads()
print(max(before), max(found), last[0], run.history.rows[-1].gradient_norm.hex())
"""


def outcome(threads: int) -> list[str]:
    """Return the most threads before and in a run, and the bits of what it ended with."""
    environment = os.environ | dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
    )
    command = [sys.executable, "-c", CODE]
    return subprocess.check_output(command, env=environment, text=True).split()


def test_a_run_has_one_thread_and_the_same_bits_whatever_was_set_up_before() -> None:
    one, two = outcome(1), outcome(2)
    assert one[1] == two[1] == "1"
    assert one[2:] == two[2:]
    assert (one[0], two[0]) == ("1", "2")


FIRST_IMPORT = """
import os, sys
from importlib.abc import MetaPathFinder

class Watch(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "numpy":
            sys.stderr.write(f"threads: {os.environ.get('OPENBLAS_NUM_THREADS')}")

sys.meta_path.insert(0, Watch())
sys.argv = ["straggler", "list", "methods"]
from scenarios.cli.app import main
main()
"""


def test_commands_set_the_threads_before_numpy_is_imported() -> None:
    for mine, expected in (({}, "threads: 1"), ({"OPENBLAS_NUM_THREADS": "3"}, "threads: 3")):
        others = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
        made = subprocess.run(
            [sys.executable, "-c", FIRST_IMPORT],
            env=others | mine,
            capture_output=True,
            text=True,
            check=True,
        )
        assert made.stderr == expected
