"""The world: time models, network, workers, problems, timeline and histories."""

from simulator.accounting.columns import Update
from simulator.accounting.history import DivergedError, History
from simulator.accounting.staleness import Staleness
from simulator.accounting.timeline import Intervals, State
from simulator.evaluation import Evaluation
from simulator.hardware.compute import ComputeModel, ComputeTimes, OwnFactors, power_law
from simulator.hardware.hardware import Hardware
from simulator.hardware.network import Network, NetworkModel
from simulator.hardware.transfers import Transfers
from simulator.interface import Cluster, Iterate, Moment, Round, Trials, When
from simulator.loop.cluster import SimulatedCluster
from simulator.loop.tasks import Task
from simulator.problem import Estimate, Problem, Request, Variants
from simulator.promises.checkpoint import Checkpoint
from simulator.simulate import Run, simulate
from simulator.types import Count, Factor, Indices, Kept, Momentum, Positive, Process, Vector, Whole
from simulator.watch import StalledError

__all__ = [
    "Checkpoint",
    "Cluster",
    "ComputeModel",
    "ComputeTimes",
    "Count",
    "DivergedError",
    "Estimate",
    "Evaluation",
    "Factor",
    "Hardware",
    "History",
    "Indices",
    "Intervals",
    "Iterate",
    "Kept",
    "Moment",
    "Momentum",
    "Network",
    "NetworkModel",
    "OwnFactors",
    "Positive",
    "Problem",
    "Process",
    "Request",
    "Round",
    "Run",
    "SimulatedCluster",
    "Staleness",
    "StalledError",
    "State",
    "Task",
    "Transfers",
    "Trials",
    "Update",
    "Variants",
    "Vector",
    "When",
    "Whole",
    "power_law",
    "simulate",
]
