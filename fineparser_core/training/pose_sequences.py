"""Simulates the keypoints of a dive without rendering frames, about twenty times as fast."""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth import rubric
from fineparser_core.synth.camera import sample_viewpoint
from fineparser_core.synth.ground_truth import select_joints
from fineparser_core.synth.render import DiveSpec, sample_athletes, sample_timing
from fineparser_core.synth.shots import film_athletes

_SIZE_PX = (320, 240)


@dataclass(frozen=True, kw_only=True)
class PoseSequence:
    """The keypoints of a dive in the view of a camera that follows it.

    Attributes:
        joints: (T, 16, 2) float32 in multiples of the image height, in the order of `types.KEYPOINT_NAMES`; NaN under
            water.
        first_flight_frame, first_entry_frame: first frames of the second and the third step.
        qualities: of the three steps, 0..10.
        splash: size of the splash, 0 (rip entry) to 1.
    """

    joints: np.ndarray = field(repr=False)
    first_flight_frame: int
    first_entry_frame: int
    qualities: tuple[float, float, float]
    splash: float


def simulate_poses(spec: DiveSpec, seed: int) -> PoseSequence:
    """Simulate the keypoints of a dive; the same spec and seed give the same result. A synchro partner is omitted.

    Raises:
        ConfigError: the dive number, board or timing is invalid.
    """
    rng = np.random.default_rng([seed, 0x7ACE])
    dive = parse_dive_number(spec.dive_number)
    board_m = find_difficulty(dive, spec.board_m).board_m or 10.0
    qualities = spec.qualities if spec.qualities is not None else rubric.sample_qualities(rng)
    athletes, faults = sample_athletes(dive, board_m, qualities, DiveSpec(dive_number=str(dive)), rng)
    motion = athletes[0].motion
    timing = sample_timing(spec, motion.come_out_s, motion.contact_s, rng)
    viewpoint = sample_viewpoint(board_m, False, rng)
    camera, joints = film_athletes(athletes, timing, 1, viewpoint, False, _SIZE_PX, rng)
    world = select_joints(joints[0], athletes[0].board_edge(timing.time_s()))
    joints_px, _ = camera.project(world, np.arange(timing.n_frames))
    points = ((joints_px + 0.5) / _SIZE_PX[1]).astype(np.float32)
    points[world[..., 2] < 0.0] = np.nan
    return PoseSequence(
        joints=points,
        first_flight_frame=timing.first_flight_frame,
        first_entry_frame=timing.first_entry_frame,
        qualities=qualities,
        splash=faults.splash,
    )
