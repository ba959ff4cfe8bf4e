"""A backbone for the static stream that sees the athlete's pose: joints first, then what a judge reads off them.

Not in the paper, whose static encoder is a ResNet: off in every preset of it. A ResNet's feature of a frame says little
about a knee that is bent by ten degrees; joints do, and joints can be taught by dives that need no pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.layers import DilatedConvs, doubled, residual_block
from fineparser_core.models.temporal_parser import N_TRANSITIONS
from fineparser_core.types import MASK_SIZE, N_SAMPLES, SWAPPED_JOINTS
from fineparser_core.types import TRUTH_JOINTS as JOINTS

MAP_SIZE = 28
#: Numbers by which a joint is found in a frame: x, y and spread in pixels, and the logit that it is shown.
FOUND = 4
#: Of a frame as it is looked at: its joints, the logit of being in the water, and the size of the splash.
LOOK = FOUND * len(JOINTS) + 2
#: A frame is seen together with its neighbours.
FRAMES_SEEN = 3
_WIDTHS = (32, 64, 112, 176)
_SPREAD_PX, _CHANGE_PX = 8.0, 8.0
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


class PoseTrack(DilatedConvs):
    """What the frames around say of a joint: joints of single frames to joints of a clip.

    From (B, T, 16, 4), as `PoseBackbone.look` finds them, to what is to be added to places and logits, (B, T, 16, 3).
    It starts at zero, so that training starts from what single frames show.
    """

    def __init__(self) -> None:
        super().__init__(FOUND * len(JOINTS), 3 * len(JOINTS), reaches=(1, 2, 4, 8))

    def forward(self, found: Tensor) -> Tensor:
        found = same_sides(found)
        middle = MASK_SIZE / 2
        scaled = torch.cat([found[..., :2] / middle - 1, found[..., 2:3] / _SPREAD_PX, found[..., 3:] / 4], dim=-1)
        change = super().forward(scaled.flatten(2)).unflatten(2, (len(JOINTS), 3))
        return torch.cat([found[..., :2] + _CHANGE_PX * change[..., :2], found[..., 3:] + change[..., 2:]], dim=-1)


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


class PoseBackbone(nn.Module):
    """Frames of one clip or more, (N, 3, 112, 112) float32, ImageNet-normalised, to features (N, POSE_FEATURES).

    Every frame is seen together with the one before and the one after it, and mirrored, too. Clips have 96 frames;
    another number of frames is one clip.
    """

    def __init__(self) -> None:
        super().__init__()
        w0, w1, w2, w3 = _WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(3 * FRAMES_SEEN, w0, 5, 2, 2, bias=False), nn.BatchNorm2d(w0), nn.ReLU(inplace=True)
        )
        self.fine = residual_block(w0, w1, 2)
        self.middle = nn.Sequential(residual_block(w1, w2, 2), residual_block(w2, w2))
        self.coarse = nn.Sequential(residual_block(w2, w3, 2), residual_block(w3, w3))
        self.raise_coarse, self.join_middle = nn.Conv2d(w3, w2, 1), residual_block(w2, w2)
        self.raise_middle, self.join_fine = nn.Conv2d(w2, w1, 1), residual_block(w1, w1)
        added = residual_block(w1, w1), residual_block(w1, w1)
        for block in added:  # they start as nothing, so that weights from before them go on as they were
            nn.init.zeros_(block.bn2.weight)
        self.finer = nn.Sequential(*added)
        self.out = nn.Conv2d(w1, len(JOINTS), 1)
        self.bias = nn.Parameter(torch.full((len(JOINTS),), -6.0))
        self.aux = nn.Linear(2 * w3, 5)
        self.track = PoseTrack()

    def maps(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Frames with their neighbours, (N, 9, 112, 112), to logits of where each joint is, (N, 16, 28, 28), and to
        logits of the three steps and of being in the water, and the size of the splash, (N, 5)."""
        fine = self.fine(self.stem(seen))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        pooled = torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1)
        middle = self.join_middle(middle + doubled(self.raise_coarse(coarse)))
        fine = self.finer(self.join_fine(fine + doubled(self.raise_middle(middle))))
        return self.out(fine), self.aux(pooled)

    def shown(self, maps: Tensor) -> Tensor:
        """(N, 16) logits that a joint is to be seen, from the maps: how much there is of it anywhere."""
        return maps.flatten(2).logsumexp(dim=-1) + self.bias

    def look(self, frames: Tensor) -> Tensor:
        """(N, LOOK) float32 of frames (N, 3, 112, 112): of each joint x, y and spread in pixels and the logit that it
        is shown; then the logit of being in the water, and the size of the splash.

        The network runs in the caller's precision: what a score rests on needs float32, see `_in_full_precision`.
        """
        looks = []
        for clip in frames.split(_clip_length(frames)):
            before, after = torch.cat([clip[:1], clip[:-1]]), torch.cat([clip[1:], clip[-1:]])
            seen = torch.cat([before, clip, after], dim=1).contiguous(memory_format=torch.channels_last)
            maps, more = (out.float() for out in self.maps(seen))
            places, spread = joint_places(maps)
            found = torch.cat([places, spread[..., None], self.shown(maps)[..., None]], dim=-1)
            looks.append(torch.cat([found.flatten(1), more[:, 3:]], dim=1))
        return torch.cat(looks)

    def look_both_ways(self, frames: Tensor) -> Tensor:
        """As `look`, of the frames and of their mirror images, whose joints are wrong in other ways: each joint where
        the two say, by how narrowly they do. A mirrored clip gives mirrored joints."""
        straight, mirrored = self.look(frames), self.look(frames.flip(-1))
        found, other = (seen[:, :-2].unflatten(1, (len(JOINTS), FOUND)) for seen in (straight, mirrored))
        other = torch.cat([MASK_SIZE - other[..., :1], other[..., 1:]], dim=-1)
        swapped = _nearer_swapped(other, found)[:, None, None]
        both = torch.stack([found, torch.where(swapped, other[:, list(SWAPPED_JOINTS)], other)])
        share = 1 / (1 + both[..., 2:3] ** 2)
        agreed = (both * share).sum(dim=0) / share.sum(dim=0)
        return torch.cat([agreed.flatten(1), (straight[:, -2:] + mirrored[:, -2:]) / 2], dim=1)

    def tracked(self, looks: Tensor) -> Tensor:
        """Looks of clips (B, T, LOOK) to joints (B, T, 16, 3), see `PoseTrack`."""
        joints: Tensor = self.track(looks[..., :-2].unflatten(-1, (len(JOINTS), FOUND)))
        return joints

    def features(self, looks: Tensor) -> Tensor:
        """Looks of clips (B, T, LOOK) to features (B, T, POSE_FEATURES)."""
        return clip_features(self.tracked(looks), looks[..., -2:])

    def forward(self, frames: Tensor) -> Tensor:
        with _in_full_precision(frames):
            looks = self.look_both_ways(frames)
            return self.features(looks.unflatten(0, (-1, _clip_length(looks)))).flatten(0, 1)


def _in_full_precision(seen: Tensor) -> torch.autocast:
    """Half precision would move joints by half a pixel, scores by a point. Autocast does not know the meta device."""
    return torch.autocast("cpu" if seen.is_meta else seen.device.type, enabled=False)


def _clip_length(frames: Tensor) -> int:
    return N_SAMPLES if len(frames) % N_SAMPLES == 0 else len(frames)


def joint_places(maps: Tensor) -> tuple[Tensor, Tensor]:
    """(N, J, 2) x and y in pixels of the frame, the mean place under the softmax of each map (N, J, h, w), and (N, J)
    how far in pixels that softmax spreads around it."""
    share = maps.flatten(2).softmax(dim=-1).view_as(maps)
    cell = (torch.arange(maps.shape[-1], device=maps.device) + 0.5) * (MASK_SIZE / maps.shape[-1])
    along = torch.stack([share.sum(dim=2), share.sum(dim=3)], dim=2)
    places = (along * cell).sum(dim=-1)
    spread = (along * (cell - places[..., None]) ** 2).sum(dim=(-1, -2)).clamp_min(1e-6).sqrt()
    return places, spread


def same_sides(found: Tensor) -> Tensor:
    """Joints (B, T, 16, n), x and y first, whose left and right are the same in all frames of a clip.

    Which side is left is a matter of chance in single frames: the body's sides are swapped where they then are nearer
    to where they were.
    """
    changes = _nearer_swapped(found[:, 1:], found[:, :-1])
    odd = F.pad(changes.long().cumsum(dim=1) % 2, (1, 0)).bool()
    return torch.where(odd[..., None, None], found[:, :, list(SWAPPED_JOINTS)], found)


def _nearer_swapped(joints: Tensor, to: Tensor) -> Tensor:
    """(...) whether joints (..., 16, n), x and y first, are nearer to others with left and right swapped."""
    swapped = joints[..., list(SWAPPED_JOINTS), :]
    off, off_swapped = ((one - to)[..., :2].abs().sum(dim=(-1, -2)) for one in (joints, swapped))
    return off_swapped < off


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
