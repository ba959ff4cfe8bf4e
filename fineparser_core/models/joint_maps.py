"""Where joints are in single frames: maps, and places read off them. Not in the paper."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import MASK_SIZE, SWAPPED_JOINTS
from fineparser_core.constants import TRUTH_JOINTS as JOINTS
from fineparser_core.models.layers import DilatedConvs, doubled, residual_block

MAP_SIZE = 28
#: Numbers by which a joint is found in a frame: x, y and spread in pixels, and the logit that it is shown.
FOUND = 4
#: A frame is seen together with its neighbours.
FRAMES_SEEN = 3
#: Channels of the features at 28 x 28, and of the coarsest.
FINE_SIZE, COARSE_SIZE = 64, 176
_WIDTHS = (32, FINE_SIZE, 112, COARSE_SIZE)
_SPREAD_PX, _CHANGE_PX = 8.0, 8.0


class JointMaps(nn.Module):
    """Frames with their neighbours to maps of the joints: a small U-Net of residual blocks."""

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

    def joint_maps(self, seen: Tensor, told: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Frames with their neighbours, (N, 9, 112, 112), to logits of where each joint is, (N, 16, 28, 28), and to
        the coarsest features, (N, COARSE_SIZE, 7, 7).

        Args:
            told: (N, FINE_SIZE, 28, 28), added to what is seen at that size.
        """
        fine = self.fine(self.stem(seen))
        if told is not None:
            fine = fine + told
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        middle = self.join_middle(middle + doubled(self.raise_coarse(coarse)))
        return self.out(self.finer(self.join_fine(fine + doubled(self.raise_middle(middle))))), coarse

    def shown(self, maps: Tensor) -> Tensor:
        """(N, 16) logits that a joint is to be seen, from the maps: how much there is of it anywhere."""
        return maps.flatten(2).logsumexp(dim=-1) + self.bias

    def found(self, maps: Tensor) -> Tensor:
        """(N, 16, FOUND) from the maps."""
        places, spread = joint_places(maps)
        return torch.cat([places, spread[..., None], self.shown(maps)[..., None]], dim=-1)


class PoseTrack(DilatedConvs):
    """What the frames around say of a joint: joints of single frames to joints of a clip.

    From (B, T, 16, FOUND), as `JointMaps.found` gives them, to what is to be added to places and logits, (B, T, 16, 3).
    It starts at zero, so that training starts from what single frames show.
    """

    def __init__(self) -> None:
        super().__init__(FOUND * len(JOINTS), 3 * len(JOINTS), reaches=(1, 2, 4, 8))

    def forward(self, found: Tensor) -> Tensor:
        found = same_sides(found)
        places, spread, shown = found[..., :2] / (MASK_SIZE / 2) - 1, found[..., 2:3] / _SPREAD_PX, found[..., 3:] / 4
        scaled = torch.cat([places, spread, shown], dim=-1)
        change = super().forward(scaled.flatten(2)).unflatten(2, (len(JOINTS), 3))
        return torch.cat([found[..., :2] + _CHANGE_PX * change[..., :2], found[..., 3:] + change[..., 2:]], dim=-1)


def mirrored(joints: Tensor, width: float = MASK_SIZE) -> Tensor:
    """Joints (..., n), x first, of the mirror image of a frame so wide; 0 where x is 0 in the middle of it."""
    return torch.cat([width - joints[..., :1], joints[..., 1:]], dim=-1)


def with_neighbours(clip: Tensor) -> Tensor:
    """(T, 3, h, w) to (T, 9, h, w): the frame before, itself, and the one after it."""
    before, after = torch.cat([clip[:1], clip[:-1]]), torch.cat([clip[1:], clip[-1:]])
    return torch.cat([before, clip, after], dim=1).contiguous(memory_format=torch.channels_last)


def seen_through(views: Tensor, frames: Tensor) -> Tensor:
    """Frames (N, 3, h, w), each through its view (N, 2, 3), which takes places in what is seen to places in the frame,
    both from -1 to 1; the frame's edges go on where a view reaches over."""
    grid = F.affine_grid(views, list(frames.shape), align_corners=False)
    return F.grid_sample(frames, grid, padding_mode="border", align_corners=False)


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
    changes = nearer_swapped(found[:, 1:], found[:, :-1])
    odd = F.pad(changes.long().cumsum(dim=1) % 2, (1, 0)).bool()
    return torch.where(odd[..., None, None], found[:, :, list(SWAPPED_JOINTS)], found)


def nearer_swapped(joints: Tensor, to: Tensor) -> Tensor:
    """(...) whether joints (..., 16, n), x and y first, are nearer to others with left and right swapped."""
    swapped = joints[..., list(SWAPPED_JOINTS), :]
    off, off_swapped = ((one - to)[..., :2].abs().sum(dim=(-1, -2)) for one in (joints, swapped))
    return off_swapped < off


def agreed(found: Tensor, in_mirror: Tensor) -> Tensor:
    """Joints found in frames and in their mirror images, (N, 16, FOUND) each: where the two say, by how narrowly."""
    other = mirrored(in_mirror)
    swapped = nearer_swapped(other, found)[:, None, None]
    both = torch.stack([found, torch.where(swapped, other[:, list(SWAPPED_JOINTS)], other)])
    share = 1 / (1 + both[..., 2:3] ** 2)
    return (both * share).sum(dim=0) / share.sum(dim=0)


def joint_spots(points: Tensor, shown: Tensor, size: int, cells: float = 1.0) -> Tensor:
    """Joints (n, 16, 2) as spots on maps, (n, 16, size, size) with peaks of 1; nothing for one that is not shown.

    Args:
        points: shares of the view.
        cells: standard deviation of a spot.
    """
    cell = (torch.arange(size) + 0.5) / size
    distance = (cell.view(1, 1, 1, -1) - points[..., 0, None, None]) ** 2
    distance = distance + (cell.view(1, 1, -1, 1) - points[..., 1, None, None]) ** 2
    spots = torch.exp(-0.5 * distance * (size / cells) ** 2)
    return torch.where(shown[..., None, None], spots, 0.0)
