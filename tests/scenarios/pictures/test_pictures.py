"""What pictures show, asked of their artists; values worked out by hand."""

import io
import itertools
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from rich.console import Console

import straggler
from algorithms import METHODS, RULES
from scenarios.cli.shared.parts import _broken
from scenarios.format.words.errors import BadInputError
from scenarios.pictures import ends, theme
from scenarios.pictures.panels import draw, together
from scenarios.pictures.style import (
    COLOURS,
    DASHES,
    WIDTHS,
    Picture,
    colour,
    formulas,
    look,
    rank,
    save,
)
from scenarios.pictures.sweep import Grid, draw_sweep
from scenarios.pictures.timeline import draw_timeline
from scenarios.results.bands import bands_of
from scenarios.results.recorded import Recorded
from scenarios.runs import progress
from scenarios.runs.progress import duration
from scenarios.runs.store.record import RunInfo
from scenarios.runs.store.stored import StoredRun
from scenarios.studies.plane import Axis
from simulator import State

SCENARIO: dict[str, Any] = {
    "title": "two workers",
    "seeds": [0],
    "updates": 20,
    "cluster": {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 10.0]}},
    "problem": {"kind": "quadratic", "dimension": 5, "noise": 0.1},
    "methods": [
        {"name": "synchronous-nigt", "momentum": 0.1, "step_size": 0.1},
        {"name": "rennala-nigt", "batch": 1, "momentum": 0.1, "step_size": 0.1},
    ],
}


def simulated(**changes: Any) -> straggler.Results:
    made = [
        straggler.simulate(SCENARIO | changes, method["name"], seed).runs[0]
        for method in SCENARIO["methods"]
        for seed in (0, 1)
    ]
    return straggler.Results(made, "here")


def lines(ax: Axes) -> dict[str, np.ndarray]:
    return {str(line.get_label()): np.asarray(line.get_xdata(), float) for line in ax.get_lines()}


def test_a_curve_ends_where_its_runs_end() -> None:
    """20 rounds of 10 s, the slow worker's; Rennala's take the 1 s of the fast one."""
    (ax,) = simulated().plot().axes
    assert lines(ax)["synchronous-nigt"][-1] == 200
    assert lines(ax)["rennala-nigt"][-1] == 20
    assert ax.get_xlim() == (0, 200)


def test_seconds_of_five_digits_do_not_run_into_each_other() -> None:
    slow = {"workers": 2, "compute": {"model": "explicit", "seconds": [1.0, 2000.0]}}
    results = simulated(cluster=slow)
    for width in np.arange(4.5, 6.1, 0.25):
        figure = results.plot(size=(width, 4.2))
        figure.draw_without_rendering()
        (ax,) = figure.axes
        labels = ax.get_xticklabels()
        assert labels[-1].get_text() == "40000"
        boxes = [label.get_window_extent() for label in labels]
        assert all(left.x1 + 5 < right.x0 for left, right in itertools.pairwise(boxes))


def test_a_curve_ends_with_the_first_of_its_seeds() -> None:
    results = simulated()
    shorter = straggler.simulate(SCENARIO | {"updates": 12}, "synchronous-nigt", 2).runs[0]
    shorter.info["content"] = results.runs[0].info["content"]
    (ax,) = straggler.Results([*results.runs, shorter], "here").plot().axes
    assert lines(ax)["synchronous-nigt"][-1] == 120
    ends = [band.get_paths()[0].get_extents().x1 for band in ax.collections]
    assert ends == [20, 120]  # rennala-nigt comes first


def test_a_curve_begins_when_all_of_its_seeds_have_a_value() -> None:
    """Rounds of 10 s, bins of 10/3: one seed's first value is the sixth; without any, no say."""
    results = simulated()
    late, none = (run for run in results.runs if run.label == "synchronous-nigt")
    (before,) = results.plot().axes
    late.history["objective"][:5] = np.nan
    (ax,) = results.plot().axes
    assert lines(before)["synchronous-nigt"][0] == pytest.approx(10 + 10 / 3)
    assert lines(ax)["synchronous-nigt"][0] == pytest.approx(60 + 10 / 3)
    late.history["objective"][:5] = 0.0
    none.history["objective"][:] = np.nan
    (ax,) = results.plot().axes
    assert lines(ax)["synchronous-nigt"][0] == pytest.approx(10 + 10 / 3)


def test_what_ends_within_the_first_bin_is_a_dot() -> None:
    compute = {"model": "explicit", "seconds": [1e-12, 1e12]}
    results = simulated(cluster={"workers": 2, "compute": compute})
    (ax,) = results.plot().axes
    (line,) = [line for line in ax.get_lines() if line.get_label() == "rennala-nigt"]
    assert list(line.get_xdata()) == [pytest.approx(2e-11)]  # type: ignore[arg-type]
    assert line.get_marker() == "o"


def test_a_panel_says_which_workers_it_is_of_where_a_name_ends_like_another() -> None:
    variants = [{"name": "slow", "workers": [0]}, {"name": "very_slow", "workers": [1]}]
    problem = {"kind": "quadratic", "dimension": 5, "noise": 0.1, "variants": variants}
    titles = [ax.get_title().split("\n")[0] for ax in simulated(problem=problem).plot().axes]
    assert titles == ["two workers", "workers with 'slow'", "workers with 'very_slow'"]


def test_marks_of_the_theory_change_no_limits_and_have_a_legend() -> None:
    results = simulated()
    plain, marked = results.plot(), results.plot(theory=True)
    assert marked.axes[0].get_ylim() == plain.axes[0].get_ylim()
    named = [text.get_text() for text in marked.legends[0].get_texts()]
    assert {"update, predicted", "update, simulated"} <= set(named)


def recorded(groups: list[tuple[int, str]], states: list[State]) -> Recorded:
    k = len(states)
    here, nothing = np.arange(k), np.zeros(0)
    state = np.array(states, np.int8)
    update = np.zeros(k, np.int64)
    return Recorded(
        "run", here, np.zeros(k), np.ones(k), state, update, nothing, nothing, nothing, groups
    )


def test_the_bands_of_a_large_timeline_are_the_scenarios_groups() -> None:
    groups = [(60, "1 s per gradient"), (15, "3 s per gradient")]
    run = recorded(groups, [State.COMPUTE] * 75)
    assert bands_of(75, run.groups) == [
        (0, 59, "0 to 59\n1 s per gradient"),
        (60, 74, "60 to 74\n3 s per gradient"),
    ]
    assert [band[:2] for band in bands_of(75, [])][-1] == (68, 74)


def test_a_timeline_knows_the_groups_of_its_scenario() -> None:
    groups = [{"count": 40, "seconds": 1.0}, {"count": 5, "seconds": 2.5}]
    cluster = {"workers": 45, "compute": {"model": "groups", "groups": groups}}
    run = straggler.simulate(SCENARIO | {"cluster": cluster, "updates": 3})
    (ax,) = run.timeline().axes
    named = [label.get_text() for label in ax.get_yticklabels()]
    assert named == ["0 to 39\n1 s per gradient", "40 to 44\n2.5 s per gradient"]


def test_the_legend_of_a_timeline_has_what_is_drawn() -> None:
    figure = draw_timeline(recorded([], [State.COMPUTE, State.IDLE]))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "computing, used",
        "idle",
    ]


def grid(values: list[float], places: list[float]) -> Grid:
    times = np.array(values).reshape(1, len(places), 1)
    return Grid([Axis("p", [0]), Axis("q", places)], 1.0, "objective", {"afedpg": times})


def test_a_heat_map_has_a_scale_where_its_numbers_have_no_room() -> None:
    assert len(draw_sweep(grid([26.0, 30.0], [1, 2]), "t").axes) == 2
    many = draw_sweep(grid(list(range(1, 101)), list(range(100))), "t")
    assert [ax.get_xlabel() for ax in many.axes if ax.get_label() == "<colorbar>"] == [
        "simulated seconds; grey: never"
    ]
    same = draw_sweep(grid([26.0] * 100, list(range(100))), "t")
    assert not [ax for ax in same.axes if ax.get_label() == "<colorbar>"]


def test_values_of_an_axis_can_be_told_apart() -> None:
    ax = draw_sweep(grid([1.0, 2.0], [0.9, 0.90001]), "t").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.9", "0.90001"]


def test_lines_of_a_sweep_lead_from_left_to_right_and_words_have_their_ticks() -> None:
    def lines_over(values: list[Any]) -> Axes:
        times = {"afedpg": np.array([[2.0], [1.0], [3.0]])[: len(values)]}
        return draw_sweep(Grid([Axis("p", values)], 1.0, "objective", times), "t").axes[0]

    (line,) = lines_over([10, 1, 100]).get_lines()
    assert np.asarray(line.get_xydata()).tolist() == [[1, 1], [10, 2], [100, 3]]
    ticks = lines_over([False, True]).get_xticklabels()
    assert [label.get_text() for label in ticks] == ["False", "True"]


def test_a_sweep_where_nobody_arrives_in_the_median_is_drawn_over_its_whole_axis() -> None:
    never = np.inf
    times = {"afedpg": np.array([[never, 1.5, never], [never, never, 90.0]])}
    figure = draw_sweep(Grid([Axis("p", [0.01, 1.0])], 1.0, "objective", times), "t")
    figure.draw_without_rendering()
    lines, strip = figure.axes
    low, high = lines.get_xlim()
    assert low < 0.01
    assert high > 1.0
    assert [text.get_text() for text in strip.texts] == ["nobody", "nobody"]


def test_the_legend_of_a_sweep_of_many_methods_lies_within_the_picture() -> None:
    times = {f"a-method-with-a-long-label-of-mine-{k}": np.ones((2, 1)) for k in range(40)}
    figure = draw_sweep(Grid([Axis("p", [1, 2])], 1.0, "objective", times), "t")
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert box.y1 < figure.axes[1].get_window_extent().y0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (40.0, "about 40 s"),
        (600.0, "about 10 min"),
        (9000.0, "about 2.5 h"),
        (3 * 86400.0, "about 3 days"),
        (4.5e15, "over a year"),  # was 75768239804930:52
        (float("inf"), "over a year"),
    ],
)
def test_durations_are_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_picture_of_the_readme_is_there() -> None:
    root = Path(__file__).parents[3]
    assert (root / "docs/figures/mine.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("width", [40, 80])
def test_a_narrow_terminal_shows_whole_numbers(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"time": 345.0, "update": 10, "value": -12.3456, "events": 0}
    monkeypatch.setattr(progress, "read_state", lambda _: state)
    sink = io.StringIO()
    console = Console(file=sink, width=width, force_terminal=True, color_system=None)
    shown = progress.Progress(console)
    scenario = straggler.load(SCENARIO | {"updates": 20})
    shown.begin({"mine/synchronous-nigt/seed-0": (Path("here"), scenario)})
    shown.poll()
    console.print(shown._bars.get_renderable())
    lines = [line.rstrip() for line in sink.getvalue().splitlines()]
    assert all(len(line) <= width for line in lines)
    assert any(line.endswith("50% 345 s, -12.35") for line in lines)
    assert "\u2026" not in sink.getvalue()


def test_lines_are_broken_between_words_under_what_they_say() -> None:
    line = "compute   h = 1 to 20 s per gradient, and more words"
    assert _broken(line, 40).splitlines() == [
        "compute   h = 1 to 20 s per gradient,",
        "          and more words",
    ]


def test_eight_scenarios_in_one_panel_have_a_marker_each() -> None:
    groups = {f"cluster {k}": simulated().runs for k in range(8)}
    (ax,) = draw([together(groups, "objective")]).axes
    drawn = [line for line in ax.get_lines() if str(line.get_label()).startswith("rennala-nigt")]
    assert len({str(line.get_marker()) for line in drawn}) == len(drawn) == 8


def test_a_race_has_the_colour_of_its_method() -> None:
    labels = ["mine", "mine (race)", "rennala-nigt", "rennala-nigt (race)", "yours"]
    colours = [colour(label, labels) for label in labels]
    assert colours[0] == colours[1] != colours[4]
    assert colours[2] == colours[3] == COLOURS["rennala-nigt"]
    assert sorted(labels, key=rank)[:2] == ["rennala-nigt", "rennala-nigt (race)"]


def test_a_method_has_one_look_and_methods_differ_in_black_and_white() -> None:
    labels = ["rennala-nigt", "synchronous-nigt", "afedpg", "malenia-nigt", "rennala-adam"]
    looks = {label: look(label, labels) for label in labels}
    assert looks == {label: look(label, [label]) for label in labels}
    assert len({(str(one.linestyle), one.linewidth) for one in looks.values()}) == len(labels)
    assert DASHES.keys() == METHODS.keys()
    assert WIDTHS.keys() == RULES.keys()
    (ax,) = simulated().plot().axes
    drawn = {line.get_label(): line for line in ax.get_lines()}
    assert drawn["synchronous-nigt"].is_dashed()
    assert not drawn["rennala-nigt"].is_dashed()


def test_a_hundred_labels_of_users_have_a_look_each() -> None:
    mine = [f"mine-{k}" for k in range(100)]
    for labels in (mine, [*COLOURS, *mine]):  # some colours are free, or none
        looks = {(str(one.color), str(one.linestyle)) for one in (look(m, labels) for m in labels)}
        assert len(looks) == len(labels)


@pytest.mark.parametrize("size", [None, (5.2, 9.0)])
def test_a_legend_of_many_methods_lies_within_the_picture_and_leaves_room(
    size: tuple[float, float] | None,
) -> None:
    result = simulated()
    many = [
        StoredRun(run.path, RunInfo({**run.info, "label": f"mine-{k}"}), run.table)
        for k in range(40)
        for run in result.runs[:1]
    ]
    for run in many:
        run.__dict__["history"] = result.runs[0].history
    figure = straggler.Results(many, "here").plot(size=size, labels={"mine-0": r"$\frac{$"})
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert figure.axes[0].get_window_extent().height > 0.4 * box.height
    assert box.y1 < figure.axes[0].get_window_extent().y0


def test_curves_that_end_at_the_right_have_their_names_there() -> None:
    equal = {"workers": 2, "compute": {"model": "power", "scale": 1.0}}
    together = simulated(cluster=equal).plot()  # both make an update a second
    assert {text.get_text() for text in together.axes[0].texts} == {
        method["name"] for method in SCENARIO["methods"]
    }
    assert not together.legends
    apart = simulated().plot()  # one ends at a tenth of the other
    assert not apart.axes[0].texts
    assert len(apart.legends) == 1


def test_a_logarithmic_axis_shows_what_is_above_zero() -> None:
    """On equal clusters both curves end at the right; the second one is below 0 there."""
    results = simulated(cluster={"workers": 2, "compute": {"model": "power", "scale": 1.0}})
    for run in results.runs:
        run.history["objective"][:] = np.linspace(-8.0, 0.0, 20)
    with pytest.raises(BadInputError) as error:
        results.plot(logy=True)
    assert str(error.value) == "--logy: no value of objective above 0; accepted: without it"
    for run in results.runs:
        end = -1.0 if run.label == "rennala-nigt" else 2.0
        run.history["objective"][:] = np.linspace(8.0, end, 20)
    figure = results.plot(logy=True)
    (ax,) = figure.axes
    assert ax.get_yscale() == "log"
    assert 0 < ax.get_ylim()[0] < 2
    assert ax.get_ylim()[1] > 8
    assert not ax.texts, "no name stands far below the picture"
    assert len(figure.legends) == 1
    assert np.isfinite(figure.get_tightbbox().extents).all()


def test_a_panel_without_an_update_has_a_logarithmic_time_axis() -> None:
    none = simulated(updates=None, time_limit=0.5)
    assert sum(run.totals["updates"] for run in none.runs) == 0
    full, empty = straggler.plot(simulated(), none, logx=True).axes
    assert (full.get_xscale(), empty.get_xscale()) == ("log", "log")
    assert not empty.get_lines()
    assert empty.get_xlim()[1] == 0.5


def test_names_are_moved_apart_about_where_they_were() -> None:
    assert ends._spread([0.1, 0.5]) == [0.1, 0.5]
    close = ends._spread([0.5, 0.5, 0.9])
    assert close == pytest.approx([0.5 - ends.APART / 2, 0.5 + ends.APART / 2, 0.9])


def test_titles_have_formulas_and_what_users_write_is_no_formula() -> None:
    assert formulas("kappa_i = sqrt(i) d^(1/4)") == (
        r"$\mathdefault{}\kappa_i$ = $\mathdefault{}\sqrt{i}$ $\mathdefault{}d^{1/4}$"
    )
    assert formulas("$5 {_") == "$5 {_"
    assert formulas("$5, h_i") == r"\$5, $\mathdefault{}h_i$"
    figure = Picture()
    figure.suptitle(formulas("$5 for h_i = sqrt(n - i + 1), sqrt({) and x^(_)"))
    figure.savefig(io.BytesIO(), format="png")


def test_a_dark_picture_has_inverted_greys_and_its_colours() -> None:
    picture = simulated().plot()
    (ax,) = picture.axes
    curve = next(line for line in ax.get_lines() if line.get_label() == "synchronous-nigt")
    before = to_rgba(curve.get_color())
    (marked,) = ax.plot([0], [0], "ko")  # its marker has the line's colour until it has its own
    picture.dark()
    colours = marked.get_color(), marked.get_markerfacecolor(), marked.get_markeredgecolor()
    assert list(map(to_rgba, colours)) == [(1.0, 1.0, 1.0, 1.0)] * 3
    assert to_rgba(curve.get_color()) == before
    dark = (0.075, 0.075, 0.075, 1.0)
    assert to_rgba(picture.get_facecolor()) == pytest.approx(dark)
    assert to_rgba(ax.xaxis.label.get_color()) == (1.0, 1.0, 1.0, 1.0)  # it was black
    black = look("rennala-pg", [])
    assert to_rgba(black.color) == (0.0, 0.0, 0.0, 1.0)
    assert theme.dark(black.color) == (1.0, 1.0, 1.0, 1.0)
    assert sum(theme.dark("#0072B2")[:3]) > sum(to_rgba("#0072B2")[:3])  # else hardly to be seen


def test_a_picture_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    picture, file = simulated().plot(), tmp_path / "p.png"
    save(picture, file)
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))  # as a full disk
    try:
        for target in (file, tmp_path / "new.png"):
            with pytest.raises(OSError, match="File too large"):
                save(picture, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_small_timeline_says_which_update_used_a_gradient() -> None:
    picture = straggler.simulate(SCENARIO | {"updates": 2}, "synchronous-nigt").timeline().dark()
    (ax,) = picture.axes
    # two rounds of 10 s, worker 0's gradients take 1 s
    said = [(text.get_position(), text.get_text()) for text in ax.texts]
    assert said == [((0.5, 0), "1"), ((5, 1), "1"), ((10.5, 0), "2"), ((15, 1), "2")]
    assert {text.get_color() for text in ax.texts} == {"white"}  # on what keeps its colour
