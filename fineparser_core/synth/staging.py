"""What a shot shows, and the interface of what draws it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fineparser_core.synth.body_mesh import BodyMesh
from fineparser_core.synth.camera import Camera
from fineparser_core.synth.flight import BodyMotion
from fineparser_core.synth.splash import Splash

#: Time after the contact during which the submerged athlete is visible.
VISIBLE_UNDER_WATER_S = 1.2
# Least opacity, of 255, at which the splash hides the athlete from the mask.
_SPLASH_OPAQUE = 190


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """An athlete of the dive.

    Attributes:
        splash: size of the splash, 0 (rip entry) to 1.
        lateral_m: position to the left of the first athlete.
        delay_s: delay of the motion relative to the clip's time.
        mesh: the skin, for a stage that draws one.
    """

    motion: BodyMotion
    splash: float
    lateral_m: float = 0.0
    delay_s: float = 0.0
    mesh: BodyMesh | None = None

    @property
    def contact_s(self) -> float:
        """Time of the first contact with the water."""
        return self.motion.contact_s + self.delay_s

    @property
    def contact_point(self) -> np.ndarray:
        """Point of the first contact with the water, (3,) metres."""
        motion = self.motion
        return np.array([motion.contact_x, motion.start_velocity[1] * motion.contact_s + self.lateral_m, 0.0])

    def world_joints(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints (N, J, 3) and centre of mass (N, 3) in metres at times (N,)."""
        joints, centre = self.motion.world_joints(time_s - self.delay_s)
        offset = np.array([0.0, self.lateral_m, 0.0])
        return joints + offset, centre + offset

    def board_edge(self, time_s: np.ndarray) -> np.ndarray:
        """Middle of the front edge of this athlete's board at times (N,): (N, 3) metres."""
        height = self.motion.board_m + self.deflection(time_s)
        return np.stack([np.zeros_like(height), np.full_like(height, self.lateral_m), height], axis=-1)

    def deflection(self, time_s: np.ndarray) -> np.ndarray:
        """Displacement of the tip of this athlete's board at times (N,): (N,) metres."""
        return self.motion.approach.deflection(time_s - self.delay_s)


class Stage(Protocol):
    """Draws the surroundings and the athletes of one shot, frame by frame."""

    def draw(self, frame: int) -> np.ndarray:
        """The surroundings: (H, W, 3) uint8 RGB, a new array."""

    def draw_athletes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the athletes over image (H, W, 3) with motion blur and add them to the mask (H, W), in place."""

    def draw_splashes(self, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
        """Draw the splashes over image (H, W, 3) and clear the mask (H, W) under them, in place."""


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """What a stage is made of.

    Attributes:
        athletes: the one nearest to the camera first.
        joints: for each athlete (N, J, 3) metres at all instants of the camera.
        exposed: (T, E) instants of the camera at which the shutter is open, by frame.
        time_s: (T,) times of the frames.
        exposure_s: time during which the shutter is open.
        light: (3,) unit vector towards the lamp.
    """

    athletes: list[Athlete]
    joints: list[np.ndarray]
    camera: Camera
    exposed: np.ndarray
    time_s: np.ndarray
    exposure_s: float
    light: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """(T,) instants of the camera in the middle of each exposure."""
        return np.asarray(self.exposed[:, self.exposed.shape[1] // 2])

    @property
    def boards(self) -> list[tuple[float, np.ndarray]]:
        """For each athlete the lateral position of the board and the displacement (T,) of its tip, metres."""
        return [(athlete.lateral_m, athlete.deflection(self.time_s)) for athlete in self.athletes]

    def splash(self, athlete: Athlete, rng: np.random.Generator) -> Splash:
        """The splash of an athlete."""
        since = self.time_s - athlete.contact_s
        return Splash(self.camera, self.middle, athlete.contact_point, athlete.splash, since, self.exposure_s, rng)


StageMaker = Callable[[Scenery, np.random.Generator], AbstractContextManager[Stage]]
"""Makes the stage of one shot; leaving the context frees what it has loaded."""


def cover_by_splash(splash: Splash, image: np.ndarray, mask: np.ndarray, frame: int) -> None:
    """Draw a splash over image (H, W, 3) and clear the mask (H, W) under it, in place."""
    cover = splash.paint(image, frame)
    if cover is not None:
        mask[cover > _SPLASH_OPAQUE] = 0
