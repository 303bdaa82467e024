"""Races on real workers: as simulated where times are emulated, and whatever happens to workers."""

import contextlib
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from clusters import assert_accounting_closes, hardware
from commands import COMMAND, straggler, write_scenario
from methods import method
from rich.console import Console

import straggler as front
from algorithms import METHODS, NIGT, Algorithm, Rennala, Ringmaster, Synchronous
from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError
from scenarios.runs.execute import Options, execute
from scenarios.runs.jobs import plan
from scenarios.runs.progress import Progress
from scenarios.runs.race import Track, _Watcher, race_jobs
from scenarios.runs.store.record import Raced
from simulator import ComputeModel, Hardware, Problem, Run, StalledError, simulate
from simulator.accounting.timeline import State, Timeline
from simulator.hardware.network import Network
from simulator.hardware.server import Server
from simulator.hardware.speed import Profile, Speeds
from simulator.problem import Estimate, Request
from simulator.problems.control.control import Control
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.problems.tabular import Tabular
from simulator.race.cluster import RaceCluster
from simulator.race.crew import Broken, Crew, Death, News
from simulator.race.emulation import Emulation
from simulator.race.messages import Meeting, Order, Parcel, Sent, UnsupportedError
from simulator.race.race import Race, race
from simulator.race.round import RaceRound
from simulator.race.underway import Lost, Placed, Sending
from simulator.race.worker import MEETING_SECONDS, Worker
from simulator.race.workers import RealWorkers
from simulator.types import Indices, Vector

ray = pytest.importorskip("ray")

SCALE = 0.1
"""Real seconds per simulated second: half of one survives a busy machine."""

ATTEMPTS = 3
"""A busy machine may hold up a worker longer than the gaps: one race of these has to agree."""

RULE = NIGT(step_size=0.1, momentum=0.1)
BUILD = partial(Quadratic, dimension=3, bowls=[Bowl()], noise=0.5, seed=0)

SLOW, LINKS, SERVER = [2.4, 4.4, 11.2], [1.0, 1.0, 1.0], Server(update=0.5)
"""Times with which no method counts otherwise if each task takes up to 0.5 s longer."""


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Return three workers on a Ray of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            configure_logging=False,
        )
        crew = Crew(3)
        yield crew
        crew.close()
        ray.shutdown()


def raced(
    crew: Crew,
    algorithm: Algorithm,
    cluster: Hardware,
    updates: int = 4,
    *,
    on_update: Callable[[RaceCluster, Vector], None] = lambda *_: None,
) -> Race:
    crew.begin(BUILD, meet=cluster.network.collective == "allreduce")
    return race(
        algorithm.run,
        BUILD(),
        cluster,
        crew,
        scale=SCALE,
        emulate=True,
        updates=updates,
        time_limit=600.0,
        on_update=on_update,
    )


def assert_same(real: Run, simulated: Run) -> None:
    """Both used and discarded the same, by worker; so iterates are the same to rounding."""
    assert_accounting_closes(real)
    for name in ("gradients_used", "gradients_discarded", "vectors_sent", "vectors_received"):
        assert getattr(real, name).tolist() == getattr(simulated, name).tolist(), name
    for got, wanted in zip(real.history.rows, simulated.history.rows, strict=True):
        assert (got.gradients, got.discarded) == (wanted.gradients, wanted.discarded)
        assert got.delay == wanted.delay
        assert got.objective == pytest.approx(wanted.objective, rel=1e-9)
        assert got.gradient_norm == pytest.approx(wanted.gradient_norm, rel=1e-9)
    assert 0 < SCALE * (real.elapsed - simulated.elapsed) < 3  # real seconds
    assert real.bytes_sent == simulated.bytes_sent
    assert real.server_seconds >= simulated.server_seconds - 1e-9


def assert_as_simulated(
    crew: Crew, algorithm: Algorithm, cluster: Hardware, simulated: Run
) -> None:
    """Race as long as the simulation; where something else held up the machine, race again."""
    updates = len(simulated.history.rows)
    for more in reversed(range(ATTEMPTS)):
        real = raced(crew, algorithm, cluster, updates).run
        with contextlib.suppress(AssertionError) if more else contextlib.nullcontext():
            assert_same(real, simulated)
            return


@pytest.mark.parametrize("name", METHODS)
def test_an_emulated_race_is_as_simulated(crew: Crew, name: str) -> None:
    cluster = hardware(SLOW, LINKS, server=SERVER)
    simulated = simulate(method(name).run, BUILD(), cluster, updates=2)
    assert_as_simulated(crew, method(name), cluster, simulated)


def test_workers_finish_what_nobody_wants(crew: Crew) -> None:
    cluster = hardware([2.0, 6.6, 13.0], [0.5] * 3, "finish")
    algorithm = Rennala(RULE, batch=2)
    simulated = simulate(algorithm.run, BUILD(), cluster, updates=4)
    assert simulated.gradients_discarded[2] > 0
    assert_as_simulated(crew, algorithm, cluster, simulated)


def test_tasks_that_are_too_old_are_stopped(crew: Crew) -> None:
    """Worker 0 is first each time, and the tasks of the others, of delay 1 then, are stopped."""
    cluster = hardware(SLOW, LINKS, server=SERVER)
    algorithm = Ringmaster(RULE, threshold=1)
    simulated = simulate(algorithm.run, BUILD(), cluster, updates=3)
    assert simulated.gradients_used.tolist() == [3, 0, 0]
    assert simulated.gradients_discarded.tolist() == [0, 3, 3]
    assert_as_simulated(crew, algorithm, cluster, simulated)


def test_an_allreduce_is_a_gather_to_rounding(crew: Crew) -> None:
    algorithm, thetas = Rennala(RULE, batch=4), list[Vector]()
    cluster = hardware(SLOW, LINKS, collective="allreduce")
    simulated = simulate(
        algorithm.run, BUILD(), cluster, updates=3, on_update=lambda _, theta: thetas.append(theta)
    )
    real = raced(crew, algorithm, cluster, 3, on_update=lambda _, theta: thetas.append(theta))
    assert_same(real.run, simulated)
    np.testing.assert_allclose(thetas[3:], thetas[:3], rtol=1e-12)


def killer(crew: Crew, worker: int, seconds: float) -> Callable[[RaceCluster, Vector], None]:
    """Return what kills a worker so long after the first update."""

    def kill(cluster: RaceCluster, _: Vector) -> None:
        if cluster.updates_made == 1:
            threading.Timer(seconds, os.kill, (crew.pids[worker], signal.SIGKILL)).start()

    return kill


def test_a_worker_that_dies_in_a_round_does_not_stop_rennala(crew: Crew) -> None:
    """Worker 0 dies 0.1 s into a gradient of 0.2 s; until it is back, the others go on."""
    algorithm = Rennala(RULE, batch=2)
    cluster = hardware([2.0, 3.0, 4.0])
    done = raced(crew, algorithm, cluster, 12, on_update=killer(crew, 0, 0.1))
    assert_accounting_closes(done.run)
    assert done.deaths == 1
    assert len(done.run.history.rows) == 12
    states = {state.name: seconds for state, seconds in done.run.seconds.items()}
    assert states["DOWN"][0] > 0
    assert done.run.gradients_used[1] > done.run.gradients_used[0]


def test_the_synchronous_method_waits_for_the_replacement(crew: Crew) -> None:
    algorithm = Synchronous(RULE)
    done = raced(crew, algorithm, hardware([2.0, 3.0, 4.0]), on_update=killer(crew, 0, 0.1))
    assert done.deaths == 1
    assert done.run.gradients_used.tolist() == [4, 4, 4]
    assert done.run.gradients_discarded.tolist() == [1, 0, 0]
    first, second = (row.time for row in done.run.history.rows[:2])
    down = {state.name: seconds for state, seconds in done.run.seconds.items()}["DOWN"][0]
    assert 0 < down < second - first


@pytest.mark.parametrize(("computing", "meeting", "same"), [(1.0, 10.0, 3), (10.0, 1.0, 1)])
def test_a_worker_that_dies_before_or_in_an_allreduce_is_replaced(
    crew: Crew, computing: float, meeting: float, same: int
) -> None:
    """It dies 0.6 s after an update, meeting or computing; all meet anew, and at once.

    A gradient that is lost on its way is computed again; one that was never complete is another.
    """
    cluster = hardware([computing] * 3, [meeting] * 3, collective="allreduce")
    done = raced(crew, Synchronous(RULE), cluster, 3, on_update=killer(crew, 0, 0.6))
    simulated = simulate(Synchronous(RULE).run, BUILD(), cluster, updates=3)
    assert done.deaths == 1
    assert SCALE * (done.run.elapsed - simulated.elapsed) < MEETING_SECONDS  # real ones
    assert len(done.run.history.rows) == 3
    for got, wanted in zip(done.run.history.rows[:same], simulated.history.rows, strict=False):
        assert got.objective == pytest.approx(wanted.objective, rel=1e-9)


def test_a_worker_that_hangs_is_a_straggler(crew: Crew) -> None:
    def hang(cluster: RaceCluster, _: Vector) -> None:
        if cluster.updates_made == 1:
            os.kill(crew.pids[0], signal.SIGSTOP)

    try:
        done = raced(crew, Rennala(RULE, batch=2), hardware([2.0, 3.0, 4.0]), 6, on_update=hang)
    finally:
        os.kill(crew.pids[0], signal.SIGCONT)
    assert done.deaths == 0
    assert len(done.run.history.rows) == 6
    assert done.run.gradients_used[0] == 1


def test_a_race_is_not_emulated_where_that_would_be_wrong(crew: Crew) -> None:
    cluster = hardware([1.0, 1.0, 1.0], server=Server(receive=1.0))
    with pytest.raises(UnsupportedError, match=r"server\.receive cannot be emulated"):
        raced(crew, Synchronous(RULE), cluster)
    speeds = Speeds([Profile(np.array([0.0, 10.0]), np.array([1.0, 0.0]))], np.zeros(1, dtype=int))
    compute = ComputeModel(np.ones(1), speeds=speeds, per_step=True)
    with pytest.raises(UnsupportedError, match='per = "step" where speeds change cannot be emul'):
        Emulation(Hardware(compute, Network(np.zeros(1))), SCALE)


def test_who_stands_still_for_ever_waits_until_it_is_cancelled() -> None:
    worker = Worker(0)
    worker.begin(BUILD)
    threading.Timer(0.1, worker.cancel, (1, 0)).start()
    order = Order(1, 1, 0, time.time(), math.inf)
    assert worker.compute(order, Sent(np.zeros(3))).estimate is None


def test_bytes_of_arrivals_are_counted_with_either_collective() -> None:
    """All-reduces bring none of them; and a clock's vectors are as long as a problem's."""
    problem = Quadratic(dimension=1_000, bowls=[Bowl()], noise=0.5, seed=0)
    problem.initial_point = lambda: np.zeros(1)  # type: ignore[method-assign]
    cluster = hardware([1.0], collective="allreduce")
    workers: Any = SimpleNamespace(number=3, timeline=Timeline(3))
    made = RaceCluster(workers, problem, cluster, updates=None, on_update=lambda *_: None)
    made.vectors_received[:] = 2, 2, 3
    made._alone = 5
    made.meetings.sizes.append(3)  # ideal: each of three sends its own, and receives the sum
    assert made.bytes_sent == (7 + 5 + 6) * 1_000 * 4


def test_what_is_not_stretched_takes_real_seconds(crew: Crew) -> None:
    crew.begin(BUILD)
    free = Hardware(hardware([1.0] * 3).compute, Network(np.zeros(3)))
    done = race(Rennala(RULE, batch=4).run, BUILD(), free, crew, updates=5)
    assert 0 < done.run.elapsed < 60
    gradients = done.measured.gradients
    ended = [gradient for gradient in gradients if gradient[2] < math.inf]
    assert len(ended) >= 20
    assert all(0 < own < heard < 30 and steps == 0 for _, own, heard, steps, _ in ended)
    assert all(0 <= own < 30 for _, own, *_ in gradients)  # others: until they were cancelled
    assert {worker for worker, _ in done.measured.vectors} <= {0, 1, 2}


# The command


RACE = ("race", "two.toml", "--emulate", "--method", "rennala-nigt", "--seed", "0")
FAST = (*RACE, "--scale", "0.01", "--out", "runs/two")
"""Real seconds per simulated second, and beside the simulated runs."""


def info_of(folder: Path) -> dict[str, Any]:
    info: dict[str, Any] = json.loads((folder / "seed-0/run.json").read_text())
    return info


@pytest.mark.usefixtures("crew")
def test_races_stand_beside_simulated_runs_and_are_never_taken_for_them(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("updates = 40", "updates = 4"))
    made = straggler(*FAST, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    run = straggler("run", "two.toml", "--method", "rennala-nigt", "--seed", "0", cwd=tmp_path)
    assert "rennala-nigt/seed-0  done: 4 updates in 8 simulated s" in run.stderr
    kinds = [info_of(tmp_path / "runs/two" / f"rennala-nigt{end}") for end in (" (race)", "")]
    assert [info["kind"] for info in kinds] == ["race", "simulated"]
    assert kinds[0]["race"] == {"emulate": True, "scale": 0.01}
    assert kinds[0]["totals"]["gradients_used"] == kinds[1]["totals"]["gradients_used"] == 12

    again = straggler(*FAST, cwd=tmp_path)
    assert "rennala-nigt (race)/seed-0  is there already" in again.stderr
    compared = straggler(
        "compare", "runs/two", "--columns", "method,updates", "--csv", cwd=tmp_path
    )
    assert [line.split(",") for line in compared.stdout.splitlines()[1:]] == [
        ["rennala-nigt", "4.0"],
        ["rennala-nigt (race)", "4.0"],
    ]
    drawn = straggler("timeline", "runs/two/rennala-nigt (race)/seed-0", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    with pytest.raises(BadInputError, match="races are never the same again"):
        front.open(tmp_path / "runs/two").save(tmp_path / "x.parquet")

    raced, simulated = (tmp_path / "runs/two" / f"rennala-nigt{end}" for end in (" (race)", ""))
    shutil.rmtree(simulated)
    shutil.copytree(raced, simulated)
    run = straggler("run", "two.toml", "--method", "rennala-nigt", "--seed", "0", cwd=tmp_path)
    assert "it is a race: set aside in" in run.stderr
    assert info_of(simulated)["kind"] == "simulated"
    slower = straggler(*FAST, "--scale", "0.02", cwd=tmp_path)
    assert "it was raced otherwise: set aside in" in slower.stderr
    assert info_of(raced)["race"]["scale"] == 0.02


def test_what_is_exact_are_two_numbers_in_a_race_too(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quadratic, "exact", lambda *_: (1.0,))
    with pytest.raises(RuntimeError, match="exact returns tuple; accepted: two numbers"):
        raced(crew, Rennala(RULE, 2), hardware(SLOW, LINKS), updates=1)


def test_theta_is_evaluated_after_the_race(
    tmp_path: Path, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the simulation, where there is no exact J; one worker, which no clock can overtake."""
    assert crew.pids
    monkeypatch.setattr(Tabular, "exact", lambda *_: None)
    scenario = {
        "title": "one worker",
        "seeds": [0],
        "updates": 3,
        "evaluation": {"episodes": 2, "every": 1.0},
        "cluster": {"workers": 1, "compute": {"model": "power", "scale": 2.0}},
        "problem": {
            "kind": "tabular",
            "world": {"model": "grid", "rows": 2, "columns": 2, "goal": [1, 1]},
        },
        "methods": [{"name": "rennala-nigt", "batch": 2, "momentum": 0.1, "step_size": 0.1}],
    }
    real = front.race(scenario, tmp_path / "real", emulate=True, scale=0.03).history()
    simulated = front.simulate(scenario).history()
    for column in ("evaluation", "return_mean", "steps"):
        np.testing.assert_allclose(real[column], simulated[column], rtol=1e-9, err_msg=column)


@pytest.mark.usefixtures("crew")
def test_times_are_measured_and_predictions_checked(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("updates = 40", "updates = 3"))
    calibrated = straggler("calibrate", "two.toml", "--out", "real.toml", cwd=tmp_path)
    assert calibrated.returncode == 0, calibrated.stderr
    assert "written: real.toml" in calibrated.stdout
    assert all(0 < h < 30 for h in front.load(tmp_path / "real.toml").cluster.compute_seconds())
    diverging = ("step_size = 0.05", "step_size = 1e300")
    write_scenario(tmp_path, ("updates = 40", "updates = 3"), diverging)
    methods = ("--method", "synchronous-nigt", "--method", "afedpg")
    options = ("--check", "--repeat", "2", "--csv", *methods)
    emulated = ("--emulate", "--scale", "0.05")
    checked = straggler("race", "two.toml", *options, *emulated, cwd=tmp_path)
    assert checked.returncode == 1, checked.stderr
    assert "races/two-check/afedpg/seed-0: failed: update 2: " in checked.stderr
    rows = [line.split(",") for line in checked.stdout.splitlines()]
    assert rows[0] == ["method", "quantity", "predicted", "real", "low", "high"]
    (pace,) = (row for row in rows if row[1] == "seconds per update")
    assert pace[:3] == ["synchronous-nigt", "seconds per update", "2.0"]
    assert 2.0 <= float(pace[4]) <= float(pace[3]) <= float(pace[5])
    (lost,) = (row for row in rows if row[1] == "discarded per update")
    assert lost[2:] == ["0.0"] * 4
    assert {row[0] for row in rows[1:]} == {"synchronous-nigt"}
    assert (tmp_path / "races/two-check/race-2/synchronous-nigt (race)/seed-0/run.json").exists()


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ("", ("--scale", "2"), "--scale: is for --emulate"),
        (
            'failures = { model = "random", between = 5.0, repair = 1.0 }\n',
            ("--emulate",),
            "cluster: failures cannot be emulated; accepted: a scenario without",
        ),
        ("", ("--address", "127.0.0.1:1"), "--address 127.0.0.1:1: nothing listens there"),
    ],
)
def test_what_cannot_be_raced_is_one_line(
    change: str, options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    write_scenario(tmp_path, ("[cluster]\n", "[cluster]\n" + change))
    result = straggler("race", "two.toml", *options, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"straggler: {said}")
    assert result.stderr.count("\n") == 1


def test_without_ray_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    write_scenario(tmp_path)
    result = straggler(*RACE, cwd=tmp_path)
    assert result.returncode == 2
    assert "race: Ray is not installed; accepted: pip install" in result.stderr


def marked(mark: str) -> list[str]:
    """Return the command lines of processes with a variable of that value."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def test_an_interrupted_race_leaves_no_process_behind(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("updates = 40", "updates = 40000"))
    mark = f"race-of-{tmp_path.name}-{os.getpid()}"
    process = subprocess.Popen(
        [COMMAND, *RACE],
        cwd=tmp_path,
        env={**os.environ, "RACE_MARK": mark, "RAY_AUTH_MODE": "disabled"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    state, end = tmp_path / "races/two/rennala-nigt (race)/seed-0/progress.json", time.time() + 120
    while not state.exists():  # an update has been made
        assert process.poll() is None
        assert time.time() < end
        time.sleep(0.1)
    assert len(marked(mark)) > 3
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted; run again to complete what is missing; a race begins anew" in said
    while left := marked(mark):
        assert time.time() < end, left
        time.sleep(0.1)


# Without Ray


def test_a_race_that_another_command_ended_meanwhile_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = Raced(emulate=True, scale=1.0)
    (job,) = plan(load(str(write_scenario(tmp_path))), tmp_path, ["afedpg"], [0], how)

    @contextlib.contextmanager
    def crew_at(*_: object) -> Iterator[None]:
        execute(job.spec, job.folder, Options())
        yield

    monkeypatch.setattr("scenarios.runs.race.crew_at", crew_at)
    race_jobs([job], Track(how), Progress(Console(file=io.StringIO())), Options())
    assert job.folder.status(job.spec) == "done"


def test_a_race_whose_progress_cannot_be_written_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()

    class Told(Progress):
        def poll(self) -> None:
            told.set()

    monkeypatch.setattr("scenarios.runs.race.REPORT_SECONDS", 0.0)
    (tmp_path / "a file").write_text("")
    (job,) = plan(load(str(write_scenario(tmp_path))), tmp_path / "a file", ["afedpg"], [0])
    watcher = _Watcher(job, Told(Console(file=io.StringIO())))
    watcher(cast("RaceCluster", SimpleNamespace(now=1.0, history=SimpleNamespace(rows=[]))))
    with watcher:
        assert told.wait(60)


def test_an_emulated_allreduce_takes_what_the_links_of_those_who_meet_do() -> None:
    links = hardware([1, 1, 1, 1], [5, 5, 0.1, 0.2], collective="allreduce")
    sent: list[Sending] = []
    emulated = SimpleNamespace(emulation=Emulation(links, SCALE), send=sent.append)
    cluster: Any = SimpleNamespace(
        size=4,
        hardware=links,
        now=0.0,
        workers=emulated,
        parcel=lambda *_: Parcel(1, (), ()),
    )
    round_ = RaceRound(cluster, Placed(np.zeros(3), 0), steps=1, group=np.array([2, 3]))
    round_._send(2, [], [], Meeting(1, 0, 2, "here"))
    assert sent[0].parcel.seconds == pytest.approx(0.2 * SCALE)


def test_a_rollout_is_interrupted_between_steps() -> None:
    """And the problem answers as before: the same key gives the same gradient."""
    made = partial(Control, "Pendulum-v1", 200, 0.99, (8,), seed=0)
    request = [Request(made().initial_point(), np.array([0]), np.array([0]), np.ones(1))]
    steps = 0

    def interrupt() -> None:
        nonlocal steps
        steps += 1
        if steps == 50:
            raise KeyboardInterrupt

    problem = made()
    problem.interrupt = interrupt
    with pytest.raises(KeyboardInterrupt):
        problem.estimate(request)
    assert steps == 50
    problem.interrupt = None
    assert problem.estimate(request)[0].gradient == pytest.approx(
        made().estimate(request)[0].gradient
    )


class Slow(Quadratic):
    """Takes steps of a millisecond, for ever."""

    def estimate(self, requests: object) -> list:  # type: ignore[type-arg]  # noqa: ARG002
        while self.interrupt is not None:
            self.interrupt()
            time.sleep(0.001)
        return []


@pytest.mark.parametrize("build", [BUILD, partial(Slow, 3, [Bowl()], 0.5, 0)])
def test_a_cancelled_order_ends_at_once(build: Callable[[], Problem]) -> None:
    """While it rests, and while it computes; the next order is carried out."""
    worker = Worker(0)
    worker.begin(build)
    with contextlib.ExitStack() as stack:
        timer = threading.Timer(0.2, worker.cancel, (7, 0))
        stack.callback(timer.join)
        timer.start()
        report = worker.compute(Order(7, 1, 0, seconds=100.0), Sent(np.zeros(3)))
    assert report.estimate is None
    assert 0.15 < report.ended - report.began < 50
    worker.begin(BUILD)
    assert worker.compute(Order(8, 1, 0), Sent(np.zeros(3))).estimate is not None


def test_a_replacement_goes_the_way_that_was_lost() -> None:
    """Three steps of its own, x <- x + g / 2 each, by a worker, and by one that knows nothing."""
    sent = Sent(np.ones(3), move=lambda point, gradient: point + gradient / 2)
    old, new = Worker(1), Worker(1)
    old.begin(BUILD)
    new.begin(BUILD)
    for index in range(2):
        old.compute(Order(index + 1, 1, index, path=tuple(range(index))), sent)
    for worker in (old, new):
        assert worker.compute(Order(3, 1, 2, path=(0, 1)), sent).estimate is not None
    problem, point, total = BUILD(), np.ones(3), np.zeros(3)
    for index in range(3):
        request = Request(point, np.array([1]), np.array([index]), np.ones(1))
        gradient = problem.estimate([request])[0].gradient
        point, total = point + gradient / 2, total + gradient / 3
    parcel = Parcel(1, ((1, 0), (1, 1), (1, 2)), (1 / 3,) * 3)
    for worker in (old, new):
        np.testing.assert_allclose(worker.send(parcel, sent).vector, total, rtol=1e-12)


def test_a_replacement_that_dies_before_it_is_ready_is_replaced_too() -> None:
    """As where a node dies, and Ray does not know it yet.

    It is one death, and the worker is down all the time; what it was to compute has not begun.
    """
    replaced: list[int] = []
    dead, news = News(1, None, Death(known=False)), deque[News]()
    crew: Any = SimpleNamespace(
        pids=[1, 2],
        wait=lambda _: news.popleft(),
        replace=replaced.append,
        number=lambda _: 1,
        compute=lambda _worker, _order, _sent, what: asked.append(what),
    )
    asked: list[Any] = []
    timeline = Timeline(2)
    workers = RealWorkers(crew, timeline, None, 1.0, 600.0)
    news.append(dead)
    assert workers.advance() is None
    workers.start(1, Placed(np.zeros(3), 0, dispatched=True))
    news += [dead, News(1, asked[0], Death(known=True)), News(1, None, None)]
    time.sleep(0.1)
    assert workers.advance() is None
    assert workers.advance() == Lost(asked[0], ran=False)
    assert workers.advance() is None
    assert replaced == [1, 1]
    assert workers.deaths == 1
    assert timeline.seconds[State.DISCARD, 1] == 0
    assert 0.1 <= timeline.seconds[State.DOWN, 1] < 60
    assert workers.index(1) == 0


@pytest.mark.parametrize("lost", ["ActorDiedError", "ObjectLostError"])
def test_a_worker_is_dead_whose_answer_is_lost(lost: str) -> None:
    """A node that dies after a vector was made, before it was fetched, takes the vector with it."""

    def get(_: object) -> None:
        raise error(*parts)

    error = getattr(ray.exceptions, lost)
    parts = ("00" * 28, None, "") if lost == "ObjectLostError" else ()
    crew = Crew.__new__(Crew)  # of nobody
    crew._ray, crew._actors = SimpleNamespace(get=get, exceptions=ray.exceptions), ["new", "same"]
    for worker, actor, known in ((0, "old", True), (1, "same", False)):
        crew._under_way = {"it": (worker, actor, "send", "a vector")}
        assert crew._read("it") == News(worker, "a vector", Death(known=known))


@pytest.mark.parametrize(("deadly", "met"), [(0, 3), (2, 5), (9, 10)])
def test_an_allreduce_that_cannot_succeed_is_given_up(deadly: int, met: int) -> None:
    """After three meetings without a death, with the first reason; the tenth would succeed."""

    def get(_: object) -> None:
        raise ray.exceptions.RayTaskError("allreduce", "", RuntimeError(next(reasons)))

    def meet(_: Indices) -> list[Meeting]:
        meetings.append(crew.meeting())
        return [Meeting(meetings[-1], rank, 2, "here") for rank in (0, 1)]

    def send(sending: Sending) -> None:
        workers.deaths += sending.worker == 0 and len(meetings) <= deadly
        crew._under_way["it"] = sending.worker, None, "allreduce", sending
        assert isinstance(crew._read("it").answer, Broken)
        sending.ended, sending.vector = 1.0, np.ones(3 * (len(meetings) == 10))

    crew, meetings = Crew.__new__(Crew), list[int]()  # of nobody
    reasons = (f"no interface\n{number}" if number % 2 else "a peer left" for number in count(1))
    crew._ray = SimpleNamespace(get=get, exceptions=ray.exceptions)
    crew._under_way, crew._meetings = {}, count(1)
    workers = SimpleNamespace(crew=crew, deaths=0, emulation=None, send=send)
    links = hardware([1, 1], collective="allreduce")
    cluster: Any = SimpleNamespace(
        size=2,
        hardware=links,
        now=0.0,
        workers=workers,
        parcel=lambda *_: Parcel(1, (), ()),
        meetings=SimpleNamespace(of=meet, end=lambda: None, sizes=[]),
    )
    round_ = RaceRound(cluster, Placed(np.zeros(3), 0), steps=1, group=np.array([0, 1]))
    if met == 10:
        assert round_._allreduce({}).tolist() == [1.0] * 3
    else:
        said = "failed 3 times, and no worker died: RuntimeError: no interface$"
        with pytest.raises(UnsupportedError, match=said):
            round_._allreduce({})
    assert len(meetings) == met


def test_what_an_allreduce_lost_is_computed_once_and_before_the_meeting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torch import distributed  # noqa: PLC0415 - takes a second

    done: list[str] = []

    def meet(*_: object, **__: object) -> None:
        done.append("meets")
        raise RuntimeError("the others did not come")

    class Noted(Quadratic):
        def estimate(self, requests: Sequence[Request]) -> list[Estimate]:
            done.append("computes")
            return super().estimate(requests)

    monkeypatch.setattr(distributed, "init_process_group", meet)
    worker = Worker(1)
    worker.begin(partial(Noted, dimension=3, bowls=[Bowl()], noise=0.5, seed=0))
    for number in (1, 2):
        with pytest.raises(RuntimeError, match="did not come"):
            worker.allreduce(
                Parcel(number, ((1, 0),), (1.0,)),
                Sent(np.ones(3)),
                Meeting(number, 1, 2, "127.0.0.1:1"),
            )
    assert done == ["computes", "meets", "meets"]


def test_with_nothing_under_way_the_server_sleeps() -> None:
    """Until the time that it waits for; without one, the method waits for nothing."""
    crew = Crew.__new__(Crew)  # of nobody
    crew._ray = SimpleNamespace(wait=lambda *_, **__: ([], []))  # at once, as Ray does
    crew._under_way, crew._news = {}, deque()
    began, spent = time.perf_counter(), time.process_time()
    assert crew.wait(0.2) is None
    assert time.perf_counter() - began >= 0.2
    assert time.process_time() - spent < 0.2
    with pytest.raises(StalledError, match="nothing will happen any more; accepted: a method"):
        crew.wait(None)


def test_a_gradient_that_takes_longer_than_its_limit_is_given_up() -> None:
    worker = Worker(0)
    worker.begin(partial(Slow, 3, [Bowl()], 0.5, 0))
    assert worker.compute(Order(1, 1, 0, limit=0.05), Sent(np.zeros(3))).estimate is None
    worker.begin(BUILD)
    stretched = Order(2, 1, 0, seconds=0.2, limit=0.05)
    report = worker.compute(stretched, Sent(np.zeros(3)))
    assert report.estimate is None
    assert report.ended - report.began < 0.2
