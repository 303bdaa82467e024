"""Episodes once more, in Gymnasium's own environment, to be drawn; drawing needs OpenGL."""

from dataclasses import dataclass
from typing import Any

import gymnasium
import mujoco
import numpy as np
import numpy.typing as npt
from gymnasium.envs.mujoco import MujocoEnv
from gymnasium.spaces import Discrete

from simulator.problems.control.policy import Floats

Picture = npt.NDArray[np.uint8]
"""Shape (height, width, 3)."""

FLAGS = (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION)
"""What is left out of pictures: without a graphics card it takes nine tenths of the time."""


class NoPictureError(RuntimeError):
    """The environment cannot be drawn; the message says why."""


@dataclass(frozen=True)
class Episode:
    """What an episode is made of.

    Attributes:
        start: the seed of the environment's reset.
        actions: of the policy, one per step.
    """

    start: int
    actions: Floats


class Screen:
    """Steps an episode, and draws where it is.

    MuJoCo's environments are drawn by MuJoCo, from the camera that Gymnasium has for them; others
    draw themselves.

    Args:
        environment: made with ``render_mode="rgb_array"``.
        width: of a picture, in pixels; environments that draw themselves decide it.
        height: the same.

    Attributes:
        made: steps of the episode so far.
        reward: their sum.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any], width: int, height: int) -> None:
        self._environment = environment
        self._base: Any = environment.unwrapped
        self._renderer: Any = None
        space = environment.action_space
        self._shape = None if isinstance(space, Discrete) else space.shape
        if isinstance(self._base, MujocoEnv):
            size = self._base.model.vis.global_
            size.offwidth, size.offheight = width, height
            self._renderer = mujoco.Renderer(self._base.model, height, width)
            for flag in FLAGS:
                self._renderer.scene.flags[flag] = 0

    def begin(self, episode: Episode) -> None:
        """Start an episode."""
        self._environment.reset(seed=episode.start)
        self._actions = episode.actions
        self.made, self.reward = 0, 0.0
        if self._renderer is not None:
            self._camera = self._gymnasiums_camera()

    def go_to(self, step: int) -> None:
        """Make the steps that are missing before ``step``; the episode's last one at most."""
        for action in self._actions[self.made : step]:
            taken = action if self._shape is None else action.reshape(self._shape)
            _, reward, *_ = self._environment.step(taken)
            self.reward += float(reward)
            self.made += 1

    def picture(self) -> Picture:
        """Return where the episode is.

        Raises:
            NoPictureError: the environment does not draw itself.
        """
        if self._renderer is not None:
            self._renderer.update_scene(self._base.data, self._camera)
            drawn: Picture = self._renderer.render()
            return drawn
        try:
            picture = self._environment.render()
        except Exception as error:
            raise NoPictureError(str(error)) from error
        if not isinstance(picture, np.ndarray):
            raise NoPictureError("it has no render_mode 'rgb_array'")
        return picture.astype(np.uint8)

    def close(self) -> None:
        """Close the environment."""
        if self._renderer is not None:
            self._renderer.close()
        self._environment.close()

    def _gymnasiums_camera(self) -> Any:  # noqa: ANN401 - a number, or MuJoCo's own class
        """Return the camera ``track``, if there is one; else a free one, as Gymnasium sets it."""
        model, data = self._base.model, self._base.data
        number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, "track")
        if number >= 0:
            return number
        camera = mujoco.MjvCamera()
        camera.lookat[:] = np.median(data.geom_xpos, axis=0)
        camera.distance = model.stat.extent
        for name, value in (self._base.mujoco_renderer.default_cam_config or {}).items():
            if isinstance(value, np.ndarray):
                getattr(camera, name)[:] = value
            else:
                setattr(camera, name, value)
        return camera
