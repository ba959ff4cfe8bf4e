import numpy as np

from fineparser_core.exemplars.rows import mask_row, read_mask
from fineparser_core.records import MaskTrack


def soft_masks():
    """A disc that moves, with an edge three cells wide."""
    y, x = np.mgrid[:112, :112]
    off = [np.hypot(x - 56 - 10 * np.sin(t / 9), y - 56) for t in range(96)]
    probability = 1 / (1 + np.exp((np.array(off) - 20) / 1.5))
    return MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=probability.astype(np.float16),
        crop_xyxy=np.cumsum(np.random.default_rng(0).normal(0, 3, (96, 4)), axis=0).astype(np.float32),
    )


def test_masks_keep_their_outline_and_take_little_room():
    given = soft_masks()
    row = mask_row(given)
    assert sum(map(len, row)) < 12_000
    found = read_mask(*row)
    np.testing.assert_array_equal(found.sampled_frames, given.sampled_frames)
    np.testing.assert_array_equal(found.crop_xyxy, given.crop_xyxy)
    sure = np.abs(given.mask_probability.astype(float) - 0.5) > 1e-3
    assert ((found.mask_probability > 0.5) == (given.mask_probability > 0.5))[sure].all()
