"""The ghost: another dive's athlete over this dive's, equally large and at the same place."""

import numpy as np

from fineparser_core.export.mask_overlay import mask_at
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.palette import COMPARED_COLOR
from fineparser_core.records import ComparedDive, MaskTrack

#: Style of the ghost: the outline alone, so that the athlete below it is seen.
GHOST_STYLE = MaskStyle(color=COMPARED_COLOR, opacity=1.0, outline=True)
#: Probability from which a cell belongs to the athlete.
_INSIDE = 0.5


class Ghost:
    """Places the masks of another dive over those of this one.

    Args:
        masks: masks of this dive.
        other: the other dive, whose masks are known.
    """

    def __init__(self, masks: MaskTrack, other: ComparedDive) -> None:
        assert other.masks is not None
        self._masks, self._other, self._mirrored = masks, other.masks, other.mirrored
        self._scale = _body_px(masks) / _body_px(other.masks)

    def at(self, frame: int, other_frame: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the other mask (112, 112) and the pixels x0, y0, x1, y1 of this frame that it covers; None if unseen.

        Args:
            frame, other_frame: frames of both files that are shown together.
        """
        probability, other_xyxy = mask_at(self._other, other_frame)
        probability = probability[:, ::-1] if self._mirrored else probability
        place, center = (_center(*one) for one in (mask_at(self._masks, frame), (probability, other_xyxy)))
        if place is None or center is None:
            return None
        corners = np.stack((other_xyxy[:2], other_xyxy[2:]))
        return probability, (place + (corners - center) * self._scale).reshape(4).astype(np.float32)


def _center(probability: np.ndarray, crop_xyxy: np.ndarray) -> np.ndarray | None:
    """Return the middle (x, y) of an athlete in pixels; None where nobody is seen."""
    cells = np.argwhere(probability > _INSIDE)
    if not len(cells):
        return None
    center_xy: np.ndarray = (
        crop_xyxy[:2] + (cells.mean(axis=0)[::-1] + 0.5) * (crop_xyxy[2:] - crop_xyxy[:2]) / probability.shape[0]
    )
    return center_xy


def _body_px(masks: MaskTrack) -> float:
    """Return the usual size of an athlete in pixels: the root of the area."""
    covered = (np.asarray(masks.mask_probability) > _INSIDE).mean(axis=(1, 2))
    sides = masks.crop_xyxy[:, 2:] - masks.crop_xyxy[:, :2]
    sizes = np.sqrt(covered * sides.prod(axis=1))
    return float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 1.0
