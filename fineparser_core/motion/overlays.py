"""What is laid over the picture: logos, clocks, score bars, borders. It stands still in the picture, not in the scene.

An edge that is where it was, although the scene moved across it by more than edges are wide, is an overlay's. What
changes within (digits, what shows through) does not matter, as its frame and its other edges stay. A diver whom the
camera follows also stays where he is in the picture, but his outline does not.
"""

import numpy as np

#: Pixels by which the scene moves, across an edge, between images that tell whether the edge moved with it.
_MOVED_PX = 5.0
#: These images are so far apart at least, so that a diver has moved in the picture.
_APART_S = 0.09
#: Edges as strong as this (Sobel, of grey values) count half as much as the strongest.
_STRONG = 40.0
#: Share of an edge that is the same in these images, and how many of them tell it if all of it is the same. Edges at
#: random pass once in e^8 times.
_SAME, _LEAST_IMAGES = 0.6, 8.0
#: What was so many images ago counts a third: captions come and go.
_MEMORY = 40.0
#: Edges this close to one another have the overlay between them; so has what they surround, up to a share of the image.
_CLOSE_PX, _LARGEST = 9, 0.1
#: Corners are told by what is so near.
_NEAR_PX = 7
#: Share of a box on overlays that makes it one.
_ON_OVERLAY = 0.3


class Overlays:
    """Takes the images of a video in order and knows what is laid over them so far.

    Attributes:
        mask: (H, W) uint8, 1 on overlays.
        scene: (H, W) uint8, 1 where overlays are not even near.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        """Begin a video whose images are of a shape (H, W)."""
        self.mask = np.zeros(shape, np.uint8)
        self.scene = np.ones(shape, np.uint8)
        self._edges = np.zeros((2, *shape), np.float32)
        self._images = np.zeros(shape, np.float32)
        self._compared: tuple[np.ndarray, float] | None = None  # the image whose edges were added last

    def add(self, grey: np.ndarray, to_first: np.ndarray, time_s: float, *, lost: bool) -> None:
        """Add the next image.

        Args:
            grey: (H, W) uint8.
            to_first: (3, 3), takes pixels of the image to those of the first image of its scene.
            lost: the image begins a scene.
        """
        import cv2

        if lost or self._compared is None:
            self._keep_what_is_there(grey)
            self._compared = to_first, time_s
            return
        if time_s - self._compared[1] < _APART_S:
            return
        height, width = grey.shape
        moved = (np.linalg.inv(self._compared[0]) @ to_first - np.eye(3))[:2].astype(np.float32)
        if np.hypot(*(moved @ [[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])).max() < _MOVED_PX:
            return
        self._compared = to_first, time_s
        x, y = _edges(grey)
        columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        right, down = (row[0] * columns + (row[1] * rows + row[2]) for row in moved)
        across = np.abs(right * x + down * y)
        counts = (across >= _MOVED_PX * cv2.magnitude(x, y)).astype(np.float32)
        kept = np.float32(1 - 1 / _MEMORY)
        self._edges *= kept
        self._edges[0] += x * counts
        self._edges[1] += y * counts
        self._images *= kept
        self._images += counts
        self._find()

    def _find(self) -> None:
        import cv2

        alike = cv2.magnitude(*self._edges)
        same = (alike > _SAME * self._images) & (alike**2 > _LEAST_IMAGES * self._images)
        closed = cv2.morphologyEx(same.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_CLOSE_PX, _CLOSE_PX), np.uint8))
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        hulls = [cv2.convexHull(outline) for outline in outlines]
        small = [hull for hull in hulls if cv2.contourArea(hull) < _LARGEST * closed.size]
        filled = cv2.drawContours(closed, small, -1, 1, cv2.FILLED)
        self.mask = cv2.dilate(filled, np.ones((3, 3), np.uint8))
        self.scene = 1 - cv2.dilate(filled, np.ones((2 * _NEAR_PX + 1,) * 2, np.uint8))

    def _keep_what_is_there(self, grey: np.ndarray) -> None:
        """Forget, at the beginning of a scene, what is no longer there."""
        if self.mask.any():
            here = (self._edges * _edges(grey)).sum(axis=0) > _SAME**2 * self._images
            self._edges *= here
            self._images *= here
            self._find()


def _edges(grey: np.ndarray) -> np.ndarray:
    """Slopes of grey values, x and y, (2, H, W) float32; the stronger, the nearer to 1 in length."""
    import cv2

    x, y = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    strength = cv2.magnitude(x, y) + np.float32(_STRONG)
    return np.stack([x / strength, y / strength])


def on_overlays(mask: np.ndarray, centre: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """(m,) bool: boxes of which too much lies on overlays.

    Args:
        mask: (H, W) uint8, 1 on overlays.
        centre, extent: (m, 2) x, y in pixels.
    """
    import cv2

    total = cv2.integral(mask)
    limits = (mask.shape[1], mask.shape[0])
    x0, y0 = np.clip(np.round(centre - extent / 2), 0, limits).astype(int).T
    x1, y1 = np.clip(np.round(centre + extent / 2), 0, limits).astype(int).T
    area = np.maximum((x1 - x0) * (y1 - y0), 1)
    return np.asarray((total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]) > _ON_OVERLAY * area)
