import numpy as np
import pytest

from fineparser_core.video.athlete_crop import (
    crop_image,
    crop_mask,
    square_to_xyxy,
    squares_around_joints,
    track_athlete,
)

WIDTH, HEIGHT = 640, 360


def masks_with(boxes):
    """(96, 112, 112) masks with boxes (x0, y0, x1, y1) in cells, for every body and frame."""
    masks = np.zeros((96, 112, 112), np.float32)
    for places in boxes.values():
        for mask, place in zip(masks, places, strict=True):
            if place is not None:
                x0, y0, x1, y1 = place
                mask[y0:y1, x0:x1] = 0.9
    return masks


def falling():
    return [(50, 5 + t, 56, 25 + t) if t < 80 else None for t in range(96)]


def test_the_crop_tracks_the_athlete_and_stays_where_it_was_visible_last():
    squares = track_athlete(masks_with({"athlete": falling()}), WIDTH, HEIGHT)
    true_y = (np.arange(80) + 15) * HEIGHT / 112
    np.testing.assert_allclose(squares[3:77, 1], true_y[3:77], atol=3)
    np.testing.assert_allclose(squares[:, 0], 53 * WIDTH / 112, atol=1)
    np.testing.assert_allclose(squares[85:, 1], true_y[-1], atol=3)
    assert squares[:, 2] == pytest.approx(1.6 * 20 * HEIGHT / 112, rel=0.01)


def test_bystanders_and_short_false_positives_are_ignored():
    standing = [(90, 80, 93, 92)] * 96
    flash = [(5, 90, 25, 110) if t in (30, 31) else None for t in range(96)]
    alone = track_athlete(masks_with({"athlete": falling()}), WIDTH, HEIGHT)
    crowded = track_athlete(masks_with({"athlete": falling(), "standing": standing, "flash": flash}), WIDTH, HEIGHT)
    np.testing.assert_allclose(crowded[:76], alone[:76], atol=6)


def test_gaps_are_interpolated():
    seen = falling()
    hidden = [None if 35 <= t < 43 else place for t, place in enumerate(seen)]
    squares = track_athlete(masks_with({"athlete": hidden}), WIDTH, HEIGHT)
    np.testing.assert_allclose(squares[:75], track_athlete(masks_with({"a": seen}), WIDTH, HEIGHT)[:75], atol=3)


def body(height_px):
    """(15, 2) joints of a body with a height, centred on the origin."""
    return np.stack([np.zeros(15), np.linspace(-height_px / 2, height_px / 2, 15)], axis=1)


def test_squares_around_joints():
    middle = np.stack([np.full(96, 300.0), np.linspace(60, 250, 96)], axis=1)
    joints = middle[:, None] + body(50)
    shown = np.ones((96, 15), bool)
    shown[40:44] = shown[80:] = False
    joints[40:44] += 1000
    squares = squares_around_joints(joints, shown, 1, WIDTH, HEIGHT)
    np.testing.assert_allclose(squares[3:77, :2], middle[3:77], atol=2)
    np.testing.assert_allclose(squares[85:, :2], np.tile(middle[79], (11, 1)), atol=3)
    assert squares[:, 2] == pytest.approx(1.6 * 1.12 * 50, rel=0.01)
    thinned = squares_around_joints(joints[::3], shown[::3], 3, WIDTH, HEIGHT)
    np.testing.assert_allclose(thinned, squares, atol=4)
    tiny = squares_around_joints(joints / 100, shown, 1, WIDTH, HEIGHT)
    assert (tiny[:, 2] == 36).all()  # the least side, a tenth of the frame


def test_a_crop_stays_as_large_as_the_body_where_half_of_it_goes_under():
    joints = np.full((96, 1, 2), 150.0) + body(50)
    shown = np.ones((96, 15), bool)
    shown[76:, 10:] = False
    squares = squares_around_joints(joints, shown, 1, WIDTH, HEIGHT)
    assert squares[:, 2] == pytest.approx(1.6 * 1.12 * 50, rel=0.02)


@pytest.mark.parametrize(("frames", "joints"), [(9, 15), (96, 9)])
def test_too_few_joints_give_no_crops(frames, joints):
    shown = np.zeros((96, 15), bool)
    shown[:frames, :joints] = True
    assert squares_around_joints(np.tile(body(50), (96, 1, 1)), shown, 1, WIDTH, HEIGHT) is None


def test_empty_masks_give_the_centre_of_the_frame():
    squares = track_athlete(np.zeros((96, 112, 112), np.float32), WIDTH, HEIGHT)
    assert squares.tolist() == [[WIDTH / 2, HEIGHT / 2, HEIGHT]] * 96


def test_crops_replicate_edges_and_mask_crops_are_empty_outside():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, 40:] = 200
    place = square_to_xyxy(np.array([80.0, 30.0, 40.0]))
    assert place == (60, 10, 100, 50)
    assert (crop_image(image, place, 16) == 200).all()
    mask = np.ones((60, 80), bool)
    shown = crop_mask(mask, place, 16)
    assert shown[:, :7].min() == 1
    assert shown[:, 9:].max() == 0
