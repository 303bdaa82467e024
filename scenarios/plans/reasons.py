"""Why a plan is what it is, in a sentence."""

import math

from scenarios.plans.plan import Planned
from scenarios.plans.smaller import seconds_each, slowest_first
from scenarios.plans.timed import Learned
from simulator import State


def reason(plan: Planned, default: Planned, learned: Learned) -> str:
    """Return why a plan takes what it takes, beside the default.

    Args:
        plan: to be explained.
        default: the synchronous method on all workers.
        learned: the problem.
    """
    if not math.isfinite(plan.seconds):
        return "it does not arrive" if plan.clock.run else "its updates end, or never begin"
    whole = default.cluster
    order = slowest_first(whole, learned.dimension, learned.steps)
    slowest = int(order[0])
    numbers = f"{plan.updates:,.0f} updates of {plan.pace:.3g} s"
    if plan.choice.key != default.choice.key:
        other = f"{default.updates:,.0f} of {default.pace:.3g} s"
        numbers += f", instead of {other if math.isfinite(default.seconds) else 'none'}"
    why = [_waiting(plan, slowest)]
    if plan.choice.without:
        seconds = seconds_each(whole, learned.dimension, learned.steps)
        left_out = sorted(int(worker) for worker in order[: plan.choice.without])
        who = f"worker {left_out[0]}" if len(left_out) == 1 else _named(left_out)
        needs = "needs" if len(left_out) == 1 else "need up to"
        why.insert(0, f"without {who}, who {needs} {seconds[slowest]:.3g} s for a gradient")
    if plan.choice.collective != default.choice.collective:
        why.append(f"vectors meet by {plan.choice.collective}")
    if plan.choice.preemption != default.choice.preemption:
        goes_on = plan.choice.preemption == "finish"
        why.append(
            "workers go on while vectors travel" if goes_on else "a broadcast stops old tasks"
        )
    return f"{numbers}: {'; '.join(why)}"


def _named(workers: list[int]) -> str:
    if workers == list(range(workers[0], workers[-1] + 1)):
        return f"workers {workers[0]} to {workers[-1]}"
    if len(workers) <= 3:  # noqa: PLR2004
        return f"workers {', '.join(map(str, workers))}"
    return f"the {len(workers):,} slowest workers"


def _waiting(plan: Planned, slowest: int) -> str:
    idle, wasted = plan.clock.share(State.IDLE), plan.clock.share(State.DISCARD)
    lost = f"{idle:.0%} of all worker time is waiting"
    kind = plan.choice.aggregation
    if kind in {"synchronous", "local"} and not plan.choice.without and idle > wasted:
        return f"{_last(plan, slowest)} holds up every round: {lost}"
    if plan.clock.delay >= 1:
        return f"nobody waits for a round, and gradients are {plan.clock.delay:.3g} updates old"
    if wasted:
        lost += f", {wasted:.0%} is thrown away"
    return lost if kind in {"synchronous", "local", "fastest"} else f"fast workers do more: {lost}"


def _last(plan: Planned, slowest: int) -> str:
    """Return for whom all wait: the slowest worker, unless it loses about as much as others do."""
    if plan.cluster.failures:
        return "whoever is down"
    assert plan.clock.run is not None  # noqa: S101 - for mypy: the plan arrives
    idle, discarded = (plan.clock.run.seconds[state] for state in (State.IDLE, State.DISCARD))
    is_last = idle[slowest] + discarded[slowest] < idle.mean() / 2
    return f"worker {slowest}" if is_last else "whoever is last"
