"""Preprocessing against an independent antialiased bilinear resize."""

import numpy as np
import pytest
import torch
from torchvision.transforms.functional import InterpolationMode, resize

from fineparser_core.video.preprocess import get_preprocessing

SIZES = [(240, 320), (256, 455), (97, 61), (1080, 1920)]


def reference(image, size):
    tensor = torch.from_numpy(image).permute(2, 0, 1).double()
    return resize(tensor, list(size), InterpolationMode.BILINEAR, antialias=True).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "height", "rows"), [("release", 200, slice(44, 156)), ("whole", 112, slice(None))])
def test_frames(size, name, height, rows):
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    shaped = get_preprocessing(name).apply(frame)
    assert shaped.dtype == np.uint8
    assert shaped.shape == (112, 112, 3)
    expected = reference(frame, (height, 112))[rows]
    assert np.abs(shaped - expected).max() < 0.51


def test_masks_keep_their_share():
    mask = np.zeros((240, 320), dtype=bool)
    mask[60:180, 80:240] = True
    shaped = get_preprocessing("whole").resize_mask(mask)
    assert shaped.dtype == np.float32
    assert shaped.shape == (112, 112)
    assert shaped.mean() == pytest.approx(0.25, abs=1e-3)
    np.testing.assert_allclose(shaped, get_preprocessing("whole").resize_mask(mask.astype(np.float32)), atol=1e-6)
    expected = reference(mask[:, :, None].astype(float), (200, 112))[:, :, 0]
    np.testing.assert_allclose(get_preprocessing("release").resize_mask(mask), expected, atol=1e-5)
