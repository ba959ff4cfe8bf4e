"""Detection of the diver's joints: one path of a body, and its masks, out of what two networks see.

The pose network of the bundled weights was taught by rendered bodies, BlazePose by photographs of people who stand:
each is wrong where the other is right. Both look at every sample of the flight, BlazePose at the diver turned four
ways, and a path through time is chosen among their poses. Imports no torch.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE
from fineparser_core.constants import KEYPOINT_NAMES as JOINTS
from fineparser_core.progress import CancelToken

#: Side of the pictures that BlazePose sees, in pixels.
PICTURE_PX = 256
#: A wide crop's side, in sides of the athlete crop that it lies around, and in pixels.
WIDE, WIDE_PX = 1.5, 288
# A turned picture's side, in sides of the athlete crop.
_SIDE = 1.2


class Turn(NamedTuple):
    """Placement of a picture over the athlete crop.

    Places count from the corner of the first pixel; those that OpenCV warps by, from its middle.

    Attributes:
        radians: by which its upright is turned from the crop's.
        mirrored: left to right.
    """

    radians: float
    mirrored: bool

    def picture(self, wide: np.ndarray) -> np.ndarray:
        """Return a picture (256, 256, 3) of a wide crop (288, 288, 3) uint8; black where that ends."""
        to_wide = self._to_crop() * (WIDE_PX / WIDE)
        to_wide[:, 2] += WIDE_PX * (1 - 1 / WIDE) / 2 + to_wide[:, :2].sum(axis=1) / 2 - 0.5
        size = (PICTURE_PX, PICTURE_PX)
        return np.asarray(cv2.warpAffine(wide, to_wide, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))

    def mask_in_crop(self, mask: np.ndarray) -> np.ndarray:
        """Map a mask (256, 256) float32 of the picture to (112, 112) of the athlete crop; NaN where that ends."""
        to_crop = self._to_crop() * MASK_SIZE
        to_crop[:, 2] += to_crop[:, :2].sum(axis=1) / 2 - 0.5
        size = (MASK_SIZE, MASK_SIZE)
        return np.asarray(cv2.warpAffine(mask, to_crop, size, flags=cv2.INTER_LINEAR, borderValue=float("nan")))

    def in_crop(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 2) from pixels of the picture to shares of the athlete crop."""
        to_crop = self._to_crop()
        return np.asarray(points @ to_crop[:, :2].T + to_crop[:, 2])

    def _to_crop(self) -> np.ndarray:
        """Return the matrix (2, 3) from pixels of the picture to shares of the athlete crop."""
        cos, sin = np.cos(self.radians), np.sin(self.radians)
        turned = np.array([[cos, -sin], [sin, cos]]) * (_SIDE / PICTURE_PX)
        if self.mirrored:
            turned[:, 0] *= -1
        return np.column_stack([turned, 0.5 - turned @ np.full(2, PICTURE_PX / 2)])


#: Joints of the body, which come before the board's edge.
BODY = JOINTS.index("board")
_SWAPPED = np.array(KEYPOINT_FLIP[:BODY])
_SHOULDERS, _HIPS = ([JOINTS.index(f"{name}_{side}") for side in "lr"] for name in ("shoulder", "hip"))
# Limbs, sides of the trunk and neck, by the joints at their ends: what a mask can tell.
_CHAINS = ("head shoulder elbow wrist", "shoulder hip knee ankle toe")
_PARTS = np.array(
    [
        [JOINTS.index(name if name == "head" else f"{name}_{side}") for name in part]
        for side in "lr"
        for chain in map(str.split, _CHAINS)
        for part in pairwise(chain)
    ]
)
# Joints by which poses are compared: BlazePose's head and toes lie a little elsewhere than ours.
_COMPARED = slice(1, 13)
#: Usual length of a trunk in sides of the athlete crop.
TORSO = 0.22
# Log likelihood of a pose: weight of its fit to the mask, cost of its joints' motion per torso length, maximum motion.
_FITS, _MOVED, _MOST_MOVED = 6.0, 3.0, 2.0
# Distance from the chosen pose, in torso lengths, within which poses are averaged with it.
_NEAR = 0.35
# Logistic regression of the probability that a joint is right to 0.2 torso lengths: a constant, the logarithm of how
# far the looks are apart in torso lengths, how well the pose fits its mask, and the mask at the joint. Fitted on
# labeled frames of real flights; `fineparser evaluate --real` prints how many of the confident joints are right.
_SURE = (-5.2, -0.54, 3.98, 1.52)
_SHOWN = 0.5  # probability that a joint is visible from which on it counts in full
_MOST_APART, _ALONE = 1.5, 0.15  # torso lengths; usual where there was only a single look
# Difference in radians from which trunks count as turned differently.
_OTHERWISE = np.radians(22)
# Fit of pose and mask below which, and mean distance of the looks in torso lengths above which, a sample is in doubt.
_SURE_FIT, _MOST_DISAGREEMENT = 0.9, 0.2
_ROUNDS = 2  # rounds of looking at samples with the turn of their neighbors
# Share of the sample before, and of the sample after, in the place of a joint.
_STEADIED = 0.15
# Weight of BlazePose's mask where its pose fits ours wholly.
_MASK_WEIGHT = 0.5
# Points of a limb, cells of a mask that are looked at, and how far from a point a cell may lie, in cells.
_POINTS, _CELLS, _REACH = 6, 150, 5.0


class Seen(NamedTuple):
    """The body in a picture.

    Attributes:
        joints: (15, 2) x and y in pixels of the picture.
        visible: (15,) probability that each is visible.
        shared: what `Look.masks` goes on from.
    """

    joints: np.ndarray
    visible: np.ndarray
    shared: Any = None


class Look(Protocol):
    """Looks at pictures (256, 256, 3) uint8 RGB of a single person each, who is about upright."""

    def joints(self, pictures: Iterable[np.ndarray]) -> Sequence[Seen]:
        """Return the body in each picture."""

    def masks(self, seen: Sequence[Seen]) -> Sequence[np.ndarray]:
        """Return the probability (256, 256) float32 that a pixel shows the body, of each; NaN far from it."""


class BestLook(NamedTuple):
    """The look at a sample whose pose fits the mask best, by so much from 0 to 1."""

    turn: Turn
    seen: Seen
    fit: float


class _Pose(NamedTuple):
    """A pose in each of n samples.

    Attributes:
        places: (n, 15, 2) in shares of the athlete crop.
        visible: (n, 15) probability that a joint is visible.
        fits: (n,) how well pose and mask explain each other, 0 to 1; -inf where there is no pose.
    """

    places: np.ndarray
    visible: np.ndarray
    fits: np.ndarray


def find_joints(
    own: np.ndarray,
    wide: np.ndarray,
    masks: np.ndarray,
    looked_at: np.ndarray,
    blazepose: Look,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, dict[int, BestLook]]:
    """Find the joints of the diver in n samples, and the best look at each examined sample.

    Joints are (n, 16, 3) float32: x and y in pixels of the athlete crop, and the probability that a joint is visible
    and lies there, to a fifth of a torso length.

    BlazePose looks at each sample both ways round, with the trunk upright as our network sees it. Samples whose looks
    disagree, or do not fit the mask, are looked at again as the trunk lies in the sample before and in the sample
    after, where those are turned differently, so that well visible samples help their neighbors.

    Args:
        own: (n, 16, 3), the same as our own network sees them, sample by sample.
        wide: (n, 288, 288, 3) uint8 RGB, wide crops, see `turned.WIDE`.
        masks: (n, 112, 112) athlete probability.
        looked_at: (n,) bool, samples at which BlazePose looks.

    Raises:
        Cancelled: `cancel` was set.
    """
    ours = own[:, :BODY, :2].astype(np.float64) / MASK_SIZE
    poses = [_Pose(ours, own[:, :BODY, 2].astype(np.float64), _fit(ours, masks))]
    best: dict[int, BestLook] = {}

    def look(turned: np.ndarray, at: np.ndarray) -> None:
        """Add what BlazePose sees in some samples whose trunks are turned by so many radians, both ways round."""
        for mirrored in (False, True):
            look_one_way(turned, at, mirrored)

    def look_one_way(turned: np.ndarray, at: np.ndarray, mirrored: bool) -> None:
        places, visible, fits = ours.copy(), np.zeros((len(own), BODY)), np.full(len(own), -np.inf)
        turns = {sample: Turn(float(turned[sample]), mirrored) for sample in np.flatnonzero(at).tolist()}
        order = _SWAPPED if mirrored else slice(None)
        looks = blazepose.joints(turn.picture(wide[sample]) for sample, turn in turns.items())
        for (sample, turn), seen in zip(turns.items(), looks, strict=True):
            places[sample], visible[sample] = turn.in_crop(seen.joints)[order], seen.visible[order]
        if cancel is not None:
            cancel.raise_if_cancelled()
        fits[at] = _fit(places[at], masks[at])
        poses.append(_Pose(places, visible, fits))
        for (sample, turn), seen in zip(turns.items(), looks, strict=True):
            if sample not in best or fits[sample] > best[sample].fit:
                best[sample] = BestLook(turn, seen, float(fits[sample]))

    seen_at = [_turned(ours)]  # radians of each look; NaN where there was none
    look(seen_at[0], looked_at)
    for _ in range(_ROUNDS):
        body, apart = _averaged(poses)
        turned, doubtful = _turned(body.places), _doubtful(body.fits, apart)
        before, after = np.concatenate([turned[:1], turned[:-1]]), np.concatenate([turned[1:], turned[-1:]])
        for neighbor in (before, after):
            known = np.any([np.cos(neighbor - turn) > np.cos(_OTHERWISE) for turn in seen_at], axis=0)
            at = looked_at & doubtful & ~known
            seen_at.append(np.where(at, neighbor, np.nan))
            look(neighbor, at)
    body, apart = _averaged(poses)
    padded = np.concatenate([body.places[:1], body.places, body.places[-1:]])
    places = (1 - 2 * _STEADIED) * body.places + _STEADIED * (padded[:-2] + padded[2:])
    found = own.astype(np.float32)
    found[:, :BODY, :2], found[:, :BODY, 2] = places * MASK_SIZE, _sure(body, apart, masks)
    return found, best


def fuse_masks(masks: np.ndarray, best: Mapping[int, BestLook], blazepose: Look) -> np.ndarray:
    """Average masks (n, 112, 112) with those of the best looks, which weigh half as much as they fit; float16.

    A look at a bystander takes nothing away of which our mask is sure, nor adds what it does not see at all.
    """
    fused = masks.astype(np.float32)
    for (sample, look), mask in zip(best.items(), blazepose.masks([look.seen for look in best.values()]), strict=True):
        seen = look.turn.mask_in_crop(mask)
        weight = np.where(np.isfinite(seen), _MASK_WEIGHT * look.fit, 0)
        fused[sample] = (1 - weight) * fused[sample] + weight * np.nan_to_num(seen)
    return fused.astype(masks.dtype)


def _turned(places: np.ndarray) -> np.ndarray:
    """Return the turn (n,) of the trunks of poses (n, 15, 2) from upright, radians."""
    x, y = (places[:, _HIPS].mean(axis=1) - places[:, _SHOULDERS].mean(axis=1)).T
    return np.asarray(np.arctan2(-x, y))


def _fit(places: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the fit (n,) of poses (n, 15, 2) and masks: limbs on the body, and the body near limbs."""
    along = np.linspace(0, 1, _POINTS)[:, None]
    first, second = (places[:, _PARTS[:, end], None] for end in (0, 1))
    points = ((1 - along) * first + along * second).reshape(len(places), len(_PARTS) * _POINTS, 2) * MASK_SIZE
    found = np.zeros(len(places))
    for sample, mask in enumerate(masks):
        at = np.floor(points[sample]).astype(int)
        inside = ((at >= 0) & (at < MASK_SIZE)).all(axis=1)
        column, row = at.clip(0, MASK_SIZE - 1).T
        on_body = np.where(inside, np.minimum(2 * mask[row, column].astype(np.float64), 1), 0).mean()
        body = np.argwhere(mask > 0.5)[:, ::-1] + 0.5
        if len(body):
            body = _thinned(body)
            square = (points[sample] ** 2).sum(axis=1)[:, None] - 2 * points[sample] @ body.T
            off = square.min(axis=0) + (body**2).sum(axis=1)
            found[sample] = (on_body + (off < _REACH**2).mean()) / 2
    return found


def _averaged(poses: Sequence[_Pose]) -> tuple[_Pose, np.ndarray]:
    """Return the likeliest path, averaged with the poses near to it, and how far the looks are apart.

    The latter is (n, 15) in torso lengths.
    """
    places, visible, fits = (np.stack(values) for values in zip(*poses, strict=True))
    # Only the path through time decides which side is left.
    both = np.stack([places, places[:, :, _SWAPPED]])
    chosen = _likeliest_path(both.reshape(-1, *places.shape[1:]), _FITS * np.concatenate([fits, fits]))
    side, look = np.divmod(chosen, len(poses))
    samples = np.arange(len(chosen))
    off = np.linalg.norm(both - both[side, look, samples], axis=-1)[..., _COMPARED].mean(axis=-1)
    nearer = (off[1] < off[0])[..., None]
    places = np.where(nearer[..., None], both[1], both[0])
    visible = np.where(nearer, visible[..., _SWAPPED], visible)
    likely = _FITS * (fits - fits[look, samples])
    weight = np.where(off.min(axis=0) < _NEAR * TORSO, np.exp(likely), 0)[..., None]
    weight = weight / weight.sum(axis=0)
    found = (places * weight[..., None]).sum(axis=0)
    apart = np.minimum(np.linalg.norm(places - found, axis=-1) / TORSO, _MOST_APART)
    looked = np.isfinite(fits)[..., None]
    apart = np.where(looked.sum(axis=0) > 1, (apart * looked).sum(axis=0) / looked.sum(axis=0), _ALONE)
    return _Pose(found, (visible * weight).sum(axis=0), fits[look, samples]), apart


def _doubtful(fits: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return True (n,) for samples in which the looks disagree or do not fit the mask."""
    return np.asarray((fits < _SURE_FIT) | (apart.mean(axis=1) > _MOST_DISAGREEMENT))


def _thinned(cells: np.ndarray) -> np.ndarray:
    """Return about `_CELLS` of some cells (n, 2) x, y, on a grid that is the same from the left and from the right."""
    apart = round(np.sqrt(max(1.0, len(cells) / _CELLS)))
    from_middle = np.floor(np.abs(cells - MASK_SIZE / 2)).astype(int)
    thinned = cells[(from_middle % apart == 0).all(axis=1)]
    return thinned if len(thinned) else cells


def _sure(body: _Pose, apart: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Return the confidence (n, 15) of joints: visible, agreed on by the looks, in a pose that fits the mask."""
    column, row = np.floor(body.places * MASK_SIZE).astype(int).clip(0, MASK_SIZE - 1).transpose(2, 0, 1)
    on_body = masks[np.arange(len(masks))[:, None], row, column].astype(np.float64)
    base, agreed, fitting, on = _SURE
    logit = base + agreed * np.log(apart + 0.03) + fitting * body.fits[:, None] + on * on_body
    return np.asarray(np.minimum(body.visible / _SHOWN, 1) / (1 + np.exp(-logit)))


def _likeliest_path(places: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """Return the index (n,) of the pose to take in each sample: likely poses that move little (Viterbi).

    Args:
        places: (m, n, 15, 2).
        likely: (m, n) logarithms.
    """
    limbs = places[:, :, _COMPARED]
    best, came_from = likely[:, 0], np.zeros(likely.shape, int)
    for sample in range(1, likely.shape[1]):
        moved = np.linalg.norm(limbs[:, None, sample] - limbs[None, :, sample - 1], axis=-1) / TORSO
        total = best - _MOVED * np.minimum(moved, _MOST_MOVED).mean(axis=-1)
        came_from[:, sample] = total.argmax(axis=1)
        best = total.max(axis=1) + likely[:, sample]
    path = [int(best.argmax())]
    for sample in range(likely.shape[1] - 1, 0, -1):
        path.append(int(came_from[path[-1], sample]))
    return np.array(path[::-1])
