"""Curves of made-up histories, against numbers that are worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from scenarios.results import curves
from scenarios.results.curves import area
from scenarios.runs.store.stored import StoredRun

NAN = float("nan")


def made_up(**columns: list[float]) -> StoredRun:
    run = StoredRun(Path(), {"label": "mine", "seed": 0, "title": "made up", "status": "done"})
    run.info["totals"] = {"elapsed": 200.0}  # type: ignore[typeddict-item]
    run.__dict__["history"] = {name: np.array(values, float) for name, values in columns.items()}
    return run


def test_what_is_known_of_theta_is_connected_by_straight_lines() -> None:
    run = made_up(time=[2.0, 3.0, 6.0, 12.0], evaluation=[10.0, NAN, 30.0, 90.0])
    # 10 for 2 s, from 10 to 30 in 4 s, 30 for 4 s: what comes after 10 s is not looked at
    assert area(run, "evaluation", 10.0) == pytest.approx((20 + 80 + 120) / 10)
    assert area(run, "evaluation", 12.0) == pytest.approx((20 + 80 + 360) / 12)
    assert np.isnan(area(run, "evaluation", 1.0))
    assert np.isnan(area(run, "objective", 10.0))


def test_returns_lag_by_half_a_window_of_simulated_time_whatever_the_updates() -> None:
    """A return that rises by 1 a second, told every second, every 7 s, and every 50 s."""
    for times in (np.arange(1.0, 201), np.arange(1.0, 201, 7), np.arange(50.0, 201, 50)):
        run = made_up(time=[*times], return_mean=[*times], return_count=[3.0] * len(times))
        curve = curves.judged(run, "return_mean", 200.0)  # 5% of 200 s: the latest 10 s
        assert curve.first_at(100.0) == pytest.approx(105.0)
        assert curve.times[0] >= 10
        assert curves.times_to(run, "return_mean", [100.0], 200.0) == [pytest.approx(105.0)]
        # from the first value on it rises to the last one, which stays
        first, last = times[0], times[-1]
        whole = first**2 + (last**2 - first**2) / 2 + last * (200 - last)
        assert area(run, "return_mean", 200.0) == pytest.approx(whole / 200)


def test_a_run_that_goes_on_is_judged_as_if_it_had_ended_with_the_others() -> None:
    times = [*np.arange(1.0, 201)]
    long = made_up(time=times, return_mean=times, return_count=[1.0] * 200)
    short = made_up(time=times[:100], return_mean=times[:100], return_count=[1.0] * 100)
    short.totals["elapsed"] = 100.0
    for run in (long, short):  # 5% of 100 s: the latest 5 s, so 2.5 s late
        assert curves.times_to(run, "return_mean", [50.0, 98.0], 100.0) == [52.5, np.inf]
        assert curves.known(run, "return_mean", 100.0).max() == pytest.approx(97.5)
    assert curves.times_to(long, "return_mean", [98.0], 100.0, end=np.inf) == [100.5]


def test_several_updates_at_one_time_are_one_point() -> None:
    run = made_up(
        time=[1, 1, 2], return_mean=[1, 4, 9], return_count=[2, 1, 5], objective=[1, 4, 9]
    )
    at = np.array([1.0, 2.0])
    assert curves.raw(run, "return_mean").at(at).tolist() == [2, 9]
    assert curves.raw(run, "objective").at(at).tolist() == [4, 9]


def test_a_curve_is_of_straight_lines_and_flat_at_its_ends() -> None:
    curve = curves.Curve(np.array([1.0, 3.0]), np.array([2.0, 6.0]))
    assert curve.at(np.array([0.0, 1.5, 9.0])).tolist() == [2, 3, 6]
    # 2 until 1, then to 6 at 3: 2, 2 + 2.5 / 2, 2 + 8, 2 + 8 + 6 * 2
    assert curve.integral(np.array([0.0, 1.0, 1.5, 3.0, 5.0])).tolist() == [0, 2, 3.25, 10, 22]
    assert curve.first_at(2) == 1
    assert curve.first_at(3) == 1.5
    assert curve.first_at(7) == np.inf


def test_theta_itself_is_judged_where_all_runs_tell_it() -> None:
    told = made_up(time=[1, 2, 3], objective=[NAN] * 3, evaluation=[2, NAN, 6])
    silent = made_up(time=[1], objective=[NAN], return_mean=[1], return_count=[1])
    exact = made_up(time=[1], objective=[4], evaluation=[2])
    assert curves.metric([told]) == "evaluation"
    assert curves.drawn([told]) == "return_mean"
    assert curves.metric([told, silent]) == "return_mean"
    nothing = made_up(time=[], objective=[])
    assert curves.metric([nothing, told]) == "evaluation"
    assert curves.metric([nothing]) == "return_mean"
    assert curves.metric([told, exact]) == curves.drawn([told, exact]) == "objective"
    assert curves.times_to(told, "evaluation", [3.0], 4.0) == [1.5]  # no lag
    # the last tenth of 4 s; of 2.5 s, where only the first value is known
    assert curves.final(told, "evaluation", 4.0) == pytest.approx(6)
    assert curves.final(told, "evaluation", 2.5) == pytest.approx(2)


def test_the_final_value_of_an_exact_objective_is_its_last_and_no_mean() -> None:
    run = made_up(time=[1, 9, 10, 20], objective=[1, 2, 6, 7], evaluation=[1, 2, 6, 7])
    assert curves.final(run, "objective", 10.0) == 6
    run.history["objective_far"] = run.history["objective"]  # of one world
    assert curves.final(run, "objective_far", 10.0) == 6
    assert curves.final(run, "evaluation", 10.0) == pytest.approx(4)  # from 2 to 6 in the last 1 s


def test_the_average_over_worlds_weighs_workers_and_not_trajectories() -> None:
    """Half of the workers see each world; most trajectories are of the near one."""
    run = made_up(
        time=[1, 2, 3],
        return_mean_near=[1, 2, 3],
        return_count_near=[40, 50, 60],
        return_mean_far=[10, NAN, 30],
        return_count_far=[20, 0, 1],
    )
    run.info["variants"] = {"near": 0.5, "far": 0.5}
    average = curves.raw(run, "return_average").at(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(average, [5.5, 11, 16.5])


def test_the_average_over_worlds_lags_as_every_return_does() -> None:
    rising = np.arange(1.0, 201)
    run = made_up(
        time=[*rising],
        return_mean_near=[*(rising - 10)],
        return_count_near=[1.0] * 200,
        return_mean_far=[*(rising + 30)],
        return_count_far=[1.0] * 200,
    )
    run.info["variants"] = {"near": 0.75, "far": 0.25}
    # 3/4 of -10 and 1/4 of 30 are 0: a rise by 1 a second, and half of the window of 10 s
    assert curves.times_to(run, "return_average", [100.0], 200.0) == [pytest.approx(105.0)]
    # 51 ... 100 and 101 ... 150
    bins = curves.binned(run, "return_average", np.array([50.5, 100.5, 150.5]))
    assert bins == pytest.approx([75.5, 125.5])


def test_bins_between_two_updates_have_the_value_of_the_one_before_them() -> None:
    run = made_up(time=[10.0, 20.0, 30.0], objective=[1.0, 2.0, 3.0])
    between = curves.binned(run, "objective", np.array([21.0, 25.0, 29.0, 31.0]))
    assert between.tolist() == [2.0, 2.0, 3.0]
    assert np.isnan(curves.binned(run, "objective", np.array([1.0, 2.0]))).all()


def test_bins_weigh_trajectories_and_fill_gaps() -> None:
    run = made_up(time=[0.5, 0.6, 3.5], return_mean=[1, 4, 7], return_count=[2, 1, 5])
    bins = curves.binned(run, "return_mean", np.array([0.0, 1, 2, 3, 4]))
    np.testing.assert_allclose(bins, [2.0, 2.0, 2.0, 7.0])
