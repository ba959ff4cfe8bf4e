"""The athlete's skeleton on a frame: which joints are connected, and how sure each is. No drawing library.

The window and the exports draw the same bones; an unseen joint is left out, an unsure joint is faint.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.records import MaskTrack

LEFT, RIGHT, MIDDLE = "left", "right", "middle"
#: #rrggbb by the athlete's side: distinguishable with any color vision.
SIDE_COLORS = {LEFT: "#FFD84D", RIGHT: "#4DD2FF", MIDDLE: "#FFFFFF"}

#: Confidences between which a joint fades in.
_FADE_FROM, _FADE_TO = 0.1, 0.45
#: Longest gap between samples over which a joint is interpolated, in frames of the source.
_MOST_GAP = 12
_INDEX = {name: at for at, name in enumerate(KEYPOINT_NAMES)}
_CHAINS = (("shoulder", "elbow", "wrist"), ("shoulder", "hip", "knee", "ankle", "toe"))
_PAIRS = (
    *(
        (_INDEX[f"{first}_{side[0]}"], _INDEX[f"{second}_{side[0]}"], side)
        for side in (LEFT, RIGHT)
        for chain in _CHAINS
        for first, second in pairwise(chain)
    ),
    (_INDEX["shoulder_l"], _INDEX["shoulder_r"], MIDDLE),
    (_INDEX["hip_l"], _INDEX["hip_r"], MIDDLE),
)


@dataclass(frozen=True)
class Bone:
    """A line between two joints.

    Attributes:
        start, end: x, y in pixels of the source frame.
        side: LEFT or RIGHT of the athlete, or MIDDLE.
        opacity: by the less sure of its joints, above 0 to 1.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    side: str
    opacity: float


def joints_at(track: MaskTrack, frame: int) -> np.ndarray | None:
    """Return the joints of a source frame, (16, 3) float32 x, y and confidence, interpolated between samples.

    None without any.
    """
    joints, sampled = track.joints, track.sampled_frames
    if joints is None or not sampled[0] <= frame <= sampled[-1]:
        return None
    after = int(np.searchsorted(sampled, frame))
    if sampled[after] == frame:
        return np.asarray(joints[after])
    before = after - 1
    gap = int(sampled[after] - sampled[before])
    if gap > _MOST_GAP:
        return None
    share = np.float32((frame - sampled[before]) / gap)
    between = (1 - share) * joints[before] + share * joints[after]
    between[:, 2] = np.minimum(joints[before, :, 2], joints[after, :, 2])
    return np.asarray(between)


def bones_of(joints: np.ndarray) -> list[Bone]:
    """Return the bones that are seen, of joints (16, 3)."""
    opacity = np.clip((joints[:, 2] - _FADE_FROM) / (_FADE_TO - _FADE_FROM), 0, 1)
    bones = [_bone(joints[first], joints[second], side, opacity[[first, second]]) for first, second, side in _PAIRS]
    shoulders = [_INDEX["shoulder_l"], _INDEX["shoulder_r"]]
    head = _INDEX["head"]
    bones.append(_bone(joints[shoulders].mean(axis=0), joints[head], MIDDLE, opacity[[*shoulders, head]]))
    return [bone for bone in bones if bone.opacity > 0]


def _bone(start: np.ndarray, end: np.ndarray, side: str, opacity: np.ndarray) -> Bone:
    ends = (float(start[0]), float(start[1])), (float(end[0]), float(end[1]))
    return Bone(*ends, side, float(opacity.min()))
