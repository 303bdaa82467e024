"""Runs that are over, to look at: tables, curves, pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.api.shown import Comparison, Report
from scenarios.api.staleness import Delays
from scenarios.format.words.accepted import FileOrFolder, Names, Numbers, Seconds
from scenarios.format.words.arguments import checked_call
from scenarios.format.words.errors import BadInputError, finite
from scenarios.results.compare import compare
from scenarios.results.published import refresh
from scenarios.results.recorded import recorded
from scenarios.results.remarks import warnings_of
from scenarios.results.rows import Row, Rows, failures, tidy, told_apart, updates
from scenarios.results.tables import results_sheet
from scenarios.runs.store.stored import StoredRun, comparable
from scenarios.studies.plane import check_one_point

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.pictures.style import Picture


class Results:
    """Runs that are over, failed ones too.

    Args:
        runs: of one scenario, or of many.
        name: where they are, for titles and messages.
        points: for each run its method and its values on a sweep's axes; None if there are none.
    """

    def __init__(
        self, runs: Sequence[StoredRun], name: str, points: Sequence[Row] | None = None
    ) -> None:
        self.runs = list(runs)
        self.name = name
        self._points = points

    @property
    def points(self) -> list[Row]:
        """For each run its method and its values on a sweep's axes; nothing if there are none."""
        return list(self._points or ())

    @property
    def methods(self) -> list[str]:
        """The labels of the methods."""
        return list(dict.fromkeys(run.label for run in self.runs if run.info))

    @property
    def seeds(self) -> list[int]:
        """The seeds."""
        return sorted({int(run.info["seed"]) for run in self.runs if run.info})

    @property
    def failed(self) -> dict[str, str]:
        """Why runs failed, by their folder; of runs without one by file, method and seed."""
        return failures(self.runs)

    @checked_call
    def select(self, method: str | None = None, seed: int | None = None) -> "Results":
        """Return the runs of one method, of one seed, or of both.

        Raises:
            BadInputError: there is none.
        """
        chosen = [
            (k, run)
            for k, run in enumerate(self.runs)
            if run.info and method in {None, run.label} and seed in {None, run.info["seed"]}
        ]
        if not self.runs:
            raise BadInputError(f"{self.name}: no runs are there yet")
        if not chosen:
            wanted = [f"method {method!r}"] * (method is not None)
            wanted += [f"seed {seed}"] * (seed is not None)
            raise BadInputError(
                f"{self.name}: no run{' of ' * bool(wanted)}{', '.join(wanted)}; accepted: "
                f"{', '.join(self.methods)}; seeds {', '.join(map(str, self.seeds))}"
            )
        points = self._points and [self._points[k] for k, _ in chosen]
        return Results([run for _, run in chosen], self.name, points)

    @checked_call
    def save(self, file: FileOrFolder, command: str = "straggler.run") -> list[str]:
        """Write compact results where something is new; return how many numbers are as they were.

        Args:
            file: to write, ``.parquet``, for :func:`straggler.open`.
            command: what made the runs, to be remembered.
        """
        if Path(file).suffix != ".parquet":
            raise BadInputError(f"{file}: accepted: a file that ends in .parquet")
        return list(refresh(self.runs, Path(file), command))

    @property
    def title(self) -> str:
        """The title of the scenario; the name, where there are several."""
        titles = {str(run.info["title"]) for run in self.runs if run.info}
        return titles.pop() if len(titles) == 1 else self.name

    @checked_call
    def table(self, thresholds: Numbers = (), columns: Names = ()) -> "pd.DataFrame":
        """Return a DataFrame with a row per run.

        Columns: method, seed, what differs between the runs, status, totals (updates, elapsed in
        simulated seconds, gradients, vectors, bytes, environment steps), final and best of the
        metric, simulated seconds to thresholds (infinite: never), real seconds, version, path.

        Args:
            thresholds: values of the metric; by default 1/4, 1/2 and 3/4 from start to best.
            columns: only these, in this order; all by default.

        Raises:
            BadInputError: there is no run, or no such column.
        """
        import pandas as pd  # noqa: PLC0415 - takes a second

        return pd.DataFrame(self.rows(thresholds, columns).rows)

    def comparable(self) -> list[StoredRun]:
        """Return the runs that ended well.

        Raises:
            BadInputError: there is none, they are of different scenarios, or of different values
                under one label.
        """
        check_one_point(self.points, self.name)
        return comparable(self.runs, self.name)

    @checked_call
    def rows(self, thresholds: Numbers = (), columns: Names = ()) -> Rows:
        """Return the rows of :meth:`table`, without pandas."""
        if not self.runs:
            raise BadInputError(f"{self.name}: no runs are there yet")
        finite("threshold", *thresholds)
        rows = tidy(self.runs, self._points, thresholds)
        return rows.only(columns) if columns else rows

    @checked_call
    def sheet(self, thresholds: Numbers = (), columns: Names = ()) -> Report:
        """Return the table to be read: ``print`` it, or ``.markdown()``, ``.latex()``."""
        return Report([results_sheet(self.rows(thresholds, columns), self.title)])

    @checked_call
    def history(self, method: str | None = None, seed: int | None = None) -> "pd.DataFrame":
        """Return a DataFrame with a row per update, as ``history.parquet`` has them.

        ``straggler.COLUMNS["history"]`` has the unit and the meaning of each column. For several
        runs, ``method`` and ``seed`` come first, then the values on a sweep's axes; or what else
        differs, and ``path``, where there are several runs of a method and a seed.

        Args:
            method: a label; all if None.
            seed: all if None.

        Raises:
            BadInputError: there is no such run, or none that ended well.
        """
        chosen = self.select(method, seed)
        points = chosen.points or told_apart(chosen.runs)
        done = [(run, at) for run, at in zip(chosen.runs, points, strict=True) if run.is_done]
        if not done:
            reason = next(iter(chosen.failed.values()))
            names = f"{', '.join(chosen.methods)}, seed {', '.join(map(str, chosen.seeds))}"
            raise BadInputError(f"{self.name}: {names} failed, without a history: {reason}")
        return updates(done)

    @checked_call
    def compare(self, thresholds: Numbers = (), columns: Names = ()) -> Comparison:
        """Return one row per method: what it cost, what it discarded, how far it came.

        Args:
            thresholds: values of the metric whose times are wanted; three by default.
            columns: only these, in this order, in one table; all by default.

        Raises:
            BadInputError: no run ended well, they are of different scenarios, or there is no such
                column.
        """
        finite("threshold", *thresholds)
        runs = self.comparable()
        numbers = compare(runs, thresholds, [run for run in self.runs if not run.is_done])
        if columns:
            numbers = numbers.only(columns)
        return Comparison(numbers, self.name, warnings_of(runs), self.title)

    def plot(
        self,
        column: str | None = None,
        **look: Any,  # noqa: ANN401 - see `straggler.plot`
    ) -> "Picture":
        """Return a picture of returns against simulated time; see :func:`straggler.plot`."""
        from scenarios.api.plot import plot  # noqa: PLC0415 - it takes results

        return plot(self, column=column, **look)

    @checked_call
    def staleness(self, methods: Names = ()) -> Delays:
        """Return how old gradients were, by worker: ``print`` it, ``.table()``, ``.plot()``.

        Args:
            methods: labels, in this order; all by default.

        Raises:
            BadInputError: there is no such method, no run ended well, they are of different
                scenarios, or an older version made them, which did not count delays.
        """
        runs = self.comparable()
        there = list(dict.fromkeys(run.label for run in runs))
        for name in methods:
            if name not in there:
                accepted = ", ".join(there)
                raise BadInputError(f"{name}: no such method here; accepted: {accepted}")
        chosen = {label: [run for run in runs if run.label == label] for label in methods or there}
        return Delays(chosen, self.title)

    @checked_call
    def timeline(
        self,
        method: str | None = None,
        seed: int | None = None,
        *,
        begin: Seconds = 0.0,
        until: Seconds | None = None,
    ) -> "Picture":
        """Return a picture of who did what when: a lane per worker, or bands of many.

        Args:
            method: a label; may be left out if there is one run.
            seed: the same.
            begin: simulated seconds at the left.
            until: simulated seconds at the right; as much as is legible if None.

        Raises:
            BadInputError: it is not one run, or its timeline was not recorded.
        """
        from scenarios.pictures.timeline import draw_timeline  # noqa: PLC0415

        finite("begin, until", begin, until)
        if until is not None and until <= begin:
            raise BadInputError(f"until {until:g}: accepted: more than begin, which is {begin:g}")
        return draw_timeline(recorded(self.only(method, seed)), begin, until)

    @checked_call
    def perfetto(
        self, file: FileOrFolder, method: str | None = None, seed: int | None = None
    ) -> None:
        """Write who did what when as a trace for ui.perfetto.dev.

        Args:
            file: to write, ``.json.gz``.
            method: a label; may be left out if there is one run.
            seed: the same.

        Raises:
            BadInputError: it is not one run, or its timeline was not recorded.
        """
        from scenarios.pictures.perfetto import write_trace  # noqa: PLC0415

        write_trace(recorded(self.only(method, seed)), Path(file))

    @checked_call
    def only(self, method: str | None = None, seed: int | None = None) -> StoredRun:
        """Return the one run of a method and a seed.

        Raises:
            BadInputError: there is none, or more than one.
        """
        runs = self.select(method, seed).runs
        if len(runs) > 1:
            self.select(method, seed).comparable()
            raise BadInputError(
                f"{self.name}: {len(runs)} runs; accepted: one, of method "
                f"{', '.join(self.methods)} and seed {', '.join(map(str, self.seeds))}"
            )
        return runs[0]

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.runs)

    def __iter__(self) -> Iterator[StoredRun]:
        """Yield the runs."""
        return iter(self.runs)

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        methods, seeds = ", ".join(self.methods), ", ".join(map(str, self.seeds))
        return f"<Results {self.name}: {len(self.runs)} runs{failed}; {methods}; seeds {seeds}>"

    def _repr_html_(self) -> str:
        try:
            return self.sheet()._repr_html_() if self.runs else repr(self)
        except BadInputError as error:
            return error.lines[0]
