"""The world: time models, network, workers, problems, timeline and histories."""

from simulator.checkpoint import Checkpoint
from simulator.cluster import Cluster
from simulator.evaluation import Evaluation
from simulator.gradients import Task
from simulator.hardware.compute import ComputeModel, power_law
from simulator.hardware.hardware import Hardware
from simulator.hardware.network import Network
from simulator.history import DivergedError, History, Update
from simulator.problem import Estimate, Problem, Request, Variants
from simulator.simulate import Run, simulate
from simulator.timeline import Intervals, State
from simulator.types import Count, Indices, Momentum, Positive, Process, Vector

__all__ = [
    "Checkpoint",
    "Cluster",
    "ComputeModel",
    "Count",
    "DivergedError",
    "Estimate",
    "Evaluation",
    "Hardware",
    "History",
    "Indices",
    "Intervals",
    "Momentum",
    "Network",
    "Positive",
    "Problem",
    "Process",
    "Request",
    "Run",
    "State",
    "Task",
    "Update",
    "Variants",
    "Vector",
    "power_law",
    "simulate",
]
