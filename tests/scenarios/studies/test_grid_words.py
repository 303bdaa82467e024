"""What is said of a sweep's key that another one replaces."""

import pytest

from scenarios.studies.grid import SweepFile


@pytest.mark.parametrize(
    ("later", "offered"), [("methods.X.step_size", False), ("methods.*.step_size", True)]
)
def test_only_a_wider_key_is_offered_before_another(later: str, *, offered: bool) -> None:
    axes = [
        {"key": "methods.mine:X.step_size", "name": "one", "values": [0.1]},
        {"key": later, "name": "other", "values": [0.1]},
    ]
    with pytest.raises(ValueError, match="accepted: one of them") as told:
        SweepFile.model_validate({"title": "t", "base": "b", "axes": axes})
    assert ("before it" in str(told.value)) == offered
