"""Finite Markov decision processes, and what linear solves say about them."""

from dataclasses import dataclass

import numpy as np

from simulator.types import Vector


@dataclass(frozen=True)
class MDP:
    """A finite Markov decision process.

    Attributes:
        transitions: shape (S, A, S), P(s' | s, a); each row sums to 1.
        rewards: shape (S, A), r(s, a); zero in terminal states.
        start: shape (S,), the distribution of s_0.
        terminal: shape (S,), states where a trajectory ends; they lead to themselves.
    """

    transitions: Vector
    rewards: Vector
    start: Vector
    terminal: Vector

    def exact(self, policy: Vector, discount: float) -> tuple[float, Vector]:
        """Return J and its derivative by the logits of a softmax policy.

        J = rho' (I - gamma P_pi)^-1 r_pi, and dJ/dtheta[s, a] = d(s) pi(a|s) (Q(s, a) - V(s)) with
        the discounted visits d = (I - gamma P_pi')^-1 rho (Sutton et al., NeurIPS 1999).

        Args:
            policy: shape (S, A), pi(a | s).
            discount: gamma < 1.

        Returns:
            J, and the gradient, shape (S, A).
        """
        states = len(self.start)
        moves = np.einsum("sa,sat->st", policy, self.transitions)
        system = np.eye(states) - discount * moves
        values = np.linalg.solve(system, np.einsum("sa,sa->s", policy, self.rewards))
        visits = np.linalg.solve(system.T, self.start)
        advantages = self.rewards + discount * self.transitions @ values - values[:, None]
        return float(self.start @ values), visits[:, None] * policy * advantages


def random_mdp(states: int, actions: int, seed: int) -> MDP:
    """Return an MDP with transitions from a flat Dirichlet and rewards uniform in [0, 1].

    It has no terminal state, and starts anywhere.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    return MDP(
        transitions=rng.dirichlet(np.ones(states), (states, actions)),
        rewards=rng.random((states, actions)),
        start=np.full(states, 1 / states),
        terminal=np.zeros(states),
    )


def grid_world(rows: int, columns: int, goal: tuple[int, int], slip: float) -> MDP:
    """Return a grid whose goal gives reward 1 and ends the trajectory.

    Actions 0..3 go up, right, down, left; at a wall one stays. With probability ``slip`` the move
    is a random one of the four. What a step is paid is the mean over these moves: the probability
    that it leads to the goal, whether it does or not. It starts anywhere but at the goal.
    """
    states = rows * columns
    target = goal[0] * columns + goal[1]
    moves = np.zeros((states, 4, states))
    for row in range(rows):
        for column in range(columns):
            for action, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
                to_row = min(max(row + down, 0), rows - 1)
                to_column = min(max(column + right, 0), columns - 1)
                moves[row * columns + column, action, to_row * columns + to_column] = 1.0
    moves = (1 - slip) * moves + slip * moves.mean(axis=1, keepdims=True)
    moves[target] = np.eye(states)[target]
    rewards = moves[:, :, target].copy()
    rewards[target] = 0.0
    terminal = np.eye(states)[target]
    start = (1 - terminal) / max(states - 1, 1)
    return MDP(moves, rewards, start, terminal)
