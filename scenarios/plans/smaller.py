"""A cluster without its slowest workers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from scenarios.format.cluster import Cluster, PlannedDown
from scenarios.format.prices import Groups, amounts
from simulator import Indices, Vector


def slowest_first(cluster: Cluster, dimension: int, steps: int | None = None) -> Indices:
    """Return the workers by :func:`seconds_each`, the largest first, the last of equals."""
    return np.argsort(seconds_each(cluster, dimension, steps), kind="stable")[::-1]


def seconds_each(cluster: Cluster, dimension: int, steps: int | None = None) -> Vector:
    """Return h_i + kappa_i, shape (n,), seconds.

    Args:
        cluster: whose.
        dimension: of a vector.
        steps: of a trajectory, where h_i are seconds per step.
    """
    per_step = steps if cluster.compute.per == "step" and steps else 1
    return per_step * cluster.compute_seconds() + cluster.uplink_seconds(dimension)


def kept_whole(cluster: Cluster, *, varied: bool) -> str | None:
    """Return why no worker can be left out, None if some can.

    Args:
        cluster: as it is.
        varied: whether workers have variants of the problem.
    """
    reasons = {
        "workers have variants of the problem": varied,
        "a trace has the speeds of all workers": cluster.compute.model == "trace",
        "a schedule names workers": bool(cluster.compute.schedule),
        "compute or network are models of one's own": cluster.network is not None
        or hasattr(cluster.compute, "source"),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def without_slowest(
    cluster: Cluster, number: int, dimension: int, steps: int | None = None
) -> Cluster:
    """Return a cluster without so many of its slowest workers; arguments: :func:`seconds_each`."""
    if not number:
        return cluster
    keep = np.sort(slowest_first(cluster, dimension, steps)[number:])
    content = cluster.model_dump(exclude_none=True) | {"workers": len(keep)}
    compute = cluster.compute_seconds()[keep]
    _set_if_needed(content, "compute", "seconds", compute)
    for key in ("uplink", "downlink"):
        if key in content:
            content[key] = _link(cluster, content[key], keep, dimension, key)
    for key, value in (("price", cluster.price), *_powers(cluster)):
        if isinstance(value, list | Groups):
            place, _, last = key.rpartition(".")
            table = content[place] if place else content
            table[last] = amounts(value, cluster.workers, key)[keep].tolist()
    if isinstance(cluster.failures, PlannedDown):
        index = {int(worker): k for k, worker in enumerate(keep)}
        windows = [w for w in cluster.failures.windows if int(w[0]) in index]
        moved = [[index[int(w)], down, up] for w, down, up in windows]
        content["failures"] = content["failures"] | {"windows": moved}
        if not moved:
            del content["failures"]
    return Cluster.model_validate(content)


def _powers(cluster: Cluster) -> Sequence[tuple[str, Any]]:
    power = cluster.power
    return [(f"power.{k}", getattr(power, k)) for k in ("computing", "idle")] if power else []


def _set_if_needed(content: dict[str, Any], key: str, name: str, values: Vector) -> None:
    """Replace a model of times by explicit ones, unless the first workers are those that stay."""
    table = content[key]
    if table["model"] == "power" and not table.get("descending"):
        i = np.arange(1, len(values) + 1)
        if np.allclose(
            table["scale"] * i ** table.get("exponent", 0.0), values, rtol=1e-12, atol=0.0
        ):
            return
    kept = {k: table[k] for k in ("per", "random") if k in table}
    content[key] = {"model": "explicit", name: values.tolist(), **kept}


def _link(
    cluster: Cluster, table: dict[str, Any], keep: Indices, dimension: int, key: str
) -> dict[str, Any]:
    if table["model"] == "link":
        return {k: [v[i] for i in keep] if isinstance(v, list) else v for k, v in table.items()}
    link = getattr(cluster, key)
    seconds = np.add(*link.seconds_of(cluster.workers, dimension, key))[keep]
    if table["model"] == "power":
        first = np.add(*link.seconds_of(len(keep), dimension, key))
        if np.allclose(first, seconds, rtol=1e-12, atol=0.0):
            return table
    return {"model": "explicit", "seconds": seconds.tolist()}
