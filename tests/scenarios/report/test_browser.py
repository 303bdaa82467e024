"""The page in a browser: what is clicked and dragged does what it says, and nothing is fetched."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import straggler as front

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: apt-get install chromium"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(two_workers: Path) -> Path:
    made = two_workers / "page.html"
    front.report(front.open(two_workers / "runs/two")).save(made)
    return made


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Open the page; afterwards, nothing was fetched and nothing complained."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    opened, said = context.new_page(), list[str]()
    opened.on("request", lambda request: said.append(request.url))
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    context.close()
    assert said == [file.as_uri()]


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
