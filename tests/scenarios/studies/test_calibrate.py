"""What is measured becomes a scenario: sums by hand, distributions by their quantiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import write_scenario
from scipy import stats

from scenarios.format.load import load
from scenarios.studies.calibrate import Calibration, Spread, calibration, nearest, text
from simulator.race.links import Links, measure_links
from simulator.race.race import Race
from simulator.race.workers import Measured

PER_GRADIENT: list[tuple[int, float, float, int]] = [
    (0, 9.0, 99.0, 10),  # cold
    (0, 1.0, 1.25, 10),
    (0, 3.0, 3.75, 30),
    (1, 4.0, 5.0, 20),
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


def test_the_written_scenario_is_the_base_with_the_measured_times(tmp_path: Path) -> None:
    base = write_scenario(
        tmp_path, ("[cluster]\n", "[cluster]\nuplink = { model = 'power', scale = 9.0 }\n")
    )
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
    target.write_text(text(base, target, found, "straggler calibrate two.toml"))
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
