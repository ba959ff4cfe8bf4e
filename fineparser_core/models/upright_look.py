"""A second look at a body whose joints have been found: larger, and upright. Not in the paper."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import MASK_SIZE
from fineparser_core.models.joint_maps import (
    FINE_SIZE,
    FOUND,
    JOINTS,
    MAP_SIZE,
    JointMaps,
    PoseTrack,
    agreed,
    joint_spots,
    mirrored,
    seen_through,
    with_neighbours,
)

#: Joints of the body, which come before the board's edge.
BODY = JOINTS.index("board")
# A square's side, in longer sides of the box around the joints, and the least of it in pixels.
_SIDE, _SMALLEST_PX = 1.35, 12.0
_LEAST_JOINTS = 6  # of which a box is made; of fewer it is made of all
_SMOOTHING, _SIDE_SMOOTHING = 1.0, 2.0  # samples
_TRUNK = ("hip", "shoulder")
_MIDDLE = MASK_SIZE / 2


class BodySquares(NamedTuple):
    """Squares around a body, (..., T) of them.

    Attributes:
        centre: (..., 2); side: (...); both in pixels of the frame.
        trunk: (..., 2) of length 1: the way from the shoulders to the hips, which is down in the square.
    """

    centre: Tensor
    side: Tensor
    trunk: Tensor

    def at(self, index: int | Tensor) -> "BodySquares":
        """Those at an index of the first axis."""
        return BodySquares(*(part[index] for part in self))

    def turn(self) -> Tensor:
        """(..., 2, 2) that takes ways in a square, in its own pixels, to ways in the frame."""
        x, y = self.trunk.unbind(dim=-1)
        turned = torch.stack([torch.stack([y, x], dim=-1), torch.stack([-x, y], dim=-1)], dim=-2)
        return turned * (self.side / MASK_SIZE)[..., None, None]

    def cut(self, frames: Tensor) -> Tensor:
        """What the squares show of frames (N, 3, 112, 112), one of each; their edges go on where they reach over."""
        place = (self.centre - _MIDDLE) / _MIDDLE
        return seen_through(torch.cat([self.turn(), place[..., None]], dim=-1), frames)

    def within(self, points: Tensor) -> Tensor:
        """Points (..., J, 2) of the frame in pixels of the squares."""
        return (points - self.centre[..., None, :]) @ torch.linalg.inv(self.turn()).mT + _MIDDLE

    def without(self, points: Tensor) -> Tensor:
        """Points (..., J, 2) of the squares in pixels of the frame."""
        return (points - _MIDDLE) @ self.turn().mT + self.centre[..., None, :]


def body_squares(tracked: Tensor) -> BodySquares:
    """Squares that follow a body through clips, by its joints (B, T, 16, 3) in pixels and logits that they are seen."""
    joints, shown = tracked[..., :BODY, :2], tracked[..., :BODY, 2] > 0
    counted = (shown | (shown.sum(dim=-1, keepdim=True) < _LEAST_JOINTS))[..., None]
    low = joints.masked_fill(~counted, float("inf")).amin(dim=-2)
    high = joints.masked_fill(~counted, -float("inf")).amax(dim=-2)
    extent = _median_of_3((high - low).amax(dim=-1, keepdim=True))
    extent = F.max_pool1d(extent.transpose(1, 2), 5, 1, 2).transpose(1, 2)
    side = (_SIDE * _smoothed(extent, _SIDE_SMOOTHING)[..., 0]).clamp_min(_SMALLEST_PX)
    hips, shoulders = (joints[..., [JOINTS.index(f"{name}_{s}") for s in "lr"], :].mean(-2) for name in _TRUNK)
    trunk = F.normalize(_smoothed(hips - shoulders, _SMOOTHING), dim=-1)
    return BodySquares(_smoothed(_median_of_3((low + high) / 2), _SMOOTHING), side, trunk)


class UprightLook(JointMaps):
    """Finds the joints of a body anew, larger and upright, told where they have been found.

    A tucked body is a fifth of the square that it is followed with, and turns: in a square of its own it looks much
    the same in every frame. It starts without listening to what it is told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told = nn.Conv2d(BODY, FINE_SIZE, 3, padding=1)
        nn.init.zeros_(self.told.weight)
        assert self.told.bias is not None
        nn.init.zeros_(self.told.bias)
        self.track = PoseTrack()

    def upright_maps(self, seen: Tensor, told: Tensor, sure: Tensor) -> Tensor:
        """(N, 16, 28, 28) logits of where the joints are, of squares with their neighbours (N, 9, 112, 112).

        Args:
            told: (N, 15, 2) where they were found, in pixels of the squares; sure: (N, 15) probability that they are
                seen.
        """
        size = seen.shape[-1] * MAP_SIZE // MASK_SIZE  # smaller frames are for measuring speed
        spots = joint_spots(told / MASK_SIZE, torch.ones_like(sure, dtype=torch.bool), size) * sure[..., None, None]
        return self.joint_maps(seen, self.told(spots))[0]

    def look(self, clip: Tensor, tracked: Tensor) -> Tensor:
        """(T, 15, FOUND) in pixels of the frames of a clip (T, 3, 112, 112), whose tracked joints are (T, 16, 3); of
        the squares and of their mirror images."""
        squares = body_squares(tracked[None]).at(0)
        cut, told = squares.cut(clip), squares.within(tracked[:, :BODY, :2])
        sure = tracked[:, :BODY, 2].sigmoid()
        found = []
        for flipped in (False, True):
            if flipped:
                cut, told = cut.flip(-1), mirrored(told)
            found.append(self.found(self.upright_maps(with_neighbours(cut), told, sure).float()))
        both = agreed(*found)[:, :BODY]
        spread = both[..., 2:3] * (squares.side / MASK_SIZE)[:, None, None]
        return torch.cat([squares.without(both[..., :2]), spread, both[..., 3:FOUND]], dim=-1)


def _median_of_3(x: Tensor) -> Tensor:
    """Along the samples of (B, T, n)."""
    around = torch.stack([torch.cat([x[:, :1], x[:, :-1]], dim=1), x, torch.cat([x[:, 1:], x[:, -1:]], dim=1)])
    return around.median(dim=0).values


def _smoothed(x: Tensor, samples: float) -> Tensor:
    """(B, T, n) with a Gaussian of that deviation along the samples."""
    reach = round(3 * samples)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=x.device) / samples) ** 2)
    padded = F.pad(x.transpose(1, 2), (reach, reach), mode="replicate")
    weights = (kernel / kernel.sum()).expand(x.shape[2], 1, -1)
    return F.conv1d(padded, weights, groups=x.shape[2]).transpose(1, 2)
