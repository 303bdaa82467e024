"""``run.json``: files of other versions stay readable, what is not about a run is not."""

import pytest

from scenarios.runs.store.record import Facts, RunInfo, read_info

OLD = {"status": "failed", "label": "a", "seed": 0, "title": "t", "content": {}, "totals": None}


@pytest.mark.parametrize("more", [{}, {"files": None}, {"files": {}, "from_the_future": [1]}])
def test_files_of_other_versions_are_read_as_they_are(more: dict[str, object]) -> None:
    assert read_info({**OLD, **more}) == {**OLD, **more}


@pytest.mark.parametrize(
    "said",
    [
        None,
        [OLD],
        {**OLD, "seed": "0"},
        {**OLD, "files": "history.parquet"},
        {**OLD, "status": "done"},
        {**OLD, "status": "done", "totals": {"updates": 3, "elapsed": 1.0}},
        *({k: v for k, v in OLD.items() if k != key} for key in OLD),
    ],
)
def test_what_is_not_about_a_run_is_none(said: object) -> None:
    assert read_info(said) is None


def test_every_key_is_explained() -> None:
    for record in (Facts, RunInfo):
        own = record.__annotations__.keys() - (
            Facts.__annotations__.keys() if record is RunInfo else set()
        )
        assert all(f"        {key}: " in str(record.__doc__) for key in own)
