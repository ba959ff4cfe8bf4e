"""Keypoints of the athlete in single frames: a heatmap network, and what is read off its heatmaps."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE
from fineparser_core.constants import KEYPOINT_NAMES as JOINTS
from fineparser_core.models.layers import BasicBlock
from fineparser_core.pose.layers import upsample_2x

#: Name by which a static encoder gives the keypoints of frames among its estimates: (N, 16, 3), x and y in pixels of
#: the frame, and the logit that a keypoint is visible.
KEYPOINTS = "keypoints"
#: Keypoints of the body, which come before the board's edge.
BODY = JOINTS.index("board")
#: Values of a detected keypoint: x, y and spread in pixels of the frame, and the logit that it is visible.
KEYPOINT_SIZE = 4
#: Number of frames that the network sees together: a frame and its neighbors.
FRAMES_SEEN = 3
#: Channels of the features at 28 x 28, and of the coarsest.
FINE_SIZE, COARSE_SIZE = 64, 176
#: Frames that pass the network together: what lies between its layers stays in the cache.
AT_ONCE = 24
_WIDTHS = (32, FINE_SIZE, 112, COARSE_SIZE)


class KeypointHeatmapNet(nn.Module):
    """Frames with their neighbors to heatmaps of the keypoints: a small U-Net of residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        w0, w1, w2, w3 = _WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(3 * FRAMES_SEEN, w0, 5, 2, 2, bias=False), nn.BatchNorm2d(w0), nn.ReLU(inplace=True)
        )
        self.fine = BasicBlock(w0, w1, 2)
        self.middle = nn.Sequential(BasicBlock(w1, w2, 2), BasicBlock(w2, w2))
        self.coarse = nn.Sequential(BasicBlock(w2, w3, 2), BasicBlock(w3, w3))
        self.raise_coarse, self.join_middle = nn.Conv2d(w3, w2, 1), BasicBlock(w2, w2)
        self.raise_middle, self.join_fine = nn.Conv2d(w2, w1, 1), BasicBlock(w1, w1)
        added = BasicBlock(w1, w1), BasicBlock(w1, w1)
        for block in added:  # they start as identities, so that weights without them load unchanged
            nn.init.zeros_(block.bn2.weight)
        self.finer = nn.Sequential(*added)
        self.out = nn.Conv2d(w1, len(JOINTS), 1)
        self.bias = nn.Parameter(torch.full((len(JOINTS),), -6.0))

    def heatmaps(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return heatmap logits (N, 16, 28, 28) and the coarsest features (N, COARSE_SIZE, 7, 7).

        Args:
            frames: (N, 9, 112, 112), as `stack_neighbours` gives them.
        """
        fine = self.fine(self.stem(frames))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        middle = self.join_middle(upsample_2x(self.raise_coarse(coarse)).add_(middle))
        return self.out(self.finer(self.join_fine(upsample_2x(self.raise_middle(middle)).add_(fine)))), coarse

    def visibility(self, heatmaps: Tensor) -> Tensor:
        """Return the logits (N, 16) that a keypoint is visible: the sum over its heatmap."""
        return heatmaps.flatten(2).logsumexp(dim=-1) + self.bias

    def read(self, heatmaps: Tensor) -> Tensor:
        """Return detected keypoints (N, 16, KEYPOINT_SIZE) of heatmap logits (N, 16, h, w)."""
        places, spread = soft_argmax(heatmaps)
        return torch.cat([places, spread[..., None], self.visibility(heatmaps)[..., None]], dim=-1)


def stack_neighbors(clip: Tensor) -> Tensor:
    """Stack frames (T, 3, h, w) with their neighbors to (T, 9, h, w): frame before, frame, frame after."""
    before, after = torch.cat([clip[:1], clip[:-1]]), torch.cat([clip[1:], clip[-1:]])
    return torch.cat([before, clip, after], dim=1).contiguous(memory_format=torch.channels_last)


def soft_argmax(heatmaps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean place (N, J, 2), x and y in pixels of the frame, and its standard deviation (N, J) in pixels.

    Both are under the softmax of each heatmap (N, J, h, w).
    """
    share = heatmaps.flatten(2).softmax(dim=-1).view_as(heatmaps)
    cell = (torch.arange(heatmaps.shape[-1], device=heatmaps.device) + 0.5) * (MASK_SIZE / heatmaps.shape[-1])
    along = torch.stack([share.sum(dim=2), share.sum(dim=3)], dim=2)
    places = (along * cell).sum(dim=-1)
    spread = (along * (cell - places[..., None]) ** 2).sum(dim=(-1, -2)).clamp_min(1e-6).sqrt()
    return places, spread


def resolve_left_right(keypoints: Tensor) -> Tensor:
    """Make left and right of keypoints (B, T, 16, n), x and y first, consistent through each clip.

    In single frames the naming of the sides is arbitrary: they are swapped in every frame in which that brings the
    keypoints nearer to those of the frame before.
    """
    changes = nearer_swapped(keypoints[:, 1:], keypoints[:, :-1])
    odd = F.pad(changes.long().cumsum(dim=1) % 2, (1, 0)).bool()
    return torch.where(odd[..., None, None], keypoints[:, :, list(KEYPOINT_FLIP)], keypoints)


def nearer_swapped(keypoints: Tensor, to: Tensor) -> Tensor:
    """Return (...) whether keypoints (..., 16, n), x and y first, are nearer to others with left and right swapped."""
    swapped = keypoints[..., list(KEYPOINT_FLIP), :]
    off, off_swapped = ((one - to)[..., :2].abs().sum(dim=(-1, -2)) for one in (keypoints, swapped))
    return off_swapped < off
