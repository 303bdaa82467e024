"""Simulate heterogeneous clusters for distributed reinforcement learning.

    import straggler

    scenario = straggler.load("figure1b")
    results = straggler.run(scenario, out="runs/mine")
    results.compare()
    results.plot()

What the command line can do, this can do, in the same words. The rest of the names is for methods,
problems, compute times and networks of your own; see ``docs/own.md``.
"""

from algorithms import (
    NIGT,
    PG,
    Adam,
    Algorithm,
    Clock,
    HeavyBall,
    Rule,
    Schedule,
)
from scenarios.api.battery import Battery, check_method
from scenarios.api.bench import Measurements, bench
from scenarios.api.claims.figure import FigureResults, figure
from scenarios.api.claims.verdict import Verdicts, verdict
from scenarios.api.cluster.explain import Explanation, explain
from scenarios.api.cluster.plan import Plans, plan
from scenarios.api.cluster.predict import Prediction, check_predictions, predict
from scenarios.api.listing import Listing
from scenarios.api.listing import list as list  # noqa: A004 - not for `import *`
from scenarios.api.plot import plot
from scenarios.api.races.calibrate import Calibrated, RaceCheck, calibrate, check_race
from scenarios.api.races.race import race
from scenarios.api.report import report
from scenarios.api.results import Results
from scenarios.api.run import check, load, names, run, simulate, theory, trace
from scenarios.api.shown import Comparison, Report
from scenarios.api.studies import SweepResults, Tuned, sweep, tune
from scenarios.api.studies import open as open  # noqa: A004 - not for `import *`
from scenarios.api.watch import live, watch
from scenarios.format.scenario import Scenario
from scenarios.format.words.errors import BadInputError
from scenarios.report.file import Page
from simulator import (
    Cluster,
    ComputeTimes,
    Count,
    Estimate,
    Indices,
    Iterate,
    Kept,
    Momentum,
    Network,
    NetworkModel,
    Positive,
    Problem,
    Process,
    Request,
    Round,
    StalledError,
    Task,
    Transfers,
    Trials,
    Vector,
    When,
    Whole,
)
from simulator.accounting.columns import COLUMNS, Column

__all__ = [
    "COLUMNS",
    "NIGT",
    "PG",
    "Adam",
    "Algorithm",
    "BadInputError",
    "Battery",
    "Calibrated",
    "Clock",
    "Cluster",
    "Column",
    "Comparison",
    "ComputeTimes",
    "Count",
    "Estimate",
    "Explanation",
    "FigureResults",
    "HeavyBall",
    "Indices",
    "Iterate",
    "Kept",
    "Listing",
    "Measurements",
    "Momentum",
    "Network",
    "NetworkModel",
    "Page",
    "Plans",
    "Positive",
    "Prediction",
    "Problem",
    "Process",
    "RaceCheck",
    "Report",
    "Request",
    "Results",
    "Round",
    "Rule",
    "Scenario",
    "Schedule",
    "StalledError",
    "SweepResults",
    "Task",
    "Transfers",
    "Trials",
    "Tuned",
    "Vector",
    "Verdicts",
    "When",
    "Whole",
    "bench",
    "calibrate",
    "check",
    "check_method",
    "check_predictions",
    "check_race",
    "explain",
    "figure",
    "live",
    "load",
    "names",
    "plan",
    "plot",
    "predict",
    "race",
    "report",
    "run",
    "simulate",
    "sweep",
    "theory",
    "trace",
    "tune",
    "verdict",
    "watch",
]
