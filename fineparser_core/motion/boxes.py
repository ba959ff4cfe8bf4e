"""Boxes of what moves in a video once the motion of the camera is taken out, frame by frame.

An image is compared with those a tenth of a second before and after, both brought to its view: only what differs from
both was there and nowhere else. A diver a twentieth of the picture high shows as a single box; spectators who sit,
pillars and lane ropes do not, and ripples, flags and score boards, which move in place, are recognized by that and left
out. So are overlays, which stand still while the scene moves.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from fineparser_core.motion.camera import camera_motion
from fineparser_core.motion.overlays import BroadcastOverlays, on_overlays

#: Longer side of the images that are compared: a diver a twentieth of it has 19 pixels.
LONG_SIDE_PX = 384
#: Time between compared images: a diver in the air moves by a third of his length, a slow replay by a tenth.
COMPARED_S = 0.1
#: Minimum difference of a color, of 255, after a blur of a pixel: where the camera moves, from all colors within a
#: pixel, as its motion misses edges of ropes, boards or spectators by less.
_DIFFERENCE = 14.0
#: Pixels by which no corner of the picture moves where the camera stands still.
_STILL_PX = 0.2
#: Pixels that a box loses by that, once it is blurred.
_LOST_PX = 1
#: Gaps that are closed between parts of a body, pixels.
_CLOSED_PX = 7
_UNSEEN = 1000.0
_MIN_AREA_PX = 12
_MOST_IN_AN_IMAGE = 24
#: An image of which more than this share differs from its neighbors follows a cut or a flash.
_MAX_MOVING_SHARE = 0.35
#: Below this support of the camera's motion two images do not show the same scene.
CUT_SUPPORT = 0.04
#: Share of its colors, of 6 x 6 x 6, that an image shares with the image before, unless there is a cut.
_SAME_COLORS = 0.6
# A box flickers where boxes of its size appear in more than this share of the images around it, the nearest left out.
_FLICKER_SHARE, _AROUND_S, _NEAREST_S = 0.3, 1.5, 0.35
_SAME_SIZE = 1.7
_SAME_PLACE = 0.35


@dataclass(frozen=True, kw_only=True)
class Motion:
    """Moving boxes of n images; m boxes in all. Pixels are those of the reduced images.

    Attributes:
        times_s: (n,) seconds.
        size_px: (width, height) of the reduced images.
        scale: source pixels a pixel.
        to_first: (n, 3, 3), takes pixels of an image to those of the first image of its scene.
        scene: (n,) int, number of the scene, which ends with a cut or where the camera could not be followed.
        cut: (n,) bool, whether the image is the first after a cut, recognized by its colors as well.
        border: (n, 4) int, rows above the picture, columns left, rows below, columns right, by its scene so far.
        image: (m,) int64, index of the image of each box, ascending.
        center: (m, 2) x, y.
        extent: (m, 2) width, height.
    """

    times_s: np.ndarray = field(repr=False)
    size_px: tuple[int, int]
    scale: float
    to_first: np.ndarray = field(repr=False)
    scene: np.ndarray = field(repr=False)
    cut: np.ndarray = field(repr=False)
    border: np.ndarray = field(repr=False)
    image: np.ndarray = field(repr=False)
    center: np.ndarray = field(repr=False)
    extent: np.ndarray = field(repr=False)

    def seen_from(self, image: int, indices: np.ndarray) -> np.ndarray:
        """Return the centers (len(indices), 2) of boxes of the same scene in the view of an image."""
        matrices = np.linalg.inv(self.to_first[image]) @ self.to_first[self.image[indices]]
        return apply(matrices, self.center[indices])

    def of_images(self, chosen: np.ndarray, times_s: np.ndarray) -> "Motion":
        """Return what moves in some of the images.

        Args:
            chosen: (n,) bool.
            times_s: (k,) of those.
        """
        kept, places = chosen[self.image], np.cumsum(chosen) - 1
        return replace(
            self,
            times_s=times_s,
            to_first=self.to_first[chosen],
            scene=self.scene[chosen],
            cut=self.cut[chosen],
            border=self.border[chosen],
            image=places[self.image[kept]],
            center=self.center[kept],
            extent=self.extent[kept],
        )


def apply(matrices: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Transform points (n, 2) by a matrix (3, 3), or each by its own of (n, 3, 3)."""
    moved = (matrices @ np.concatenate([points, np.ones((len(points), 1))], axis=1)[..., None])[..., 0]
    return np.asarray(moved[:, :2] / moved[:, 2:])


def colors_change(before: np.ndarray, after: np.ndarray) -> bool:
    """Return True if most colors of an image (H, W, 3 or 4) uint8 RGB are gone in the next: there may be a cut."""
    import cv2

    shares = []
    for image in (before, after):
        counts = cv2.calcHist([_reduced(image)[0]], [0, 1, 2], None, [6, 6, 6], [0, 256] * 3).ravel()
        shares.append(counts / counts.sum())
    return bool(np.minimum(*shares).sum() < _SAME_COLORS)


#: Images that wait to be compared.
_MOST_AHEAD = 8
#: Compares images while the camera's motion to the next is estimated.
_COMPARING = ThreadPoolExecutor(1, thread_name_prefix="compare")


class MotionFinder:
    """Takes the images of a video in order, and holds no more of them than it compares.

    Args:
        interval_s: usual time between images.
    """

    def __init__(self, interval_s: float) -> None:
        self._apart = max(1, round(round(COMPARED_S / max(interval_s, 1e-3), 3)))  # as in `find_free_falls`
        self._images: deque[np.ndarray] = deque(maxlen=2 * self._apart + 1)
        self._gray: np.ndarray | None = None
        self._last = np.eye(3)
        self._times: list[float] = []
        self._scenes: list[int] = []
        self._cuts: list[bool] = []
        self._borders: list[np.ndarray] = []
        self._to_first: list[np.ndarray] = []
        self._boxes = np.empty((0, 5))  # of the scenes before: image, center, width and height
        # Of this scene: image, and its boxes, overlays not yet left out.
        self._new: list[tuple[int, Future[np.ndarray]]] = []
        self._overlays: BroadcastOverlays | None = None
        self._scale = 1.0

    def add(self, image: np.ndarray, time_s: float) -> None:
        """Add the next image, (H, W, 3) uint8 RGB of any size, the same for all."""
        import cv2

        image, self._scale = _reduced(image)
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        self._overlays = self._overlays or BroadcastOverlays(gray.shape)
        matrix, support = np.eye(3), 1.0
        if self._gray is not None:
            matrix, support = camera_motion(self._gray, gray, self._last, self._overlays.scene)
        lost = support < CUT_SUPPORT
        self._last = np.eye(3) if lost else matrix
        self._scenes.append((self._scenes[-1] if self._scenes else 0) + lost)
        self._to_first.append(np.eye(3) if lost or not self._to_first else self._to_first[-1] @ matrix)
        self._cuts.append(lost and colors_change(self._images[-1], image))
        if lost:
            self._boxes, self._new = self._found(), []
        self._overlays.add(gray, self._to_first[-1], time_s, lost=lost)
        self._borders.append(self._overlays.border)
        self._times.append(time_s)
        self._images.append(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA))  # with a place for what is visible, see `_compare`
        self._gray = gray
        last = len(self._times) - 1
        at, before = last - self._apart, last - 2 * self._apart
        if len(self._images) == self._images.maxlen and self._scenes[before] == self._scenes[last]:
            images = self._images[0], self._images[self._apart], self._images[-1]
            to_first = self._to_first[before], self._to_first[at], self._to_first[last]
            visible = 255 * (1 - self._overlays.mask)
            self._new.append((at, _COMPARING.submit(_compare, images, to_first, visible)))
            self._new[-min(len(self._new), _MOST_AHEAD)][1].result()

    def forget_before(self, time_s: float) -> None:
        """Forget the images before a time, but for those that are still compared: of a stream that has no end."""
        n = min(int(np.searchsorted(self._times, time_s)), max(len(self._times) - len(self._images), 0))
        for each in (self._times, self._scenes, self._cuts, self._borders, self._to_first):
            del each[:n]
        self._boxes = self._boxes[self._boxes[:, 0] >= n] - [n, 0, 0, 0, 0]
        self._new = [(image - n, boxes) for image, boxes in self._new if image >= n]

    def motion(self, since_s: float = -np.inf) -> Motion:
        """Return the motion found so far, or in the images since a time.

        Raises:
            ValueError: no image was added.
        """
        if self._gray is None or self._overlays is None:
            raise ValueError("no image was added")
        n = int(np.searchsorted(self._times, since_s))
        boxes = self._found()
        boxes = boxes[boxes[:, 0] >= n] - [n, 0, 0, 0, 0]
        found = Motion(
            times_s=np.array(self._times[n:]),
            size_px=(self._gray.shape[1], self._gray.shape[0]),
            scale=self._scale,
            to_first=np.array(self._to_first[n:]),
            scene=np.array(self._scenes[n:]),
            cut=np.array(self._cuts[n:]),
            border=np.array(self._borders[n:]),
            image=boxes[:, 0].astype(np.int64),
            center=boxes[:, 1:3],
            extent=boxes[:, 3:],
        )
        kept = ~_flickering(found)
        return replace(found, image=found.image[kept], center=found.center[kept], extent=found.extent[kept])

    def _found(self) -> np.ndarray:
        """Return the boxes (m, 5), those of this scene without those on overlays as known so far."""
        assert self._overlays is not None
        parts = [boxes.result() for _, boxes in self._new]
        image = np.repeat([image for image, _ in self._new], list(map(len, parts)))
        new = np.concatenate([np.empty((0, 4)), *parts])
        kept = ~on_overlays(self._overlays.mask, new[:, :2], new[:, 2:])
        return np.concatenate([self._boxes, np.column_stack([image, new])[kept]])


def _compare(
    images: tuple[np.ndarray, np.ndarray, np.ndarray], to_first: Sequence[np.ndarray], visible: np.ndarray
) -> np.ndarray:
    """Return the boxes (m, 4) of what moves in an image, center and extent, where the scene is visible.

    Args:
        images: before, at and after a time, (H, W, 4) uint8; the last channel is overwritten.
        to_first: of each.
        visible: (H, W) uint8, 255.
    """
    import cv2

    before, image, after = images
    height, width = image.shape[:2]
    corners = np.array([[x, y, 1] for x in (0, width) for y in (0, height)])
    around, differences, lost_px = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), [], 0
    for other, matrix in ((before, to_first[0]), (after, to_first[2])):
        view = (np.linalg.inv(matrix) @ to_first[1])[:2]  # pixels here to pixels there
        cv2.insertChannel(visible, other, 3)
        there = cv2.warpAffine(other, view, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        lightest = darkest = there
        if np.abs(corners @ view.T - corners[:, :2]).max() > _STILL_PX:
            lightest, darkest, lost_px = cv2.dilate(there, around), cv2.erode(there, around), _LOST_PX
        red, green, blue, _ = cv2.split(cv2.max(cv2.subtract(image, lightest), cv2.subtract(darkest, image)))
        difference = cv2.max(cv2.max(red, green), blue).astype(np.float32)
        difference[cv2.extractChannel(there, 3) < 255] = _UNSEEN
        differences.append(difference)
    # The image after decides alone where a following camera sees a place for the first time.
    different = np.minimum(*differences)
    different[(different == _UNSEEN) | (visible == 0)] = 0
    moving = cv2.GaussianBlur(different, (0, 0), 1.0) > _DIFFERENCE
    if moving.mean() > _MAX_MOVING_SHARE:
        return np.empty((0, 4))
    joined = cv2.morphologyEx(moving.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_CLOSED_PX, _CLOSED_PX), np.uint8))
    _, _, boxes, centers = cv2.connectedComponentsWithStats(joined, connectivity=8)
    largest = 1 + np.argsort(-boxes[1:, cv2.CC_STAT_AREA], kind="stable")[:_MOST_IN_AN_IMAGE]
    largest = largest[boxes[largest, cv2.CC_STAT_AREA] >= _MIN_AREA_PX]
    extents = boxes[largest][:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] + lost_px
    return np.concatenate([centers[largest], extents], axis=1)


def _reduced(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Return an image (H, W, 3) with a longer side of at most `LONG_SIDE_PX`, and the source pixels per pixel."""
    import cv2

    height, width = image.shape[:2]
    scale = max(1.0, max(height, width) / LONG_SIDE_PX)
    if scale == 1:
        return image, scale
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), scale


def _flickering(motion: Motion) -> np.ndarray:
    """Return the boxes (m,) bool that move in place."""
    flickers = np.zeros(len(motion.image), bool)
    times, size = motion.times_s[motion.image], motion.extent.max(axis=1, initial=0)
    everywhere = apply(motion.to_first[motion.image], motion.center) if len(times) else motion.center
    scene = motion.scene[motion.image]
    for image in np.unique(motion.image):
        own = slice(*np.searchsorted(motion.image, [image, image + 1]))
        time_s = motion.times_s[image]
        around = np.arange(*np.searchsorted(times, [time_s - _AROUND_S, time_s + _AROUND_S]))
        around = around[(np.abs(times[around] - time_s) > _NEAREST_S) & (scene[around] == motion.scene[image])]
        if not len(around):
            continue
        ratio = size[around] / size[own, None]
        same = (ratio < _SAME_SIZE) & (ratio > 1 / _SAME_SIZE)
        for axis in (0, 1):
            reach = np.maximum(_SAME_PLACE * motion.extent[own, axis], 3)
            same &= np.abs(everywhere[around, axis] - everywhere[own, axis, None]) < reach[:, None]
        images, begins = np.unique(motion.image[around], return_index=True)
        shown = np.logical_or.reduceat(same, begins, axis=1).sum(axis=1)
        flickers[own] = shown > _FLICKER_SHARE * len(images)
    return flickers
