"""A person's corrections of the athlete's masks."""

import zlib
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta

from fineparser_core.constants import MASK_SIZE
from fineparser_core.records.clip import Frame

#: Values of the cells of a correction.
AS_FOUND, TAKEN_AWAY, ADDED = range(3)
#: Maximum compressed bytes of the cells: noise of the three values takes 3,000.
_MOST_BYTES = 4096
_Pixels = Annotated[float, Meta(ge=-100_000, le=100_000)]


@dataclass(frozen=True, kw_only=True)
class PaintedMask:
    """A correction of the mask of a frame.

    Attributes:
        frame: a sampled frame of the source file.
        crop_xyxy: x0, y0, x1, y1 in source pixels that the cells cover.
        cells: (112, 112) uint8, compressed: `AS_FOUND`, `TAKEN_AWAY` or `ADDED`.
    """

    frame: Frame
    crop_xyxy: tuple[_Pixels, _Pixels, _Pixels, _Pixels]
    cells: Annotated[bytes, Meta(max_length=_MOST_BYTES)]

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.crop_xyxy
        if min(x1 - x0, y1 - y0) < 1:
            raise ValueError(f"{list(self.crop_xyxy)} where the corners of a rectangle belong")
        self.grid()  # raises where it is damaged

    @classmethod
    def of(cls, frame: int, crop_xyxy: np.ndarray, grid: np.ndarray) -> "PaintedMask":
        """Pack the cells (112, 112) of a correction."""
        x0, y0, x1, y1 = crop_xyxy.tolist()
        return cls(frame=frame, crop_xyxy=(x0, y0, x1, y1), cells=zlib.compress(grid.astype(np.uint8).tobytes()))

    def grid(self) -> np.ndarray:
        """Return the cells (112, 112) uint8."""
        try:
            data = zlib.decompressobj().decompress(self.cells, MASK_SIZE**2 + 1)
        except zlib.error:
            data = b""
        if len(data) != MASK_SIZE**2 or max(data) > ADDED:
            raise ValueError("cells that are no mask of 112 x 112")
        return np.frombuffer(data, np.uint8).reshape(MASK_SIZE, MASK_SIZE)

    def grid_in(self, crop_xyxy: np.ndarray) -> np.ndarray:
        """Return the cells (112, 112) uint8 of another crop, each as the nearest of these."""
        own = np.array(self.crop_xyxy).reshape(2, 2)
        corner, end = crop_xyxy.astype(np.float64).reshape(2, 2)
        centers = corner + (np.arange(MASK_SIZE)[:, None] + 0.5) * (end - corner) / MASK_SIZE
        columns, rows = np.floor((centers - own[0]) / (own[1] - own[0]) * MASK_SIZE).clip(-1, MASK_SIZE).astype(int).T
        return np.asarray(np.pad(self.grid(), 1)[np.ix_(rows + 1, columns + 1)])

    def on(self, probability: np.ndarray, crop_xyxy: np.ndarray) -> np.ndarray:
        """Return the mask (112, 112) of a crop with the correction."""
        grid = self.grid_in(crop_xyxy)
        return np.where(grid == AS_FOUND, probability, grid == ADDED)
