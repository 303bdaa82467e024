"""Other ways to sample the same trajectories with the same policy.

Each rival is used as well as its interface allows: the policy is one matrix product per step for
all environments, in NumPy, and EnvPool steps only environments whose episode goes on.
"""

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

import mujoco
import numpy as np
import torch
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from mujoco import rollout

from simulator.problems.control.environment import make_environment
from simulator.problems.control.policy import GaussianPolicy
from simulator.problems.control.reinforce import heads
from simulator.problems.control.rollouts.batch import Batch, Floats, Setting, Trajectories
from simulator.randomness import generator

PIECE = 8
"""Environment steps that MuJoCo rolls out from one recorded state."""

Recorded: TypeAlias = list[tuple[int, list[tuple[Floats, Floats, Floats]]]]
"""Of each batch its steps; and states, warm starts and controls of pieces of the same length."""


class Rival(ABC):
    """Samples one batch of trajectories after the other.

    Args:
        setting: the environment and the policy.
        policy: its shape.
        episodes: in a batch.
    """

    def __init__(self, setting: Setting, policy: GaussianPolicy, episodes: int) -> None:
        self.setting, self.policy, self.episodes = setting, policy, episodes
        probe = make_environment(setting.env)
        low, high = probe.action_space.low, probe.action_space.high  # type: ignore[attr-defined]
        self.middle, self.range = (high + low) / 2, (high - low) / 2
        probe.close()

    @abstractmethod
    def sample(self, batch: Batch) -> int:
        """Play the batch; return its environment steps, those after an episode's end not."""

    def close(self) -> None:
        """Free what it holds."""
        return


class _Vector(Rival):
    """All episodes of a batch in lock-step, the weights of each in a stack."""

    def policies(self, batch: Batch) -> "_Policies":
        return _Policies(self, batch)


class _Policies:
    """The policy for one batch: one product per layer, shared or stacked weights."""

    def __init__(self, rival: Rival, batch: Batch) -> None:
        stacked = [list(rival.policy.layers(point)) for point in batch.points]
        if len(batch.points) == 1:
            self._layers = [(w, b) for w, b in stacked[0]]
        else:
            self._layers = [
                (
                    np.stack([point[k][0] for point in stacked]),
                    np.stack([point[k][1] for point in stacked]),
                )
                for k in range(len(stacked[0]))
            ]
        self._shared = len(batch.points) == 1
        self._rng = generator(rival.setting.seed, 0, int(batch.tasks[0]))
        self._rival = rival

    def act(self, observations: Floats, live: Any = slice(None)) -> Floats:
        """Return actions, (k, a), for the environments ``live``."""
        x = observations.astype(np.float32)
        *layers, mean, deviation = (
            layer if self._shared else (layer[0][live], layer[1][live]) for layer in self._layers
        )
        for layer in layers:
            x = np.tanh(self._affine(x, layer))
        center, spread = self._affine(x, mean), np.logaddexp(0, self._affine(x, deviation))
        noise = self._rng.standard_normal(center.shape, dtype=np.float32)
        actions: Floats = self._rival.middle + self._rival.range * np.tanh(center + spread * noise)
        return actions

    def _affine(self, x: Floats, layer: tuple[Floats, Floats]) -> Floats:
        weight, bias = layer
        product = x @ weight if self._shared else (x[:, None, :] @ weight)[:, 0]
        result: Floats = product + bias
        return result


class GymnasiumVector(_Vector):
    """Gymnasium's vector environments, in one process or one process each."""

    def __init__(self, *args: Any, kind: type[SyncVectorEnv | AsyncVectorEnv]) -> None:
        super().__init__(*args)
        makers = [lambda: make_environment(self.setting.env)] * self.episodes
        self._env = kind(makers)  # it goes on stepping whose episode has ended

    def sample(self, batch: Batch) -> int:
        policies, steps = self.policies(batch), 0
        observations, _ = self._env.reset(seed=int(batch.tasks[0]))
        live = np.ones(self.episodes, dtype=bool)
        for _ in range(self.setting.horizon):
            seen = self._env.step(policies.act(observations))
            observations, _, terminated, truncated, _ = seen
            steps += int(live.sum())
            live &= ~(terminated | truncated)
            if not live.any():
                break
        return steps

    def close(self) -> None:
        self._env.close()


class EnvPool(_Vector):
    """EnvPool with two threads; its environments are its own C++ and MuJoCo.

    Args:
        args: as for every rival.
        threads: of EnvPool.
        all_step: step all environments until the last episode ends, the plain use; else only
            those whose episode goes on.
    """

    def __init__(self, *args: Any, threads: int = 2, all_step: bool = False) -> None:
        super().__init__(*args)
        self._all_step = all_step
        import envpool  # noqa: PLC0415 - the extra `bench`

        self._env = envpool.make_gymnasium(
            self.setting.env, num_envs=self.episodes, num_threads=threads
        )

    def sample(self, batch: Batch) -> int:
        policies, steps = self.policies(batch), 0
        stepped = np.arange(self.episodes, dtype=np.int32)
        live = np.ones(self.episodes, dtype=bool)
        observations, _ = self._env.reset()
        while live.any():
            actions = policies.act(observations, stepped).astype(np.float64)
            self._env.send(actions, stepped)
            observations, _, terminated, truncated, info = self._env.recv()
            stepped = info["env_id"]
            steps += int(live[stepped].sum())
            going = ~(terminated | truncated)
            live[stepped] &= going
            if not self._all_step:
                stepped, observations = stepped[going], observations[going]
        return steps

    def close(self) -> None:
        self._env.close()


class OneAtATime(Rival):
    """One Gymnasium environment and a torch policy, step by step: how it is usually written."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._env: Any = make_environment(self.setting.env)

    def sample(self, batch: Batch) -> int:
        return sum(self._episode(batch, k) for k in range(self.episodes))

    def _episode(self, batch: Batch, k: int) -> int:
        theta = torch.from_numpy(batch.points[batch.point[k]])
        normal: Any = torch.distributions.Normal
        middle, half_range = torch.from_numpy(self.middle), torch.from_numpy(self.range)
        observation, _ = self._env.reset(seed=int(batch.tasks[k]) * self.episodes + k)
        steps, ended = 0, False
        with torch.no_grad():
            while not ended and steps < self.setting.horizon:
                seen = torch.as_tensor(observation, dtype=torch.float32)
                u = normal(*heads(self.policy, theta, seen)).sample()
                action = (middle + half_range * torch.tanh(u)).numpy()
                observation, _, terminated, truncated, _ = self._env.step(action)
                steps, ended = steps + 1, terminated or truncated
        return steps

    def close(self) -> None:
        self._env.close()


class OpenLoop(Rival):
    """The limit: MuJoCo's own threads step recorded states with recorded actions, nothing else.

    The recording is made beforehand: the same trajectories are played in Gymnasium's environments,
    with the full state and the solver's warm start at every step. Pieces of :data:`PIECE` steps
    are rolled out together, so that the threads are always busy.

    Args:
        args: as of every rival.
        threads: how many step.
        recorded: what another one records, for both.
    """

    def __init__(self, *args: Any, threads: int, recorded: Recorded | None = None) -> None:
        super().__init__(*args)
        base: Any = make_environment(self.setting.env).unwrapped
        self._env = base
        self._model, self._skip = base.model, base.frame_skip
        self._pool = rollout.Rollout(nthread=threads)
        self._datas = [mujoco.MjData(self._model) for _ in range(threads)]
        self.recorded: Recorded = [] if recorded is None else recorded

    def record(self, batch: Batch, sampled: Trajectories) -> None:
        """Add a batch to what will be rolled out, with what was sampled of it."""
        starts: dict[int, list[tuple[Floats, Floats, Floats]]] = {}
        for k, one in enumerate(sampled.each()):
            actions = (self.middle + self.range * np.tanh(one.u)).astype(np.float32)
            self._replay(batch, k, actions, starts)
        pieces = [
            tuple(np.stack(column) for column in zip(*same, strict=True))
            for same in starts.values()
        ]
        self.recorded.append((len(sampled.rewards), pieces))  # type: ignore[arg-type]

    def sample(self, batch: Batch) -> int:
        steps, pieces = self.recorded[int(batch.tasks[0]) % len(self.recorded)]
        for states, warm_starts, controls in pieces:
            self._pool.rollout(
                self._model,
                self._datas,
                states,
                controls,
                initial_warmstart=warm_starts,
                skip_checks=False,
            )
        return steps

    def close(self) -> None:
        self._pool.close()

    def _replay(self, batch: Batch, k: int, actions: Floats, starts: dict[int, list[Any]]) -> None:
        rng = generator(self.setting.seed, int(batch.workers[k]), int(batch.tasks[k]))
        self._env.reset(seed=int(rng.integers(2**31)))
        data = self._env.data
        kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
        for first in range(0, len(actions), PIECE):
            piece = actions[first : first + PIECE].astype(np.float64)
            state = np.empty(mujoco.mj_stateSize(self._model, kind))
            mujoco.mj_getState(self._model, data, state, kind)
            control = np.repeat(piece, self._skip, axis=0)
            starts.setdefault(len(piece), []).append((state, data.qacc_warmstart.copy(), control))
            for action in piece:
                self._env.step(action)
