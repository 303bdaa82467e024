"""Tables as text for other programs."""

import io

import pandas as pd

from scenarios.results.sheet import Sheet, csv_text


def test_csv_is_read_back_with_commas_quotes_and_lines() -> None:
    labels = ["plain", "M = 20, short", 'the "best"', "two\nlines"]
    rows = [(label, number / 3) for number, label in enumerate(labels)]
    read = pd.read_csv(io.StringIO(csv_text(("label", "x"), rows)))
    assert read["label"].tolist() == labels
    assert read["x"].tolist() == [0.0, 1 / 3, 2 / 3, 1.0]


def test_a_title_of_several_lines_or_with_a_bar_stays_in_its_place() -> None:
    sheet = Sheet("one\n\ntwo", ["a|b", "c\nd"], [["e\nf", "g|h"]])
    assert list(sheet.markdown())[::2] == [r"| a\|b | c d |", r"| e f | g\|h |"]
    assert "\\caption{one two}" in sheet.latex()  # an empty line ends LaTeX's argument
