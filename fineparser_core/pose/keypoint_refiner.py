"""Detects the keypoints of a body again, in crops that are enlarged and rotated upright around the first detections."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import MASK_SIZE
from fineparser_core.pose.keypoints import (
    AT_ONCE,
    BODY,
    FINE_SIZE,
    JOINTS,
    KEYPOINT_SIZE,
    MAP_SIZE,
    KeypointHeatmapNet,
    flip_keypoints,
    fuse_flip,
    gaussian_maps,
    stack_neighbours,
)
from fineparser_core.pose.layers import full_precision
from fineparser_core.pose.temporal_refiner import TemporalPoseRefiner

# A crop's side, in longer sides of the box around the keypoints, and the least of it in pixels.
_SIDE, _SMALLEST_PX = 1.35, 12.0
_LEAST_KEYPOINTS = 6  # of which a box is made; of fewer it is made of all
_SMOOTHING, _SIDE_SMOOTHING = 1.0, 2.0  # samples
_TRUNK = ("hip", "shoulder")
_MIDDLE = MASK_SIZE / 2


class RotatedCrops(NamedTuple):
    """Square crops around a body, (..., T) of them, rotated so that its trunk is upright.

    Attributes:
        centre: (..., 2); side: (...); both in pixels of the frame.
        trunk: (..., 2) unit vectors from the shoulders to the hips, which point down in the crop.
    """

    centre: Tensor
    side: Tensor
    trunk: Tensor

    def at(self, index: int | Tensor) -> "RotatedCrops":
        """Those at an index of the first axis."""
        return RotatedCrops(*(part[index] for part in self))

    def rotation(self) -> Tensor:
        """(..., 2, 2) matrices from vectors in a crop, in its own pixels, to vectors in the frame."""
        x, y = self.trunk.unbind(dim=-1)
        turned = torch.stack([torch.stack([y, x], dim=-1), torch.stack([-x, y], dim=-1)], dim=-2)
        return turned * (self.side / MASK_SIZE)[..., None, None]

    def crop(self, frames: Tensor) -> Tensor:
        """Cuts a crop out of each of the frames (N, 3, 112, 112); beyond the frame its edge pixels are repeated."""
        place = (self.centre - _MIDDLE) / _MIDDLE
        grid = F.affine_grid(
            torch.cat([self.rotation(), place[..., None]], dim=-1), list(frames.shape), align_corners=False
        )
        return F.grid_sample(frames, grid, padding_mode="border", align_corners=False)

    def to_crop(self, points: Tensor) -> Tensor:
        """Points (..., J, 2) from pixels of the frame to pixels of the crops."""
        return (points - self.centre[..., None, :]) @ torch.linalg.inv(self.rotation()).mT + _MIDDLE

    def from_crop(self, points: Tensor) -> Tensor:
        """Points (..., J, 2) from pixels of the crops to pixels of the frame."""
        return (points - _MIDDLE) @ self.rotation().mT + self.centre[..., None, :]


def rotated_crops(tracked: Tensor) -> RotatedCrops:
    """Crops that follow a body through clips, from its tracked keypoints (B, T, 16, 3), see `TemporalPoseRefiner`."""
    joints, visible = tracked[..., :BODY, :2], tracked[..., :BODY, 2] > 0
    counted = (visible | (visible.sum(dim=-1, keepdim=True) < _LEAST_KEYPOINTS))[..., None]
    low = joints.masked_fill(~counted, float("inf")).amin(dim=-2)
    high = joints.masked_fill(~counted, -float("inf")).amax(dim=-2)
    extent = _median_of_3((high - low).amax(dim=-1, keepdim=True))
    extent = F.max_pool1d(extent.transpose(1, 2), 5, 1, 2).transpose(1, 2)
    side = (_SIDE * _smoothed(extent, _SIDE_SMOOTHING)[..., 0]).clamp_min(_SMALLEST_PX)
    hips, shoulders = (joints[..., [JOINTS.index(f"{name}_{s}") for s in "lr"], :].mean(-2) for name in _TRUNK)
    trunk = F.normalize(_smoothed(hips - shoulders, _SMOOTHING), dim=-1)
    return RotatedCrops(_smoothed(_median_of_3((low + high) / 2), _SMOOTHING), side, trunk)


class KeypointRefiner(KeypointHeatmapNet):
    """Detects the keypoints of a body in rotated crops, given where they were detected before.

    A tucked body is a fifth of the athlete crop and rotates; in a rotated crop it looks much the same in every frame.
    The weight of the prior keypoints starts at zero.

    Attributes:
        told: convolution over the maps of the prior keypoints.
        track: tracks what is detected here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told = nn.Conv2d(BODY, FINE_SIZE, 3, padding=1)
        nn.init.zeros_(self.told.weight)
        assert self.told.bias is not None
        nn.init.zeros_(self.told.bias)
        self.track = TemporalPoseRefiner()

    def refined_heatmaps(self, crops: Tensor, prior_keypoints: Tensor, prior_confidence: Tensor) -> Tensor:
        """(N, 16, 28, 28) heatmap logits of crops with their neighbours (N, 9, 112, 112).

        Args:
            prior_keypoints: (N, 15, 2) in pixels of the crops.
            prior_confidence: (N, 15) probability that they are visible.
        """
        size = crops.shape[-1] * MAP_SIZE // MASK_SIZE  # smaller frames are for measuring speed
        anywhere = torch.ones_like(prior_confidence, dtype=torch.bool)
        maps = gaussian_maps(prior_keypoints / MASK_SIZE, anywhere, size) * prior_confidence[..., None, None]
        return self.heatmaps(crops, self.told(maps))[0]

    def refine(self, clip: Tensor, tracked: Tensor) -> Tensor:
        """Keypoints (T, 15, KEYPOINT_SIZE) of the body in a clip (T, 3, 112, 112), in pixels of its frames.

        Args:
            tracked: (T, 16, 3), its tracked keypoints; detected again in crops around them and in their mirror images.
        """
        with full_precision(clip):
            place = rotated_crops(tracked[None]).at(0)
            crops, prior = place.crop(clip), place.to_crop(tracked[:, :BODY, :2])
        confidence = tracked[:, :BODY, 2].sigmoid()
        straight = self._detect(crops, prior, confidence)
        both = fuse_flip(straight, self._detect(crops.flip(-1), flip_keypoints(prior), confidence))[:, :BODY]
        spread = both[..., 2:3] * (place.side / MASK_SIZE)[:, None, None]
        with full_precision(clip):
            return torch.cat([place.from_crop(both[..., :2]), spread, both[..., 3:KEYPOINT_SIZE]], dim=-1)

    def _detect(self, crops: Tensor, prior: Tensor, confidence: Tensor) -> Tensor:
        """Keypoints (T, 16, KEYPOINT_SIZE) in crops (T, 3, 112, 112); the other arguments as of `refined_heatmaps`."""
        parts = zip(
            stack_neighbours(crops).split(AT_ONCE), prior.split(AT_ONCE), confidence.split(AT_ONCE), strict=True
        )
        return torch.cat([self.read(self.refined_heatmaps(*part).float()) for part in parts])


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
