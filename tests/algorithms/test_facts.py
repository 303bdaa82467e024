"""What tells methods apart, in words."""

import pytest

from algorithms import METHODS, Algorithm

FACTS = ("waits_for", "discards", "paper")

LONGEST = 56
"""Letters: three facts, the names and the keys stand in one line of a wide terminal."""


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("aggregation", METHODS.values())
def test_every_aggregation_says_in_a_line_what_tells_it_from_others(
    aggregation: type[Algorithm], fact: str
) -> None:
    said = vars(aggregation).get(fact)
    assert said, f"{aggregation.__name__} needs `{fact}`, a line in words"
    assert len(said) <= LONGEST
    assert not said.endswith(".")


def test_no_two_aggregations_wait_for_the_same() -> None:
    assert len({kind.waits_for for kind in METHODS.values()}) == len(METHODS)
