"""Keys of a scenario that are set: what stays beside them."""

import pytest

from scenarios.format.words.keys import forget_filled_in


@pytest.mark.parametrize(
    ("key", "left"), [("file", set()), ("model", set()), ("scale", {"source", "digest"})]
)
def test_only_keys_that_name_what_was_read_forget_its_hash(key: str, left: set[str]) -> None:
    table = {"model": "trace", "file": "x.csv", "scale": 2.0, "digest": "1", "source": "2"}
    forget_filled_in(table, key)
    assert table.keys() & {"source", "digest"} == left
