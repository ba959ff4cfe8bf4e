"""Overlays of the picture: logos, clocks, score bars, borders. They stand still in the picture, not in the scene.

An edge that is where it was, although the scene moved across it by more than edges are wide, is an overlay's. What
changes within (digits, what shows through) does not matter, as its frame and its other edges stay. A diver whom the
camera follows also stays where he is in the picture, but his outline does not. Uniform rows and columns at the sides of
the picture are borders at once. While the camera stands still nothing else is found, and nothing laid over can fall.

The constants were chosen on eleven real clips, as they are and with overlays drawn in: these are found, no diver is.
"""

import numpy as np

#: Pixels by which the scene moves between images that tell, and across the edges that these tell of.
_MOVED_PX, _ACROSS_PX = 6.0, 3.0
#: These images are so far apart at least, so that a diver has moved in the picture.
_APART_S = 0.045
#: Edges as strong as this (Sobel, of gray values) count half as much as the strongest.
_STRONG = 40.0
#: Share of an edge that is the same in these images, and how many of them tell it if all of it is the same. Edges at
#: random pass once in e^8 times.
_SAME, _LEAST_IMAGES = 0.6, 8.0
#: Number of images after which evidence counts a third: captions come and go.
_MEMORY = 40.0
#: Edges this close to each other have the overlay between them; so has what they surround, up to a share of the image.
#: For boxes made by an overlay the distance is larger, as a pan along an edge gives no evidence of it.
_CLOSE_PX, _LARGEST, _FAR_PX = 9, 0.1, 21
#: Radius in pixels within which overlays decide about a corner.
_NEAR_PX = 7
#: Range of the gray values of a row or column of a border, and how far compression blurs it.
_FLAT, BLURRED_PX = 16, 4
#: Share of a box on overlays that makes it an overlay; a body that passes an overlay, in the same box, stays.
_ON_OVERLAY = 0.5


class BroadcastOverlays:
    """Takes the images of a video in order and knows what is laid over them so far.

    Attributes:
        mask: (H, W) uint8, 1 on overlays.
        scene: (H, W) uint8, 1 where overlays are not even near.
        border: (4,) int: rows above the picture, columns left, rows below, columns right.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        """Begin a video whose images are of a shape (H, W)."""
        self.mask: np.ndarray = np.zeros(shape, np.uint8)
        self.scene: np.ndarray = np.ones(shape, np.uint8)
        self._edges = np.zeros((2, *shape), np.float32)
        self._images = np.zeros(shape, np.float32)
        self.border: np.ndarray = np.array([*shape, *shape])
        self._compared: tuple[np.ndarray, float] | None = None  # the image whose edges were added last

    def add(self, gray: np.ndarray, to_first: np.ndarray, time_s: float, *, lost: bool) -> None:
        """Add the next image.

        Args:
            gray: (H, W) uint8.
            to_first: (3, 3), takes pixels of the image to those of the first image of its scene.
            lost: the image begins a scene.
        """
        import cv2

        border = _border(gray)
        if lost or self._compared is None:
            self.border, self._compared = border, (to_first, time_s)
            self._begin_scene(gray)
            return
        if (border < self.border).any():
            self.border = np.minimum(self.border, border)
            self._find()
        if time_s - self._compared[1] < _APART_S:
            return
        height, width = gray.shape
        moved = (np.linalg.inv(self._compared[0]) @ to_first - np.eye(3))[:2].astype(np.float32)
        if np.hypot(*(moved @ [[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])).max() < _MOVED_PX:
            return
        self._compared = to_first, time_s
        x, y = _edges(gray)
        columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        right, down = (row[0] * columns + (row[1] * rows + row[2]) for row in moved)
        across = np.abs(right * x + down * y)
        counts = (across >= _ACROSS_PX * cv2.magnitude(x, y)).astype(np.float32)
        kept = np.float32(1 - 1 / _MEMORY)
        self._edges *= kept
        self._edges[0] += x * counts
        self._edges[1] += y * counts
        self._images *= kept
        self._images += counts
        self._find()

    def _find(self) -> None:
        import cv2

        closed = _closed(self._same().astype(np.uint8), _CLOSE_PX)
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        hulls = [cv2.convexHull(outline) for outline in outlines]
        small = [hull for hull in hulls if cv2.contourArea(hull) < _LARGEST * closed.size]
        filled = cv2.drawContours(closed, small, -1, 1, cv2.FILLED)
        above, left, below, right = self.border + BLURRED_PX * (self.border > 0)
        filled[:above] = filled[len(filled) - below :] = filled[:, :left] = filled[:, filled.shape[1] - right :] = 1
        self.mask = cv2.dilate(filled, np.ones((3, 3), np.uint8))
        self.scene = 1 - cv2.dilate(filled, np.ones((2 * _NEAR_PX + 1,) * 2, np.uint8))

    def _same(self) -> np.ndarray:
        """Return the edges that stayed, (H, W) bool."""
        import cv2

        alike = cv2.magnitude(*self._edges)
        return (alike > _SAME * self._images) & (alike**2 > _LEAST_IMAGES * self._images)

    def _begin_scene(self, gray: np.ndarray) -> None:
        """Forget what is known if most of it is not in the first image of a scene."""
        same = self._same()
        there = (self._edges * _edges(gray)).sum(axis=0) > _SAME**2 * self._images
        if 2 * there[same].sum() < same.sum():
            self._edges[:] = self._images[:] = 0
        self._find()


def _edges(gray: np.ndarray) -> np.ndarray:
    """Return the slopes of gray values, x and y, (2, H, W) float32; the stronger, the nearer to 1 in length."""
    import cv2

    x, y = (cv2.Sobel(gray, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    strength = cv2.magnitude(x, y) + np.float32(_STRONG)
    return np.stack([x / strength, y / strength])


def _border(gray: np.ndarray) -> np.ndarray:
    """Count uniform rows above the picture, columns left, rows below, columns right; all of them in a blank image."""
    rows, columns = (np.ptp(gray, axis=axis) <= _FLAT for axis in (1, 0))
    return np.array([len(side) if side.all() else side.argmin() for side in (rows, columns, rows[::-1], columns[::-1])])


def _closed(mask: np.ndarray, gap_px: int) -> np.ndarray:
    """Return a mask (H, W) with gaps closed."""
    import cv2

    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((gap_px, gap_px), np.uint8)))


def on_overlays(mask: np.ndarray, center: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """Return the boxes (m,) bool that lie too much on overlays.

    Args:
        mask: (H, W) uint8, 1 on overlays.
        center, extent: (m, 2) x, y in pixels.
    """
    import cv2

    total = cv2.integral(_closed(mask, _FAR_PX))
    limits = (mask.shape[1], mask.shape[0])
    x0, y0 = np.clip(np.round(center - extent / 2), 0, limits).astype(int).T
    x1, y1 = np.clip(np.round(center + extent / 2), 0, limits).astype(int).T
    area = np.maximum((x1 - x0) * (y1 - y0), 1)
    return np.asarray((total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]) > _ON_OVERLAY * area)
