"""A backbone for the static stream that sees the athlete's pose: joints first, then what a judge reads off them.

Not in the paper, whose static encoder is a ResNet: off in every preset of it. A ResNet's feature of a frame says little
about a knee that is bent by ten degrees; joints do, and joints can be taught by dives that need no pixels.
"""

import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES
from fineparser_core.models.joint_maps import COARSE_SIZE, FOUND, JOINTS, JointMaps, PoseTrack, agreed, with_neighbours
from fineparser_core.models.layers import DilatedConvs
from fineparser_core.models.temporal_parser import N_TRANSITIONS
from fineparser_core.models.upright_look import BODY, UprightLook

#: Of a frame as it is looked at: its joints, the logit of being in the water, and the size of the splash.
LOOK = FOUND * len(JOINTS) + 2
_CHAINS = (
    ("neck", "hip", "knee"), ("hip", "knee", "ankle"), ("knee", "ankle", "toe"),
    ("hip", "shoulder", "elbow"), ("shoulder", "elbow", "wrist"),
)  # fmt: skip
_LIMBS = (
    ("neck", "pelvis"), ("ankle", "pelvis"), ("wrist", "toe"), ("wrist", "neck"), ("head", "neck"),
    ("toe", "ankle"), ("wrist", "ankle"), ("knee", "pelvis"), ("ankle", "knee"),
)  # fmt: skip
_GAPS = ("ankle", "knee", "wrist", "elbow", "shoulder", "hip", "toe")
# Usual sizes, by which angles (radians), limbs and gaps (pixels) come near one.
_ANGLE, _LIMB_PX, _GAP_PX = 1.5, 45.0, 20.0
_FROM_BOARD = ("pelvis", "toe", "wrist")
_LARGEST = 4.0
_SHOWN = 0.5  # from which on a joint counts in full
#: Features of a frame: `pose_features`, then whether the athlete is in the water, and the size of the splash.
POSE_FEATURES = 3 * len(_CHAINS) + 4 * len(_LIMBS) + len(_GAPS) + 1 + 3 * len(_FROM_BOARD) + len(JOINTS) + 2


class PoseSteps(DilatedConvs):
    """Where in a clip the steps begin, by its poses: features (B, T, POSE_FEATURES) to logits (B, T, 2).

    PSNet knows a sample only as one of the sixteen of a window, whose feature is their mean; joints are known of every
    sample.
    """

    def __init__(self) -> None:
        super().__init__(POSE_FEATURES, N_TRANSITIONS, reaches=(1, 2, 4, 8, 16))


class PoseReader(nn.Linear):
    """Features of poses (..., POSE_FEATURES) to those that are cut into steps (..., out_size), and behind these
    themselves, float32.

    Each sample is seen together with those around it: what is wrong with a take-off shows in the first moments of the
    flight, too, which are no samples of that step. The samples are those of whole clips, as of `PoseBackbone`.
    """

    def __init__(self, out_size: int) -> None:
        super().__init__(POSE_FEATURES, out_size)
        self.context = DilatedConvs(POSE_FEATURES, out_size, reaches=(1, 2, 4, 8))

    def forward(self, seen: Tensor) -> Tensor:
        clips = seen if seen.ndim > 2 else seen.unflatten(0, (-1, _clip_length(seen)))
        with _in_full_precision(seen):
            features: Tensor = super().forward(clips) + self.context(clips)
        return torch.cat([features.view(*seen.shape[:-1], -1), seen.float()], dim=-1)


class PoseBackbone(JointMaps):
    """Frames of one clip or more, (N, 3, 112, 112) float32, ImageNet-normalised, to features (N, POSE_FEATURES).

    Every frame is seen together with the one before and the one after it, and mirrored, too. Clips have 96 frames;
    another number of frames is one clip.

    Args:
        upright: whether it looks once more where it has found the body, see `UprightLook`.
    """

    def __init__(self, *, upright: bool = False) -> None:
        super().__init__()
        self.aux = nn.Linear(2 * COARSE_SIZE, 5)
        self.track = PoseTrack()
        self.upright = UprightLook() if upright else None

    def start_upright(self) -> None:
        """An upright look that has learned nothing starts as the first look, which finds the same in smaller bodies.

        Its tracks start at zero: those of the first look make finer joints worse.
        """
        if self.upright is not None and not self.upright.told.weight.any():
            maps = {name: value for name, value in self.state_dict().items() if not name.startswith("track.")}
            self.upright.load_state_dict(maps, strict=False)

    def maps(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Frames with their neighbours, (N, 9, 112, 112), to logits of where each joint is, (N, 16, 28, 28), and to
        logits of the three steps and of being in the water, and the size of the splash, (N, 5)."""
        maps, coarse = self.joint_maps(seen)
        return maps, self.aux(torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1))

    def look(self, frames: Tensor) -> Tensor:
        """(N, LOOK) float32 of frames (N, 3, 112, 112): of each joint x, y and spread in pixels and the logit that it
        is shown; then the logit of being in the water, and the size of the splash.

        The network runs in the caller's precision: what a score rests on needs float32, see `_in_full_precision`.
        """
        looks = []
        for clip in frames.split(_clip_length(frames)):
            maps, more = (out.float() for out in self.maps(with_neighbours(clip)))
            looks.append(torch.cat([self.found(maps).flatten(1), more[:, 3:]], dim=1))
        return torch.cat(looks)

    def look_both_ways(self, frames: Tensor) -> Tensor:
        """As `look`, of the frames and of their mirror images, whose joints are wrong in other ways: each joint where
        the two say, by how narrowly they do. A mirrored clip gives mirrored joints."""
        straight, mirrored = self.look(frames), self.look(frames.flip(-1))
        joints = agreed(*(seen[:, :-2].unflatten(1, (len(JOINTS), FOUND)) for seen in (straight, mirrored)))
        return torch.cat([joints.flatten(1), (straight[:, -2:] + mirrored[:, -2:]) / 2], dim=1)

    def look_upright(self, frames: Tensor, looks: Tensor) -> Tensor:
        """Looks (N, LOOK) of frames (N, 3, 112, 112), once more in squares around the body: but for the board, joints
        are found anew. Without an `upright` they stay what they are."""
        if self.upright is None:
            return looks
        length, found = _clip_length(frames), looks[:, :-2].unflatten(1, (len(JOINTS), FOUND))
        tracked = self.first_tracked(looks.unflatten(0, (-1, length)))
        clips = zip(frames.split(length), tracked, strict=True)
        body = torch.cat([self.upright.look(clip, joints) for clip, joints in clips])
        return torch.cat([body.flatten(1), found[:, BODY:].flatten(1), looks[:, -2:]], dim=1)

    def last_look(self, frames: Tensor) -> Tensor:
        """`look_both_ways`, and upright where there is such a look."""
        return self.look_upright(frames, self.look_both_ways(frames))

    @property
    def last_track(self) -> PoseTrack:
        """Of the last looks."""
        return self.track if self.upright is None else self.upright.track

    def first_tracked(self, looks: Tensor) -> Tensor:
        """Looks of clips (B, T, LOOK), not upright ones, to joints (B, T, 16, 3), see `PoseTrack`."""
        joints: Tensor = self.track(looks[..., :-2].unflatten(-1, (len(JOINTS), FOUND)))
        return joints

    def tracked(self, looks: Tensor) -> Tensor:
        """As `first_tracked`, of the last looks."""
        joints: Tensor = self.last_track(looks[..., :-2].unflatten(-1, (len(JOINTS), FOUND)))
        return joints

    def features(self, looks: Tensor) -> Tensor:
        """Looks of clips (B, T, LOOK), the last ones, to features (B, T, POSE_FEATURES)."""
        return clip_features(self.tracked(looks), looks[..., -2:])

    def forward(self, frames: Tensor) -> Tensor:
        with _in_full_precision(frames):
            looks = self.last_look(frames)
            return self.features(looks.unflatten(0, (-1, _clip_length(looks)))).flatten(0, 1)


def _in_full_precision(seen: Tensor) -> torch.autocast:
    """Half precision would move joints by half a pixel, scores by a point. Autocast does not know the meta device."""
    return torch.autocast("cpu" if seen.is_meta else seen.device.type, enabled=False)


def _clip_length(frames: Tensor) -> int:
    return N_SAMPLES if len(frames) % N_SAMPLES == 0 else len(frames)


def clip_features(tracked: Tensor, more: Tensor) -> Tensor:
    """Tracked joints (B, T, 16, 3) and the rest of a look (B, T, 2) to features (B, T, POSE_FEATURES)."""
    pose, wet = pose_features(tracked[..., :2], tracked[..., 2].sigmoid()), more[..., 0].sigmoid()
    return torch.cat([pose, torch.stack([wet, more[..., 1] * wet], dim=-1)], dim=-1)


def pose_features(joints: Tensor, shown: Tensor) -> Tensor:
    """Angles, directions and gaps of poses, and the way from the board; the same for a mirrored pose.

    But for which joints are shown, they are the same for left and right swapped, too.

    What rests on a joint that is hardly shown fades to 0; how well each is shown is among the features.

    Args:
        joints: (..., 16, 2) in pixels of the frame.
        shown: (..., 16) 0..1.

    Returns: (..., POSE_FEATURES - 2).
    """
    places = {name: joints[..., i, :] for i, name in enumerate(JOINTS)}
    # How sure the backbone is of a joint that it finds says nothing of an angle there.
    seen = {name: (shown[..., i] / _SHOWN).clamp(max=1) for i, name in enumerate(JOINTS)}
    for name in _GAPS:
        places[name] = (places[f"{name}_l"] + places[f"{name}_r"]) / 2
        seen[name] = torch.minimum(seen[f"{name}_l"], seen[f"{name}_r"])
    for name, other in (("neck", "shoulder"), ("pelvis", "hip")):
        places[name], seen[name] = places[other], seen[other]
    found = []
    for chain in _CHAINS:
        sides = [[name if name == "neck" else f"{name}_{side}" for name in chain] for side in "lr"]
        left, right = (_angle(*(places[name] for name in side)) / _ANGLE for side in sides)
        weight = torch.stack([seen[name] for side in sides for name in side]).amin(dim=0)
        found += [(left + right) / 2 * weight, (left - right).abs() * weight, weight]
    for a, b in _LIMBS:
        weight = torch.minimum(seen[a], seen[b])
        way = places[a] - places[b]
        length = way.norm(dim=-1).clamp_min(1e-2)
        found += [
            way[..., 0].abs() / length * weight,
            way[..., 1] / length * weight,
            length / _LIMB_PX * weight,
            weight,
        ]
    for name in _GAPS:
        found.append((places[f"{name}_l"] - places[f"{name}_r"]).norm(dim=-1) / _GAP_PX * seen[name])
    bend = (places["toe"] - places["pelvis"]).norm(dim=-1) / _LIMB_PX
    found.append(bend * torch.minimum(seen["pelvis"], seen["toe"]))
    for name in _FROM_BOARD:
        weight = torch.minimum(seen[name], seen["board"])
        way = (places[name] - places["board"]) / _LIMB_PX
        found += [way[..., 0].abs() * weight, way[..., 1] * weight, weight]
    features = torch.cat([torch.stack(found, dim=-1), shown], dim=-1)
    return features.clamp(-_LARGEST, _LARGEST)


def _angle(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Unsigned angle at b, radians."""
    u, v = a - b, c - b
    return torch.atan2((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]).abs(), (u * v).sum(dim=-1))
