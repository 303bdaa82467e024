"""The page in a browser: what is clicked and dragged does what it says, and nothing is fetched."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import straggler
from playwright.sync_api import Browser, Page, sync_playwright

import straggler as front
from scenarios.pictures.sweep import cell_seconds, grid_of, lead_words
from scenarios.studies.plane import Axis

Open = Callable[[Path], Page]

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the browser that is installed; playwright brings none here."""
    there = next(filter(None, map(shutil.which, NAMES)), None)
    if there is None:
        pytest.skip("no Chromium here; apt-get install chromium brings one")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=there, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Return what opens a page; afterwards, nothing else was fetched and nothing complained."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    files, said = list[str](), list[str]()

    def open_page(file: Path) -> Page:
        page = context.new_page()
        page.on("request", lambda request: said.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        files.append(file.as_uri())
        page.goto(file.as_uri())
        return page

    yield open_page
    context.close()
    assert said == files


@pytest.fixture(scope="module")
def file(two_workers: Path) -> Path:
    made = two_workers / "page.html"
    front.report(front.open(two_workers / "runs/two")).save(made)
    return made


@pytest.fixture
def page(opened: Open, file: Path) -> Page:
    return opened(file)


def lines(page: Page) -> list[str]:
    found = page.locator("[data-line]")
    return sorted(str(found.nth(k).get_attribute("data-line")) for k in range(found.count()))


def number(text: str) -> float:
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def times(page: Page) -> dict[str, list[str]]:
    rows = [row.split("\t") for row in page.locator("[data-times] tbody").inner_text().split("\n")]
    return {name.strip(): cells for name, *cells in rows}


def test_a_method_and_seeds_are_switched_off(page: Page) -> None:
    assert lines(page) == ["afedpg", "rennala-nigt", "synchronous-nigt"]
    page.get_by_label("afedpg").first.uncheck()
    assert lines(page) == ["rennala-nigt", "synchronous-nigt"]
    assert sorted(times(page)) == ["rennala-nigt", "synchronous-nigt"]
    page.locator("input[name=seed][value='1']").uncheck()
    assert {cells[1] for cells in times(page).values()} == {"1/1"}


def test_the_threshold_is_dragged_and_the_table_follows(page: Page, two_workers: Path) -> None:
    before = number(page.locator("[data-level]").inner_text())
    box = page.locator(".grip").bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=3)
    page.mouse.up()
    level = number(page.locator("[data-level]").inner_text())
    assert level > before
    table = front.open(two_workers / "runs/two").compare(thresholds=[level]).table()
    for label, time in zip(table["method"], table[table.columns[-1]], strict=True):
        said = times(page)[label][0]
        assert (
            said == "never"
            if time == float("inf")
            else float(said) == pytest.approx(time, rel=1e-3)
        )
    page.locator("[data-threshold]").press("ArrowLeft")
    assert number(page.locator("[data-level]").inner_text()) < level


def test_the_cursor_says_what_the_server_knows(page: Page) -> None:
    def known() -> dict[str, str]:
        rows = page.locator("[data-knows] tbody tr").all_inner_texts()
        return {name: first for name, first, *_ in (row.split("\t") for row in rows)}

    assert known()["newest iterate"] == "theta 0"
    page.locator("[data-walk] [data-do=next]").click()  # 1 s: the first worker has a gradient
    assert known()["completed, not yet used"] == "1; the next update uses 3"
    assert known()["workers heard so far"] == "0 of 2"
    page.locator("[data-timeline] svg").press("ArrowRight")  # 2 s: M = 3 are there
    assert known()["newest iterate"] == "theta 1"
    assert known()["gradients used"] == "3"
    assert known()["made at"] == "2 s"
    assert known()["workers heard so far"] == "2 of 2"
    page.locator("[data-timeline] svg").press("ArrowLeft")
    assert known()["newest iterate"] == "theta 0"


def test_curves_are_zoomed_over_other_axes(page: Page) -> None:
    def ends() -> list[float]:
        found = page.locator("[data-curves] .tick.middle").all_text_contents()
        return [number(found[0]), number(found[-1])]

    page.locator("#axis").select_option("updates")
    assert ends() == [0, 40]
    assert page.locator("[data-curves] .label.middle").text_content() == "updates"
    page.locator("[data-zoom] [data-do=in]").click()
    assert ends() == [10, 30]
    page.locator("[data-curves] svg").press("ArrowRight")
    assert ends() == [15, 35]
    page.locator("[data-curves] svg").dblclick(position={"x": 200, "y": 60})
    assert ends() == [0, 40]


def test_tables_are_sorted_by_a_click(page: Page) -> None:
    table = page.locator("table.sortable").first
    table.get_by_role("button", name="s per update").click()
    # AFedPG: 3 gradients in 2 s; the round of Rennala and the synchronous one take 2 s
    assert table.locator("tbody th").first.inner_text() == "afedpg"
    table.get_by_role("button", name="s per update").click()
    assert table.locator("tbody th").last.inner_text() == "afedpg"
    assert table.locator("[aria-sort=descending]").inner_text() == "s per update"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    browser: Browser, file: Path, *, scripts: bool
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 700}, java_script_enabled=scripts, color_scheme="dark"
    )
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.querySelector('main').offsetWidth") == 360
    assert page.locator("[data-curves] svg .line").count() == 3
    assert page.locator("[data-lanes] svg path").count() > 6
    assert page.locator("#controls").is_visible() == scripts
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
    context.close()


SWEEP = """
title = "slower and dearer"
base = "two.toml"
seeds = [0, 1]
methods = ["rennala-nigt", "afedpg"]
set = { updates = 30 }

[[axes]]
key = "problem.noise"
values = [0.1, 1.0]

[[axes]]
key = "cluster.preemption"
values = ["cancel", "finish"]
"""


@pytest.fixture(scope="module")
def swept(two_workers: Path) -> Path:
    (two_workers / "sweep.toml").write_text(SWEEP)
    assert straggler("sweep", "sweep.toml", cwd=two_workers).returncode == 0
    said = straggler("report", "sweep.toml", "-o", "sweep.html", cwd=two_workers)
    assert (said.returncode, said.stderr) == (0, "")
    return two_workers / "sweep.html"


def test_maps_of_a_sweep_follow_the_threshold_and_open_a_point(opened: Open, swept: Path) -> None:
    page = opened(swept)
    folder = swept.parent

    def maps() -> dict[str, list[str]]:
        cells = page.locator("#sweep [data-map]").all()
        found = [(c.get_attribute("data-map"), c.get_attribute("data-cell"), c) for c in cells]
        ordered = sorted(found, key=lambda cell: (str(cell[0]), int(cell[1] or 0)))
        names = dict.fromkeys(str(name) for name, _, _ in ordered)
        return {
            name: [
                str(c.locator("title").text_content()) for other, _, c in ordered if other == name
            ]
            for name in names
        }

    def expected() -> dict[str, list[str]]:
        level = number(page.locator("[data-level]").inner_text())
        results = front.open(folder / "sweep.toml", folder / "runs/store")
        grid = grid_of(
            results.rows([level]),
            [Axis("noise", [0.1, 1.0]), Axis("preemption", ["cancel", "finish"])],
        )
        made = {
            f"m:{label}": [cell_seconds(t) for t in grid.median(label).ravel()]
            for label in grid.times
        }
        who = [part.ravel().tolist() for part in grid.winners()]
        return made | {"fastest": [lead_words(k, f, sure=s) for k, f, s in zip(*who, strict=True)]}

    assert maps() == expected()
    before = expected()
    for _ in range(8):
        page.locator("[data-threshold]").press("ArrowRight")
    assert maps() == expected() != before
    title, line = page.locator("[data-title]"), page.locator("[data-line=afedpg]")
    assert title.inner_text() == "noise = 0.1, preemption = cancel"
    path = line.get_attribute("d")
    page.locator("[data-map='m:afedpg'][data-cell='2']").hover()
    assert title.inner_text() == "noise = 1.0, preemption = cancel"
    assert line.get_attribute("d") != path
    page.locator("#sweep svg").press("ArrowRight")
    assert title.inner_text() == "noise = 1.0, preemption = finish"


def test_what_a_sweep_holds_stays_in_its_caption(opened: Open, swept: Path) -> None:
    held = front.open(swept.parent / "sweep.toml", swept.parent / "runs/store")
    front.report(held, at=["preemption=finish"]).save(swept.parent / "held.html")
    caption = opened(swept.parent / "held.html").locator("[data-caption]")
    assert "medians over the chosen seeds; preemption = finish. Pale" in caption.inner_text()
