"""What is measured becomes a scenario: sums by hand, distributions by their quantiles."""

import contextlib
import heapq
import itertools
import json
import math
import time
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from clusters import RULE, hardware
from commands import straggler, write_scenario
from scipy import stats

import straggler as front
from algorithms import Rennala
from scenarios.api.races import calibrate as api
from scenarios.format.load import load
from scenarios.format.words.errors import BadInputError
from scenarios.runs import race as races
from scenarios.studies.calibrate import Calibration, Spread, calibration, nearest, text
from scenarios.studies.censored import survival
from simulator.problem import Estimate
from simulator.problems.quadratic import Bowl, Quadratic
from simulator.race import race as real
from simulator.race.crew import News
from simulator.race.links import Links, measure_links
from simulator.race.messages import Delivery, Order, Parcel, Report
from simulator.race.race import Race
from simulator.race.workers import Measured

PER_GRADIENT: list[tuple[int, float, float, int, bool]] = [
    (0, 9.0, 99.0, 10, True),  # cold
    (0, 1.0, 1.25, 10, True),
    (0, 3.0, 3.75, 30, True),
    (1, 4.0, 5.0, 20, True),
]


def race(**measured: Any) -> Race:
    return Race(None, Measured(**measured), 0)  # type: ignore[arg-type] # the run is not read


def test_means_are_of_each_worker() -> None:
    vectors = [(0, 50.0), (0, 0.25), (0, 0.75)]
    one = race(gradients=PER_GRADIENT, vectors=vectors, updates=[0.1, 0.2, 0.9])
    found = calibration(one, 2, per_step=False)
    assert found.compute.tolist() == [2.0, 4.0]
    assert found.downlink.tolist() == [0.5, 1.0]
    assert found.uplink.tolist() == [0.5, 0.5]  # worker 1 sent nothing: the mean of all
    assert found.update == 0.2
    assert found.spread.cv == pytest.approx(0.5)  # of 1/2, 3/2 and 1

    per_step = calibration(one, 2, per_step=True)
    assert per_step.compute.tolist() == [0.1, 0.2]
    assert per_step.spread.table is None


def test_an_order_where_the_lookahead_is_there_already_counts_as_computing() -> None:
    """Such an order takes 0.25 s more than its gradient; worker 1's new lookahead 0.75 s."""
    rows = [(0, 9.0, 99.0, 10, True), (0, 1.0, 1.25, 10, False), (1, 4.0, 4.75, 10, True)]
    found = calibration(race(gradients=rows), 2, per_step=False)
    assert found.compute.tolist() == [1.25, 4.25]
    assert found.downlink.tolist() == [0.5, 0.5]  # worker 0's is unknown, but for a cold one
    per_step = calibration(race(gradients=rows), 2, per_step=True)
    assert per_step.compute.tolist() == [0.125, 0.425]
    assert per_step.downlink.tolist() == [0.5, 0.5]


def test_the_length_of_a_lookahead_is_a_part_of_its_whole_order() -> None:
    """An order takes 1 s, and 1 s longer where the lookahead is new: half is due to the length."""
    rows = [(0, 9.0, 99.0, 10, True), (0, 1.0, 2.0, 10, False), (0, 1.0, 3.0, 10, True)]
    links = Links(1000, np.zeros(1), np.array([0.5]))
    found = calibration(race(gradients=rows), 1, per_step=False, links=links)
    assert (found.order, found.downlink.tolist()) == (1.0, [1.0])
    assert found.tables()["downlink"] == {
        "model": "link",
        "latency": [0.0],
        "bandwidth": [4000.0],  # 4,000 bytes in the second
    }


def test_a_worker_that_computed_nothing_is_missed() -> None:
    with pytest.raises(ValueError, match="worker 2 has computed no gradient"):
        calibration(race(gradients=PER_GRADIENT), 3, per_step=False)


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("exponential", stats.expon()),
        ("lognormal", stats.lognorm(0.7, scale=np.exp(-(0.7**2) / 2))),
        ("gamma", stats.gamma(4.0, scale=0.25)),
        ("uniform", stats.uniform(0.5, 1.0)),
    ],
)
def test_the_nearest_distribution_is_the_one_it_comes_from(name: str, distribution: Any) -> None:
    factors = distribution.ppf((np.arange(2000) + 0.5) / 2000)
    found = nearest(factors)
    assert found.name == name
    assert found.distance < 0.02
    assert found.cv == pytest.approx(distribution.std(), rel=0.05)


@pytest.mark.parametrize("name", ["two.toml", 'my "a"\\\n.toml', "zwölf.toml", "two  blanks.toml"])
def test_the_written_scenario_is_the_base_with_the_measured_times(
    name: str, tmp_path: Path
) -> None:
    uplink = ("[cluster]\n", "[cluster]\nuplink = { model = 'power', scale = 9.0 }\n")
    base = write_scenario(tmp_path, uplink, name=name)
    found = Calibration(
        np.array([1.5, 2.25]),
        np.array([0.25, 0.75]),
        Spread("gamma", 0.25, 0.1),
        np.array([0.5, 0.125]),
        update=0.0625,
        per_step=False,
        gradients=9,
    )
    (tmp_path / "deep").mkdir()
    target = tmp_path / "deep" / "new.toml"
    target.write_text(text(base, target, found, f"straggler calibrate {name}"))
    scenario, before = load(str(target)), load(str(base))
    assert scenario.methods == before.methods
    hardware = scenario.cluster.hardware(dimension=10, seed=0)
    assert hardware.compute.seconds.tolist() == [1.5, 2.25]
    assert hardware.network.uplink.tolist() == [0.5, 0.125]
    assert hardware.network.downlink is not None
    assert hardware.network.downlink.tolist() == [0.25, 0.75]
    assert hardware.server.update == 0.0625
    assert scenario.cluster.compute.random is not None
    assert scenario.cluster.compute.random.model_dump() == {
        "distribution": "gamma",
        "cv": 0.25,
        "tail": None,
    }


def test_links_take_as_long_as_measured_and_grow_with_the_vector(tmp_path: Path) -> None:
    """At d = 1000: 0.5 s, of which 0.1 s are due to the length; at d = 2000 0.6 s."""
    links = Links(1000, np.array([0.2, 0.2]), np.array([0.0, 0.01]))
    seconds, spread = np.array([0.5, 0.25]), Spread(None, 0.0, 0.0)
    found = Calibration(seconds, seconds, spread, seconds, 0.0, False, 9, links)  # noqa: FBT003
    assert list(found.lines())[1:3] == [
        "of a vector's seconds 20% is due to its length, the rest is latency",
        "of an order's seconds 0% is due to its length, the rest is latency",
    ]
    target = tmp_path / "new.toml"
    target.write_text(text(write_scenario(tmp_path), target, found, "straggler calibrate two.toml"))
    cluster = load(str(target)).cluster
    for dimension, up in ((1000, [0.5, 0.25]), (2000, [0.6, 0.3])):
        network = cluster.hardware(dimension=dimension, seed=0).network
        assert network.uplink == pytest.approx(up, rel=1e-3)
        assert network.downlink == pytest.approx([0.5, 0.25])


class Wire:
    """A crew whose vectors take 3 ms and 2 us a coordinate up; down length does not matter."""

    pids = (1, 2)

    def echo(self, worker: int, *, up: int = 0, down: int = 0) -> float:  # noqa: ARG002
        return (1 + worker) * (0.003 + 2e-6 * up)


def test_a_line_tells_length_from_latency() -> None:
    links = measure_links(Wire(), 500)  # type: ignore[arg-type]
    assert links.uplink == pytest.approx([0.25, 0.25])  # 1 of 4 ms
    assert links.downlink == pytest.approx([0.0, 0.0], abs=1e-9)


class ClockedCrew:
    """A crew without processes: gradients take exponential times of mean one, vectors none.

    It reports microseconds: less than what really passes until the news of them. Who is cancelled
    tells how long it computed.
    """

    def __init__(self, size: int) -> None:
        self.pids = [0] * size
        self._random = np.random.default_rng(0)
        self._now, self._numbers = 0.0, count(1)
        self._begun: dict[int, float] = {}
        self._news: list[tuple[float, int, float, News]] = []  # when, a number, its order, what

    def begin(self, build: object, *, meet: bool) -> None: ...

    def put(self, sent: Any) -> Any:
        return sent

    def number(self, _worker: int) -> int:
        return next(self._numbers)

    def compute(self, worker: int, order: Order, _sent: Any, what: object) -> None:
        seconds = self._random.exponential()
        report = Report(0.0, 0.0, 1e-6 * seconds, Estimate(np.empty(0)))
        self._begun[worker] = self._now
        self._come(self._now + seconds, order.number, News(worker, what, report))

    def send(self, worker: int, _parcel: Parcel, sent: Any, what: object) -> None:
        delivery = Delivery(0.0, 0.0, np.zeros(len(sent.vector)))
        self._come(self._now, math.inf, News(worker, what, delivery))

    def cancel(self, worker: int, order: int = 0) -> None:
        gone = [one for one in self._news if one[3].worker == worker and one[2] <= order]
        self._news = [one for one in self._news if one not in gone]
        heapq.heapify(self._news)
        for *_, news in gone:
            report = Report(0.0, 0.0, 1e-6 * (self._now - self._begun[worker]), None)
            self._come(self._now, math.inf, News(worker, news.what, report))

    def wait(self, _seconds: float | None) -> News:
        self._now, *_, news = heapq.heappop(self._news)
        return news

    def echo(self, worker: int, *, up: int = 0, down: int = 0) -> float:  # noqa: ARG002
        return 0.001

    def _come(self, when: float, order: float, news: News) -> None:
        heapq.heappush(self._news, (when, next(self._numbers), order, news))


def race_of_clocked_crews(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(races, "crew_at", lambda _, size: contextlib.nullcontext(ClockedCrew(size)))


def four_workers(method: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "title": "four workers",
        "seeds": [0],
        "updates": 10,
        "cluster": {"workers": 4, "compute": {"model": "explicit", "seconds": [9.0] * 4}},
        "problem": {"kind": "quadratic", "dimension": 3, "noise": 0.5},
        "methods": [{"momentum": 0.1, "step_size": 0.01} | method],
    } | more


def test_times_of_which_some_are_only_known_to_be_longer() -> None:
    """1 and 3 s, two cancelled after 2 and 5 s: 3/4 take longer than 1 s, 3/8 than 3 s.

    Beyond 5 s the survival function is (3/8)^(t / 5), whose integral is 3/8 * 5 / ln(8/3).
    """
    found = survival(np.array([3.0, 2.0, 1.0, 5.0]), np.array([False, True, False, True]))
    decay = 5 / math.log(8 / 3)
    assert found.mean == pytest.approx(1 + 0.75 * 2 + 0.375 * 2 + 0.375 * decay)
    tail = [decay * math.log(1 / 0.3), decay * math.log(1 / 0.1)]  # the others: at 0.1, 0.3, 0.5
    assert found.quantiles(5) == pytest.approx([1, 3, 3, *tail])

    whole = survival(np.array([3.0, 1.0, 2.0]), np.zeros(3, dtype=bool))
    assert (whole.mean, whole.quantiles(3).tolist()) == (2.0, [1.0, 2.0, 3.0])
    fixed = survival(np.array([2.0, 2.0, 1.0]), np.array([False, False, True]))
    assert (fixed.mean, fixed.quantiles(2).tolist()) == (2.0, [2.0, 2.0])


@pytest.mark.parametrize("preemption", ["cancel", "finish"])
def test_long_gradients_are_cancelled_more_often_which_is_counted(preemption: Any) -> None:
    """Rennala, 4 of 4 workers, exponential times: completions come at rate 4.

    Seen from the round's end, the completion before is a given other worker's with probability 1/4,
    and so on: it has then computed for 1/4, 2/4 or 3/4 s, or, with probability (3/4)^3, all the
    round, 1 s. That is 0.6836 s each, which leaves (4 - 3 * 0.6836) / 4 for those that end.
    """
    problem = Quadratic(dimension=3, bowls=[Bowl()], noise=0.5, seed=0)
    cluster = hardware([9.0] * 4, preemption=preemption)  # times that a race does not use
    crew: Any = ClockedCrew(4)
    found = real.race(Rennala(RULE, batch=4).run, problem, cluster, crew, updates=1000)
    found.measured.gradients[:] = [  # orders take nothing
        (worker, own, own if math.isfinite(heard) else heard, steps, new)
        for worker, own, heard, steps, new in found.measured.gradients
    ]
    rows = np.array(found.measured.gradients)
    whole = np.isfinite(rows[:, 2])
    close = 4 / whole.sum() ** 0.5
    assert whole.sum() >= 4000
    ended = {"cancel": 0.4873, "finish": 1.0}[preemption]
    assert 1e6 * rows[whole, 1].mean() == pytest.approx(ended, abs=close)
    if preemption == "cancel":
        assert 1e6 * rows[~whole, 1].mean() == pytest.approx(0.6836, abs=close)

    measured = calibration(found, 4, per_step=False)
    assert 1e6 * measured.compute == pytest.approx(np.ones(4), abs=3 * close)
    assert measured.spread.cv == pytest.approx(1, abs=0.1)
    assert measured.spread.distance < close  # to a gamma distribution, or to the exponential one
    assert measured.gradients + measured.cancelled == len(rows) - 4  # the first of each is cold


def test_an_emulated_lookahead_travels_to_a_worker_once() -> None:
    class Watched(ClockedCrew):
        travels: ClassVar[list[bool]] = []

        def compute(self, worker: int, order: Order, sent: Any, what: object) -> None:
            self.travels.append(order.since > time.time() + 1000)
            super().compute(worker, order, sent, what)

    problem = Quadratic(dimension=3, bowls=[Bowl()], noise=0.5, seed=0)
    cluster = hardware([1.0])
    cluster = replace(cluster, network=replace(cluster.network, downlink=np.array([1e4])))
    crew: Any = Watched(1)
    real.race(Rennala(RULE, batch=3).run, problem, cluster, crew, updates=2, emulate=True, scale=1)
    assert Watched.travels[:6] == [True, False, False] * 2


def test_what_the_measured_seconds_contain_is_not_simulated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An all-reduce of 0.1 s, as measured: the tree's formula would make 2 * 0.1 s of it."""
    one = race(
        gradients=[(k, 1.0, 1.5, 1, True) for k in (0, 1, 0, 1)],
        vectors=[(k, 0.1) for k in (0, 1, 0, 1)],
        updates=[0.25],
    )
    monkeypatch.setattr(api, "measured", lambda *_: (one, None))
    cluster = """[cluster]
collective = "allreduce"
topology = "tree"
preemption = { rule = "cancel", cost = 0.7 }
server = { update = 1.0, receive = 0.5 }
"""
    base = write_scenario(tmp_path, ("[cluster]\n", cluster))
    found = front.calibrate(base, tmp_path / "real.toml").scenario.cluster
    assert load(tmp_path / "real.toml").cluster == found
    network = found.hardware(dimension=10, seed=0).network
    assert network.allreduce_seconds(np.arange(2)) == pytest.approx(0.1)
    whole = front.simulate(tmp_path / "real.toml", "synchronous-nigt").history()["time"]
    assert whole[0] == pytest.approx(1.5 + 0.1 + 0.25)  # of which 0.5 s are the order's
    assert (found.rule, found.cancel_cost) == ("cancel", 0.0)
    assert found.server is not None
    assert (found.server.update, found.server.receive) == (0.25, 0.0)


def test_a_network_of_the_users_own_is_refused_before_the_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(api, "measured")
    network = "[cluster]\nnetwork = { model = 'own_classes:Flat', kappa = 1.0 }\n"
    write_scenario(tmp_path, ("[cluster]\n", network))
    said = straggler("calibrate", "two.toml", "--out", "real.toml", cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr.strip().removeprefix("straggler: ") == (
        "cluster.network: cannot be measured as a whole; accepted: uplink and downlink instead"
    )
    assert not (tmp_path / "real.toml").exists()


def test_no_scenario_of_the_users_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one of which the written file is made: its base, or the base of that."""
    monkeypatch.delattr(api, "measured")  # what is refused is not raced
    mine, other = write_scenario(tmp_path), tmp_path / "other.toml"
    other.write_text('base = "two.toml"\nupdates = 3\n')
    (tmp_path / "link.toml").symlink_to(mine)
    for source, out, said in (
        ("two.toml", "two.toml", "would have itself as its base; accepted: a new file"),
        ("two.toml", "link.toml", "would have itself as its base; accepted: a new file"),
        ("other.toml", "two.toml", "would have itself as its base; accepted: a new file"),
        ("two.toml", "other.toml", "is there, and not written by calibrate; accepted: anot"),
    ):
        for force in ([], ["--force"] * ("itself" in said)):
            wrong = straggler("calibrate", source, "-o", out, *force, cwd=tmp_path)
            assert wrong.returncode == 2
            assert f"{out}: {said}" in wrong.stderr
            assert wrong.stderr.count("\n") == 1
    assert load(str(mine)).updates == 40

    one = race(gradients=[(k, 1.0, 1.5, 1, True) for k in (0, 1, 0, 1)])
    monkeypatch.setattr(api, "measured", lambda *_: (one, None), raising=False)
    for given in (["-o", "other.toml", "--force"], ["-o", "other.toml"]):  # the second is its own
        done = straggler("calibrate", "two.toml", *given, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert other.read_text().startswith("# Measured by `straggler calibrate two.toml`")
    alone = straggler("calibrate", "two.toml", "--force", cwd=tmp_path)
    assert (alone.returncode, alone.stderr) == (2, "straggler: --force: is for --out\n")


def test_a_method_that_leaves_workers_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    race_of_clocked_crews(monkeypatch)
    with pytest.raises(BadInputError) as error:
        front.calibrate(four_workers({"name": "fastest-nigt", "m": 1}))
    assert str(error.value) == (
        "updates 100: worker 1 has computed no gradient; accepted: more of them, or another "
        "--method, in which all workers compute"
    )


def test_the_scenarios_time_limit_is_not_the_races(monkeypatch: pytest.MonkeyPatch) -> None:
    race_of_clocked_crews(monkeypatch)
    scenario = four_workers({"name": "synchronous-nigt"}, time_limit=1e-6)
    calibrated = front.calibrate(scenario, updates=20)
    assert calibrated.found.gradients == 20 * 4 - 4  # the first of each is cold
    assert calibrated.scenario.time_limit == 1e-6


def test_a_check_that_goes_on_measures_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Else its races would be of a scenario with other times, and all made again."""
    race_of_clocked_crews(monkeypatch)
    checked = partial(front.check_race, four_workers({"name": "synchronous-nigt"}), tmp_path)

    def races() -> list[int]:
        return [file.stat().st_mtime_ns for file in sorted(tmp_path.glob("race-*/*/*/run.json"))]

    checked(repeat=1)
    (first,) = races()
    assert "gradients on real workers" in capfd.readouterr().err
    checked(repeat=2)
    said = capfd.readouterr().err
    assert "measured before: " in said
    assert "gradients on real workers" not in said
    assert len(races()) == 2
    assert races()[0] == first

    checked(seed=1)
    assert "gradients on real workers" in capfd.readouterr().err


def test_a_check_of_a_method_that_is_not_there_measures_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "calibrate", None)  # it is not called
    write_scenario(tmp_path)
    said = straggler("race", "two.toml", "--check", "--method", "typo", cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr.startswith("straggler: --method typo: not in the scenario; accepted: ")


def test_a_check_tries_again_what_failed_and_what_is_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    race_of_clocked_crews(monkeypatch)
    write_scenario(tmp_path)
    words = ("race", "two.toml", "--check", "--emulate", "--method", "synchronous-nigt")
    assert straggler(*words, "--updates", "3", cwd=tmp_path).returncode == 0
    runs, races = (
        tmp_path / "races/two-check" / below / "seed-0/run.json"
        for below in ("synchronous-nigt", "race-1/synchronous-nigt (race)")
    )
    for file, option in itertools.product((runs, races), ("--retry-failed", "--recompute")):
        info = json.loads(file.read_text())
        lost = {"status": "failed", "reason": "lost"} if option == "--retry-failed" else {}
        file.write_text(json.dumps({**info, **lost, "code": "older"}))
        before = file.read_bytes()
        straggler(*words, "--updates", "3", cwd=tmp_path)
        assert file.read_bytes() == before
        again = straggler(*words, "--updates", "3", option, cwd=tmp_path)
        assert (again.returncode, json.loads(file.read_text())["code"]) == (0, info["code"])
