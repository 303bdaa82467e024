"""Pictures and traces of who did what when."""

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import straggler, write_scenario

from scenarios.pictures.perfetto import events
from scenarios.results.recorded import recorded, seconds_before
from scenarios.runs.store.folder import RunFolder
from scenarios.runs.store.stored import runs_in


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timeline")
    uplink = 'seconds = [1.0, 2.0] }\nuplink = { model = "explicit", seconds = [0.5, 1.0] }'
    write_scenario(folder, ("seconds = [1.0, 2.0] }", uplink), ("[0, 1]", "[0]"))
    assert straggler("run", "two.toml", cwd=folder).returncode == 0
    return folder


def test_the_picture_is_drawn(results: Path) -> None:
    run = "runs/two/rennala-nigt/seed-0"
    drawn = straggler("timeline", run, "--from", "2", "--to", "20", cwd=results)
    assert drawn.returncode == 0, drawn.stderr
    assert (results / run / "timeline.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_would_begin_after_the_end_is_refused(results: Path) -> None:
    # 40 rounds of 2 s and 1 s of sending
    run = "runs/two/synchronous-nigt/seed-0"
    for options in (("--from", "120"), ("--from", "1000", "--to", "2000")):
        said = straggler("timeline", run, *options, "--out", "late.png", cwd=results)
        begin = options[1]
        assert (said.returncode, said.stderr) == (
            2,
            f"straggler: begin {begin}: the run ends at 120 s; accepted: less\n",
        )
    assert not (results / "late.png").exists()
    last = straggler("timeline", run, "--from", "119", "--out", "late.png", cwd=results)
    assert (last.returncode, last.stderr) == (0, "")


@pytest.mark.parametrize("method", ["rennala-nigt", "synchronous-nigt", "afedpg"])
def test_the_trace_is_well_formed(results: Path, method: str) -> None:
    """The rules of the Trace Event Format that Perfetto relies on."""
    run = results / f"runs/two/{method}/seed-0"
    written = straggler("timeline", str(run), "--perfetto", "t.json.gz", cwd=results)
    assert written.returncode == 0, written.stderr
    trace = json.loads(gzip.decompress((results / "t.json.gz").read_bytes()))["traceEvents"]

    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in trace if e["name"] == "thread_name"}
    assert set(names.values()) == {"updates", "worker 0", "worker 1"}
    lanes: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in trace:
        if event["ph"] == "X":
            assert event["dur"] > 0
            lanes.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["dur"]))
    assert lanes.keys() == names.keys()
    for slices in lanes.values():
        slices.sort()
        for (begin, length), following in itertools.pairwise(slices):
            # they follow each other in their lane, or are updates at the same moment
            assert begin + length <= following[0] + 1e-6 or (begin, length) == following

    arrows: dict[int, list[dict[str, Any]]] = {}
    for event in trace:
        if event["ph"] in "sf":
            arrows.setdefault(event["id"], []).append(event)
    info = json.loads((run / "run.json").read_text())
    assert len(arrows) == info["totals"]["gradients_used"]
    for start, finish in arrows.values():
        assert (start["ph"], finish["ph"], finish["bp"]) == ("s", "f", "e")
        assert start["ts"] <= finish["ts"]
        assert any(a <= start["ts"] < a + n for a, n in lanes[start["pid"], start["tid"]])
        assert any(a <= finish["ts"] < a + n for a, n in lanes[finish["pid"], finish["tid"]])
    staleness = [e["args"]["updates"] for e in trace if e["name"] == "staleness"]
    assert len(staleness) == 40
    assert (max(staleness) > 0) == (method == "afedpg")


def test_times_in_a_trace_are_virtual_microseconds(results: Path) -> None:
    (stored,) = runs_in([RunFolder(results / "runs/two/synchronous-nigt/seed-0")])
    run = recorded(stored)
    first = next(e for e in events(run) if e["ph"] == "X" and e.get("tid") == 1)
    assert (first["ts"], first["dur"], first["name"]) == (0, 2e6, "compute")


def test_the_timeline_names_the_update_that_used_a_gradient(results: Path) -> None:
    (stored,) = runs_in([RunFolder(results / "runs/two/afedpg/seed-0")])
    run = recorded(stored)
    used = run.update > 0
    assert sorted(run.update[used].tolist()) == list(range(1, 41))
    # worker 0 needs 1 + 0.5, worker 1 needs 2 + 1: updates at 1.5, 3, 3, 4.5, ...
    assert run.update[used & (run.worker == 1)][0] == 3


def testseconds_before_by_hand() -> None:
    times, start, end = np.array([0.0, 1.5, 4.0]), np.array([1.0, 1.0]), np.array([2.0, 3.0])
    assert seconds_before(times, start, end).tolist() == [0, 1, 3]


def test_a_run_without_a_timeline_is_named(tmp_path: Path) -> None:
    write_scenario(tmp_path, ("updates = 40", "updates = 4\ntimeline = false"), ("[0, 1]", "[0]"))
    assert straggler("run", "two.toml", cwd=tmp_path).returncode == 0
    result = straggler("timeline", "runs/two/afedpg/seed-0", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("straggler: runs/two/afedpg/seed-0: no run with a timeline")
