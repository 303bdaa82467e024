"""Scenarios to tune, and tries with made-up scores."""

from pathlib import Path

import numpy as np
from commands import write_scenario

from scenarios.studies.tuning.tune import Try

TABLE = """
[tune]
step_size = [0.01, 1e308, 0.1]
momentum = [0.1]
batch = [2, 4]
"""

BOWL = """
title = "x goes to 1"
seeds = [0]
updates = 9

[tune]
step_size = {steps}
{more}

[cluster]
workers = 2
compute = {{ model = "power", scale = 1.0 }}

[problem]
kind = "quadratic"
dimension = 1
condition = 1.0

[[methods]]
name = "synchronous-pg"
step_size = 0.125
"""
"""J = x - x^2/2 without noise: each update multiplies 1 - x by 1 - step_size."""

NIGT = '\n[[methods]]\nname = "synchronous-nigt"\nmomentum = 1.0\nstep_size = 0.125\n'


def with_table(folder: Path, table: str = TABLE) -> Path:
    return write_scenario(folder, ("updates = 40\n", f"updates = 40\n{table}"))


def bowl(folder: Path, steps: list[float], more: str = "", methods: str = "") -> Path:
    file = folder / "bowl.toml"
    file.write_text(BOWL.format(steps=steps, more=more) + methods)
    return file


def made_up(*scores: list[float], index: int = 0, **values: float) -> Try:
    return Try("afedpg", values, index, [np.array(row) for row in scores])
