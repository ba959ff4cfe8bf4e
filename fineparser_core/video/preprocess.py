"""Named preprocessings from a frame to the 112 x 112 input of the network; a weights card names its preprocessing.

Frames are resized with an antialiased bilinear (triangle) filter, as in Pillow, written as two sparse matrices per
frame size.
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
class AthleteCrop:
    """Crop a square around the athlete, found by a coarse pass over the whole frames; see `video.athlete_crop`.

    Training stores crops of
    (112 + 2 * margin_px) pixels a side, so that augmentation can shift and scale them.

    Attributes:
        name: recorded in weights cards and analyses.
        margin_px: margin of the stored crops.
    """

    name: str
    margin_px: int

    @property
    def stored_px(self) -> tuple[int, int]:
        """(rows, columns) of a frame as stored for training."""
        return MASK_SIZE + 2 * self.margin_px, MASK_SIZE + 2 * self.margin_px

    @property
    def first_row(self) -> int:
        """First of the 112 rows, and of the columns, that inference uses of a stored crop."""
        return self.margin_px

    @property
    def stored_scale(self) -> float:
        """Side of a stored crop relative to that of a crop for inference."""
        return self.stored_px[0] / MASK_SIZE


@dataclass(frozen=True, kw_only=True)
class FullFrame:
    """Resize the whole frame to a width of 112 and a height of `resized_height_px`, crop 112 rows from `first_row` on.

    Attributes:
        name: recorded in weights cards and analyses.
    """

    name: str
    resized_height_px: int
    first_row: int

    @property
    def stored_px(self) -> tuple[int, int]:
        """(rows, columns) of a frame as stored for training."""
        return self.resized_height_px, MASK_SIZE

    def apply(self, frame: np.ndarray) -> np.ndarray:
        """Preprocess a frame (H, W, 3) uint8 RGB to (112, 112, 3) uint8."""
        return _rounded(self._resample(frame, range(self.first_row, self.first_row + MASK_SIZE)))

    def resize(self, frame: np.ndarray) -> np.ndarray:
        """Resize a frame (H, W, 3) uint8 RGB without the crop: (resized_height_px, 112, 3) uint8."""
        return _rounded(self._resample(frame, range(self.resized_height_px)))

    def resize_mask(self, mask: np.ndarray) -> np.ndarray:
        """Resize a mask (H, W), bool or float in [0, 1], to (resized_height_px, 112) float32 shares of athlete."""
        return np.ascontiguousarray(self._resample(mask[:, :, None], range(self.resized_height_px))[:, :, 0])

    def crop_xyxy(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """Return the rectangle x0, y0, x1, y1 of a frame that the network receives, source pixels."""
        scale = height_px / self.resized_height_px
        return 0.0, self.first_row * scale, float(width_px), (self.first_row + MASK_SIZE) * scale

    def _resample(self, image: np.ndarray, kept: range) -> np.ndarray:
        """Return the rows `kept` of the resized image (H, W, C): (len(kept), 112, C) float32."""
        height, width, channels = image.shape
        rows = _triangle_filter(height, self.resized_height_px, kept)
        columns = _triangle_filter(width, MASK_SIZE, range(MASK_SIZE))
        resized = rows @ image.reshape(height, width * channels).astype(np.float32)
        by_column = resized.reshape(len(kept), width, channels).transpose(1, 0, 2).reshape(width, -1)
        kept_rows: np.ndarray = (columns @ by_column).reshape(MASK_SIZE, len(kept), channels).transpose(1, 0, 2)
        return kept_rows


def _rounded(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _triangle_filter(n_in: int, n_out: int, kept: range) -> "sparse.csr_array":
    """Return the matrix (len(kept), n_in) float32 of a bilinear resize from n_in to n_out pixels, rows `kept` only."""
    from scipy import sparse  # takes a third of a second to import, which users of `crop_xyxy` do not need

    scale = n_in / n_out
    support = max(scale, 1.0)
    centers = (np.asarray(kept) + 0.5) * scale
    distance = (np.arange(n_in)[None, :] + 0.5 - centers[:, None]) / support
    weights = np.clip(1.0 - np.abs(distance), 0.0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return sparse.csr_array(weights.astype(np.float32))


Preprocessing = FullFrame | AthleteCrop

#: The whole frame; also the preprocessing of the coarse pass for `AthleteCrop`.
WHOLE = FullFrame(name="whole", resized_height_px=MASK_SIZE, first_row=0)

#: Preprocessings by name.
PREPROCESSINGS: dict[str, Preprocessing] = {
    p.name: p
    for p in (
        # Deviation: the release's configuration asks for 200 x 112 (width x height), but its resize swaps the two.
        # Frames become 112 x 200, and the center crop removes 22 % at the top and at the bottom. The paper gives no
        # size.
        FullFrame(name="release", resized_height_px=200, first_row=44),
        WHOLE,
        AthleteCrop(name="follow", margin_px=16),
    )
}


def get_preprocessing(name: str) -> Preprocessing:
    """Return the preprocessing with a name.

    Raises:
        ConfigError: the name is unknown.
    """
    try:
        return PREPROCESSINGS[name]
    except KeyError:
        known = ", ".join(f'"{known}"' for known in PREPROCESSINGS)
        raise ConfigError('Unknown preprocessing "{0}": use one of {1}.', name, known) from None
