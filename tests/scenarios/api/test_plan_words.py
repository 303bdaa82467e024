"""What `plan` says of results of another problem."""

from scenarios.api.cluster.plan import _another


def test_a_key_that_stands_in_one_problem_only_is_said_to() -> None:
    both = {"kind": "quadratic"}
    varied = both | {"variants": [1]}
    assert _another("r", "variants", both, varied) == (
        "r: is of another problem: it has variants; accepted: runs without"
    )
    assert "it has no variants; accepted: runs with [1]" in _another("r", "variants", varied, both)
    other = {"kind": "control"}
    assert "kind is 'control'; accepted: runs with 'quadratic'" in _another(
        "r", "kind", both, other
    )
