"""The joints of a dive without its pixels: a thousand dives for what rendering fifty takes."""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.synth import rubric
from fineparser_core.synth.camera import draw_viewpoint
from fineparser_core.synth.render import DiveSpec, draw_athletes, draw_timing
from fineparser_core.synth.shots import shoot
from fineparser_core.synth.truth import pick_joints

_SIZE_PX = (320, 240)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A dive as one camera that follows it sees it.

    Attributes:
        joints: (T, 16, 2) float32 in heights of the picture, in the order of `types.TRUTH_JOINTS`; NaN under water.
        first_flight_frame, first_entry_frame: first frames of the second and third step.
        qualities: of the three steps, 0..10.
        splash: 0 a rip .. 1 very large.
    """

    joints: np.ndarray = field(repr=False)
    first_flight_frame: int
    first_entry_frame: int
    qualities: tuple[float, float, float]
    splash: float


def trace_dive(spec: DiveSpec, seed: int) -> Trace:
    """The joints of a dive; the same spec and seed give the same ones. A synchro partner is left out.

    Raises:
        ConfigError: a dive number, board or timing that cannot be used.
    """
    rng = np.random.default_rng([seed, 0x7ACE])
    dive = parse_dive_number(spec.dive_number)
    board_m = find_difficulty(dive, spec.board_m).board_m or 10.0
    qualities = spec.qualities if spec.qualities is not None else rubric.draw_qualities(rng)
    athletes, faults = draw_athletes(dive, board_m, qualities, False, rng)
    motion = athletes[0].motion
    timing = draw_timing(spec, motion.come_out_s, motion.contact_s, rng)
    camera, joints = shoot(athletes, timing, 1, draw_viewpoint(board_m, False, rng), False, _SIZE_PX, rng)
    world = pick_joints(joints[0], athletes[0].board_edge(timing.time_s()))
    seen, _ = camera.project(world, np.arange(timing.n_frames))
    points = ((seen + 0.5) / _SIZE_PX[1]).astype(np.float32)
    points[world[..., 2] < 0.0] = np.nan
    return Trace(
        joints=points,
        first_flight_frame=timing.first_flight_frame,
        first_entry_frame=timing.first_entry_frame,
        qualities=qualities,
        splash=faults.splash,
    )
