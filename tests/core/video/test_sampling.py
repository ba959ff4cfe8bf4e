from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms.functional import InterpolationMode, resize

from fineparser_core.records import VideoInfo
from fineparser_core.video.clips import frame_to_sample, sample_frames, valid_samples
from fineparser_core.video.preprocess import get_preprocessing
from fineparser_core.video.probe import probe


def info(pts_s, variable):
    return VideoInfo(
        path=Path("dive.mp4"),
        width_px=64,
        height_px=48,
        n_frames=len(pts_s),
        fps=30.0,
        duration_s=float(pts_s[-1]),
        rotation_deg=0,
        codec="h264",
        variable_frame_rate=variable,
        pts_s=pts_s,
    )


def test_constant_rate_is_a_truncated_line():
    # 191 frames: a step of exactly 2.
    assert sample_frames(info(np.arange(300) / 30, False), 5, 195).tolist() == list(range(5, 196, 2))
    # 102 frames as of a real clip: a step of 101/95 = 1.063, so about every 16th frame is skipped.
    sampled = sample_frames(info(np.arange(103) / 30, False), 1, 102)
    assert sampled[[0, 15, 16, 94, 95]].tolist() == [1, 16, 18, 100, 102]


def test_variable_rate_is_equal_times():
    # Half a second at 20 frames a second, then at 10: samples lie 10 ms apart over 0.95 s.
    pts_s = np.concatenate([np.arange(10) / 20, 0.5 + np.arange(10) / 10])
    sampled = sample_frames(info(pts_s, True), 0, 14)  # frame 14 is shown at 0.9 s
    times_s = np.linspace(0, 0.9, 96)
    expected = [max(i for i in range(20) if pts_s[i] <= t + 1e-9) for t in times_s]
    assert sampled.tolist() == expected
    assert sampled[[0, 5, 6, 52, 53, 94, 95]].tolist() == [0, 0, 1, 9, 10, 13, 14]


@pytest.mark.parametrize(("first", "last"), [(0, 95), (1, 102), (3, 30), (10, 299), (0, 190), (7, 22)])
def test_both_agree_at_a_constant_rate(first, last):
    pts_s = np.arange(300) / 29.97
    np.testing.assert_array_equal(
        sample_frames(info(pts_s, True), first, last), sample_frames(info(pts_s, False), first, last)
    )


def test_variable_rate_of_a_file(variable_rate_video):
    sampled = sample_frames(probe(variable_rate_video), 0, 119)
    # A quarter of the time passes in the first half of the frames.
    assert np.count_nonzero(sampled < 60) == pytest.approx(96 * 2 / 7.9, abs=1)
    assert (sampled[0], sampled[-1]) == (0, 119)


def test_short_clips_repeat_frames():
    sampled = sample_frames(info(np.arange(40) / 30, False), 4, 19)
    assert len(sampled) == 96
    assert sorted(set(sampled.tolist())) == list(range(4, 20))


def test_frame_to_sample_and_back():
    sampled = sample_frames(info(np.arange(300) / 30, False), 1, 102)
    for sample, frame in enumerate(sampled):
        assert frame_to_sample(sampled, int(frame)) == sample
    assert frame_to_sample(sampled, 17) == 16  # frame 17 is not sampled: the next sample is frame 18
    assert frame_to_sample(sampled, 0) == 0
    assert frame_to_sample(sampled, 200) == 95


def test_samples_that_fill_up_a_short_clip_do_not_count():
    assert valid_samples(np.array([*range(10, 61), *[60] * 45])).tolist() == [True] * 51 + [False] * 45
    assert valid_samples(sample_frames(info(np.arange(300) / 30, False), 0, 95)).all()


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
