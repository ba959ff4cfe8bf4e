"""The ghost lies on the athlete, equally large, and turned the way the other dive is shown."""

from pathlib import Path

import numpy as np
import pytest

from fineparser_core.export.ghost import Ghost
from fineparser_core.records import ComparedDive, MaskTrack, step_spans


def track(rows, columns, crop_xyxy):
    """Masks in which the same cells belong to the athlete in every frame."""
    masks = np.zeros((96, 112, 112), np.float16)
    masks[:, rows, columns] = 1
    crops = np.tile(np.float32(crop_xyxy), (96, 1))
    return MaskTrack(sampled_frames=np.arange(96), mask_probability=masks, crop_xyxy=crops)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_other_athlete_lies_on_this_one_and_is_as_large(mirrored):
    mine = track(slice(28, 84), slice(28, 84), (0, 0, 224, 224))  # 112 pixels wide, in the middle
    theirs = track(slice(0, 28), slice(0, 28), (100, 50, 212, 162))  # 28 pixels wide, at the corner
    steps = step_spans(0, 30, 60, 96)
    other = ComparedDive(path=Path("b.mp4"), title="", steps=steps, masks=theirs, mirrored=mirrored)
    probability, (x0, y0, x1, y1) = Ghost(mine, other).at(20, 40)
    cells = np.argwhere(probability > 0.5)
    (top, left), (bottom, right) = cells.min(axis=0), cells.max(axis=0) + 1
    width, height = (x1 - x0) / 112, (y1 - y0) / 112
    box = (x0 + left * width, y0 + top * height, x0 + right * width, y0 + bottom * height)
    assert box == pytest.approx((56, 56, 168, 168), abs=1)
    assert (left > 56) == mirrored
    assert Ghost(mine, other).at(20, 200) is None  # the other dive is over
