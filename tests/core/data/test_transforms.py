from dataclasses import replace

import numpy as np

from fineparser_core.data.transforms import draw_view, plain_view, view_frames, view_masks

ALL = np.arange(96)


def views(dive, n=200, preprocessing="release"):
    return [draw_view(dive, preprocessing, np.random.default_rng((3, 1, i))) for i in range(n)]


def test_the_plain_view_is_what_inference_sees(dive):
    view = plain_view(dive, "release")
    np.testing.assert_array_equal(view.sampled, np.linspace(0, 59, 96).astype(np.int64))
    np.testing.assert_array_equal(view_frames(dive, view, ALL), dive.frames[view.sampled, 44:156])
    np.testing.assert_array_equal(view_masks(dive, view, [0, 95]), dive.masks[[0, 59], 44:156])
    assert view.sampled[view.transitions(dive)[0]] == 15
    assert view.sampled[view.transitions(dive)[1]] == 40


def test_clip_and_mask_move_together(dive):
    for view in views(dive, 40):
        samples = np.array([0, 17, 95])
        frames, masks = view_frames(dive, view, samples), view_masks(dive, view, samples)
        assert frames.shape == (3, 112, 112, 3)
        assert frames.dtype == masks.dtype == np.uint8
        assert frames.flags.c_contiguous
        assert masks.flags.c_contiguous
        np.testing.assert_array_equal(frames[..., 0], masks)


def test_the_releases_views(dive):
    drawn = views(dive)
    assert {view.sampled[0] for view in drawn} == {0}
    assert {view.sampled[-1] for view in drawn} == {56, 57, 58, 59}
    assert {view.first_row for view in drawn} <= set(range(89))
    assert len({view.first_row for view in drawn}) > 60
    assert 70 < sum(view.flip for view in drawn) < 130


def test_a_shift_keeps_the_first_frame_of_the_entry(dive):
    late = replace(dive, first_entry_frame=58)
    assert {view.sampled[-1] for view in views(late)} == {58, 59}
