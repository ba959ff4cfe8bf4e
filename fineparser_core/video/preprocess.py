"""How a frame becomes the 112 x 112 image that the network sees: named, so that weights can say which they need.

Resampling is the bilinear filter of the Python Imaging Library (a triangle as wide as the reduction, so
that no pixel is skipped), written as two small matrices per frame size.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import ConfigError

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True, kw_only=True)
class Follow:
    """Cut the square that follows the athlete, found by a first look at the whole frame; see `video.follow`.

    Training stores squares with a margin, (112 + 2 `margin_px`) on each side, so that views may stray.

    Attributes:
        name: what a weights card and an analysis record.
    """

    name: str
    margin_px: int

    @property
    def stored_px(self) -> tuple[int, int]:
        """Rows and columns that training keeps of a frame."""
        return MASK_SIZE + 2 * self.margin_px, MASK_SIZE + 2 * self.margin_px

    @property
    def first_row(self) -> int:
        """First of the 112 rows, and of the columns, that inference sees."""
        return self.margin_px

    @property
    def stored_scale(self) -> float:
        """Side of what is stored, in sides of the square that inference sees."""
        return self.stored_px[0] / MASK_SIZE


@dataclass(frozen=True, kw_only=True)
class Squeeze:
    """Squeeze the whole frame to 112 x `squeezed_height_px`, keep 112 rows from `first_row` on.

    Attributes:
        name: what a weights card and an analysis record.
    """

    name: str
    squeezed_height_px: int
    first_row: int

    @property
    def stored_px(self) -> tuple[int, int]:
        """Rows and columns that training keeps of a frame."""
        return self.squeezed_height_px, MASK_SIZE

    def apply(self, frame: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB to (112, 112, 3) uint8: 112 rows of `squeeze`, from `first_row` on."""
        return _rounded(self._resample(frame, self._kept))

    def apply_mask(self, mask: np.ndarray) -> np.ndarray:
        """(H, W) mask, bool or float in [0, 1], to the (112, 112) float32 share of athlete in every pixel."""
        return np.ascontiguousarray(self._resample(mask[:, :, None], self._kept)[:, :, 0])

    def squeeze(self, frame: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB to the whole squeezed frame, (squeezed_height_px, 112, 3) uint8."""
        return _rounded(self._resample(frame, range(self.squeezed_height_px)))

    def squeeze_mask(self, mask: np.ndarray) -> np.ndarray:
        """(H, W) mask, bool or float in [0, 1], to the (squeezed_height_px, 112) float32 share of athlete."""
        return np.ascontiguousarray(self._resample(mask[:, :, None], range(self.squeezed_height_px))[:, :, 0])

    def crop_xyxy(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """The rectangle (x0, y0, x1, y1) of a frame that is kept, in source pixels from the top left corner."""
        scale = height_px / self.squeezed_height_px
        return 0.0, self.first_row * scale, float(width_px), (self.first_row + MASK_SIZE) * scale

    @property
    def _kept(self) -> range:
        return range(self.first_row, self.first_row + MASK_SIZE)

    def _resample(self, image: np.ndarray, kept: range) -> np.ndarray:
        height, width, channels = image.shape
        rows = _triangle_filter(height, self.squeezed_height_px, kept)
        columns = _triangle_filter(width, MASK_SIZE, range(MASK_SIZE))
        squeezed = rows @ image.reshape(height, width * channels).astype(np.float32)
        by_column = squeezed.reshape(len(kept), width, channels).transpose(1, 0, 2).reshape(width, -1)
        return (columns @ by_column).reshape(MASK_SIZE, len(kept), channels).transpose(1, 0, 2)


def _rounded(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _triangle_filter(n_in: int, n_out: int, kept: range) -> "sparse.csr_array":
    """(len(kept), n_in) float32: the kept outputs of a bilinear resize from n_in to n_out pixels."""
    from scipy import sparse  # a third of a second that a window which only asks for the crop need not wait

    scale = n_in / n_out
    reach = max(scale, 1.0)
    centres = (np.asarray(kept) + 0.5) * scale
    distance = (np.arange(n_in)[None, :] + 0.5 - centres[:, None]) / reach
    weights = np.clip(1.0 - np.abs(distance), 0.0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return sparse.csr_array(weights.astype(np.float32))


Preprocessing = Squeeze | Follow

#: The whole frame: also the first look of what follows the athlete.
WHOLE = Squeeze(name="whole", squeezed_height_px=MASK_SIZE, first_row=0)

#: By name.
PREPROCESSINGS: dict[str, Preprocessing] = {
    p.name: p
    for p in (
        # Deviation: the release asks for 200 wide and 112 high, but its resize swaps the two: frames become 112 wide
        # and 200 high, and the centre crop loses the top and bottom 22 %. The paper does not say.
        Squeeze(name="release", squeezed_height_px=200, first_row=44),
        WHOLE,
        Follow(name="follow", margin_px=16),
    )
}


def get_preprocessing(name: str) -> Preprocessing:
    """The preprocessing of that name.

    Raises:
        ConfigError: no such name.
    """
    try:
        return PREPROCESSINGS[name]
    except KeyError:
        known = ", ".join(f'"{known}"' for known in PREPROCESSINGS)
        raise ConfigError(f'Unknown preprocessing "{name}": use one of {known}.') from None
