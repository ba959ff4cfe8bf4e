"""A backbone for the static stream that sees the athlete's pose: joints first, then what a judge reads off them.

Not in the paper, whose static encoder is a ResNet: off in every preset of it. A ResNet's feature of a frame says little
about a knee that is bent by ten degrees; joints do, and joints can be taught by dives that need no pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.types import MASK_SIZE
from fineparser_core.types import TRUTH_JOINTS as JOINTS

MAP_SIZE = 28
_WIDTHS = (24, 48, 96, 160)
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
_LARGEST = 4.0
#: Features of a frame: `pose_features`, then whether the athlete is in the water, and the size of the splash.
POSE_FEATURES = 3 * len(_CHAINS) + 4 * len(_LIMBS) + len(_GAPS) + 1 + len(JOINTS) + 2


class _Block(nn.Module):
    """Two convolutions with batch norm beside a shortcut: (N, in, h, w) to (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.a = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.n = nn.BatchNorm2d(out_channels)
        self.b = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.m = nn.BatchNorm2d(out_channels)
        self.r: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.r = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.r(x) + self.m(self.b(F.relu(self.n(self.a(x))))))


class PoseBackbone(nn.Module):
    """Frames (N, 3, 112, 112) float32, ImageNet-normalised, to features (N, POSE_FEATURES)."""

    def __init__(self) -> None:
        super().__init__()
        w0, w1, w2, w3 = _WIDTHS
        self.stem = nn.Sequential(nn.Conv2d(3, w0, 5, 2, 2, bias=False), nn.BatchNorm2d(w0), nn.ReLU())
        self.s1 = _Block(w0, w1, 2)
        self.s2 = nn.Sequential(_Block(w1, w2, 2), _Block(w2, w2))
        self.s3 = nn.Sequential(_Block(w2, w3, 2), _Block(w3, w3))
        self.u2, self.f2 = nn.Conv2d(w3, w2, 1), _Block(w2, w2)
        self.u1, self.f1 = nn.Conv2d(w2, w1, 1), _Block(w1, w1)
        self.out = nn.Conv2d(w1, len(JOINTS), 1)
        self.bias = nn.Parameter(torch.full((len(JOINTS),), -6.0))
        self.aux = nn.Linear(2 * w3, 5)

    def maps(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of where each joint is, (N, 15, 28, 28); logits of the three steps and of being in the water, and the
        size of the splash, (N, 5)."""
        fine = self.s1(self.stem(frames))
        middle = self.s2(fine)
        coarse = self.s3(middle)
        pooled = torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1)
        middle = self.f2(middle + F.interpolate(self.u2(coarse), scale_factor=2, mode="bilinear"))
        fine = self.f1(fine + F.interpolate(self.u1(middle), scale_factor=2, mode="bilinear"))
        return self.out(fine), self.aux(pooled)

    def shown(self, maps: Tensor) -> Tensor:
        """(N, 15) logits that a joint is to be seen, from the maps: how much there is of it anywhere."""
        return maps.flatten(2).logsumexp(dim=-1) + self.bias

    def forward(self, frames: Tensor) -> Tensor:
        maps, more = self.maps(frames)
        maps, more = maps.float(), more.float()
        pose = pose_features(joint_places(maps), self.shown(maps).sigmoid())
        wet = more[:, 3].sigmoid()
        return torch.cat([pose, torch.stack([wet, more[:, 4] * wet], dim=1)], dim=1)


def joint_places(maps: Tensor) -> Tensor:
    """(N, 15, 2) x and y in pixels of the frame: the mean place under the softmax of each map (N, 15, h, w)."""
    share = maps.flatten(2).softmax(dim=-1).view_as(maps)
    cell = (torch.arange(maps.shape[-1], device=maps.device) + 0.5) * (MASK_SIZE / maps.shape[-1])
    return torch.stack([(share.sum(dim=2) * cell).sum(dim=-1), (share.sum(dim=3) * cell).sum(dim=-1)], dim=-1)


def pose_features(joints: Tensor, shown: Tensor) -> Tensor:
    """Angles, directions and gaps of poses; the same for a mirrored pose.

    But for which joints are shown, they are the same for left and right swapped, too.

    What rests on a joint that is hardly shown fades to 0; how well each is shown is among the features.

    Args:
        joints: (..., 15, 2) in pixels of the frame.
        shown: (..., 15) 0..1.

    Returns: (..., POSE_FEATURES - 2).
    """
    places = {name: joints[..., i, :] for i, name in enumerate(JOINTS)}
    seen = {name: shown[..., i] for i, name in enumerate(JOINTS)}
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
    features = torch.cat([torch.stack(found, dim=-1), shown], dim=-1)
    return features.clamp(-_LARGEST, _LARGEST)


def _angle(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Unsigned angle at b, radians."""
    u, v = a - b, c - b
    return torch.atan2((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]).abs(), (u * v).sum(dim=-1))
