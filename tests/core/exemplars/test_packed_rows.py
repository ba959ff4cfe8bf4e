import numpy as np

from fineparser_core.exemplars.records import ExemplarEncoding
from fineparser_core.exemplars.rows import encoding_row, mask_row, read_encoding, read_mask
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


def test_encodings_keep_three_digits_and_take_little_room():
    rng = np.random.default_rng(0)
    gated = np.maximum(rng.normal(-1, 1, (9, 1024)), 0).astype(np.float32)
    given = ExemplarEncoding(
        gated=gated, static_tokens=rng.normal(size=(3, 4, 64)).astype(np.float32), transition_samples=(20, 60)
    )
    row = encoding_row(given)
    assert len(row[0]) + len(row[1]) < 8_000
    found = read_encoding(*row)
    assert (np.abs(found.gated - gated) <= gated.max(axis=1, keepdims=True) / 253).all()
    np.testing.assert_allclose(found.static_tokens, given.static_tokens, rtol=1e-3)
    assert found.transition_samples == (20, 60)
    nothing = ExemplarEncoding(gated=np.zeros_like(gated), static_tokens=given.static_tokens, transition_samples=(1, 2))
    assert not read_encoding(*encoding_row(nothing)).gated.any()
