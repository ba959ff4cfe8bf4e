"""Parts of a shot: athletes, and the exposure of its frames."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.synth.camera import Camera
from fineparser_core.synth.flight import BodyMotion


@dataclass(frozen=True, kw_only=True)
class Athlete:
    """An athlete of the dive.

    Attributes:
        splash: size of the splash, 0 (rip entry) to 1.
        lateral_m: position to the left of the first athlete.
        delay_s: delay of the motion relative to the clip's time.
    """

    motion: BodyMotion
    splash: float
    lateral_m: float = 0.0
    delay_s: float = 0.0

    @property
    def contact_s(self) -> float:
        """Time of the first contact with the water."""
        return self.motion.contact_s + self.delay_s

    @property
    def contact_point(self) -> np.ndarray:
        """Point of the first contact with the water, (3,) meters."""
        motion = self.motion
        return np.array([motion.contact_x, motion.start_velocity[1] * motion.contact_s + self.lateral_m, 0.0])

    def world_joints(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the joints (N, J, 3) and center of mass (N, 3) in meters at times (N,)."""
        joints, center = self.motion.world_joints(time_s - self.delay_s)
        offset = np.array([0.0, self.lateral_m, 0.0])
        return joints + offset, center + offset

    def board_edge(self, time_s: np.ndarray) -> np.ndarray:
        """Return the middle of the front edge of this athlete's board at times (N,): (N, 3) meters."""
        height = self.motion.board_m + self.deflection(time_s)
        return np.stack([np.zeros_like(height), np.full_like(height, self.lateral_m), height], axis=-1)

    def deflection(self, time_s: np.ndarray) -> np.ndarray:
        """Return the displacement of the tip of this athlete's board at times (N,): (N,) meters."""
        return self.motion.approach.deflection(time_s - self.delay_s)


@dataclass(frozen=True, kw_only=True)
class Exposures:
    """Exposure of the frames of a shot.

    Attributes:
        instants: (T, E) instants of the camera at which the shutter is open, by frame.
        time_s: (T,) times of the frames.
        open_s: time during which the shutter is open.
        light: (3,) unit vector towards the lamp.
    """

    camera: Camera
    instants: np.ndarray
    time_s: np.ndarray
    open_s: float
    light: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """(T,) instants of the camera in the middle of each exposure."""
        return np.asarray(self.instants[:, self.instants.shape[1] // 2])
