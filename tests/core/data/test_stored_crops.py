"""Dives stored as athlete crops: views, masks and keypoints."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
import torch

from fineparser_core.config import PreprocessingName
from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.frame_cache import DatasetCache, frame_bytes, load_dives
from fineparser_core.data.images import read_frame, read_mask
from fineparser_core.data.survey import take_survey
from fineparser_core.data.transforms import Augmentation, View, draw_view, plain_view, view_frames, view_masks
from fineparser_core.errors import ConfigError
from fineparser_core.progress import CancelToken
from fineparser_core.training.synthetic_labels import GroundTruths, keypoint_labels, load_ground_truths
from fineparser_core.video.preprocess import PREPROCESSINGS

ALL = np.arange(96)
STRONG = Augmentation(temporal_crop=0.2, color_jitter=1.0)


@pytest.fixture(scope="module")
def data(rendered_root: Path) -> DiveSet:
    return load_dataset(rendered_root)


@pytest.fixture(scope="module")
def stored(data: DiveSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Dive]]:
    """The training dives as every preprocessing keeps them."""
    folder = tmp_path_factory.mktemp("cache")
    records = data.split("train")
    return {name: load_dives(data, records, DatasetCache(folder, data, name), CancelToken()) for name in PREPROCESSINGS}


@pytest.fixture(scope="module")
def followed(stored: dict[str, list[Dive]]) -> list[Dive]:
    return stored["follow"]


@pytest.fixture(scope="module")
def truths(data: DiveSet, followed: list[Dive]) -> GroundTruths:
    return load_ground_truths(data.root, followed)


def in_air(dive: Dive, view: View) -> np.ndarray:
    """Samples of the flight, which nothing hides."""
    first, second = view.transitions(dive)
    return np.arange(first, second)


def hits(dive: Dive, view: View, truths: GroundTruths, shift: float = 0.0) -> float:
    """Share of the body's joints within the view that lie within two pixels of the athlete."""
    samples = in_air(dive, view)
    masks = np.stack([cv2.dilate(mask, np.ones((5, 5), np.uint8)) for mask in view_masks(dive, view, samples)])
    points = keypoint_labels(dive, view, samples, truths)[:, :-1] + np.array([shift, 0.0])
    inside = ((points >= 0) & (points < 1)).all(axis=-1)
    assert inside.mean() > 0.8
    x, y = (np.where(inside[..., None], points, 0) * 112).astype(int).transpose(2, 0, 1)
    return float((masks[np.arange(len(samples))[:, None], y, x] > 127)[inside].mean())


def test_the_names_of_preprocessings_are_the_settings() -> None:
    assert set(get_args(PreprocessingName)) == set(PREPROCESSINGS)


def test_the_square_is_stored_with_a_margin(data: DiveSet, followed: list[Dive]) -> None:
    for dive in followed:
        assert dive.frames.shape == (40, 144, 144, 3)
        assert dive.masks is not None
        assert dive.masks.shape == (40, 144, 144)
        assert dive.squares is not None
        assert frame_bytes("follow", masks=True) == 144 * 144 * 4 + 16
        # What is stored is what the square cuts out of the image and of the mask.
        frame = read_frame(data.frame_paths(dive.record)[20])
        height, width = frame.shape[:2]
        left, top, wide, high = np.ascontiguousarray(dive.squares[[20]]).view(np.float32)[0] * (
            width, height, width, height,
        )  # fmt: skip
        assert wide == pytest.approx(high, abs=1e-3)
        columns, rows = (np.arange(144) + 0.5) / 144 * wide + left, (np.arange(144) + 0.5) / 144 * high + top
        there = read_mask(data.mask_paths(dive.record)[20])
        inside = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        expected = there[rows[inside[0]].astype(int)][:, columns[inside[1]].astype(int)]
        found = dive.masks[20][inside[0]][:, inside[1]] > 127
        assert (found & expected).sum() / (found | expected).sum() > 0.85


def test_the_athlete_is_in_the_middle_and_larger(stored: dict[str, list[Dive]]) -> None:
    for dive, whole in zip(stored["follow"], stored["whole"], strict=True):
        view = plain_view(dive, "follow")
        assert (view.first_row, view.first_column, view.side_px) == (16, 16, 112)
        samples = in_air(dive, view)
        masks = view_masks(dive, view, samples) / 255.0
        area = masks.sum(axis=(1, 2))
        centre_y = (masks.sum(axis=2) @ (np.arange(112) + 0.5)) / area / 112
        centre_x = (masks.sum(axis=1) @ (np.arange(112) + 0.5)) / area / 112
        assert np.abs(np.stack([centre_x, centre_y]) - 0.5).max() < 0.2
        assert np.abs(np.mean([centre_x, centre_y], axis=1) - 0.5).max() < 0.05
        plain = view_masks(whole, plain_view(whole), samples) / 255.0
        assert area.mean() > 2 * plain.sum(axis=(1, 2)).mean()
        # The athlete is red in the frames of every view, where the mask is.
        for one in (view, replace(view, side_px=95, first_row=40, flip=True)):
            frames, shown = view_frames(dive, one, samples).astype(int), view_masks(dive, one, samples)
            reddish = frames[..., 0] - frames[..., 1]
            assert reddish[shown > 250].mean() > 100
            assert reddish[shown < 5].mean() < 20


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"flip": True},
        {"side_px": 95, "first_row": 25, "first_column": 24},
        {"side_px": 134, "first_row": 5, "first_column": 0},
        {"first_row": 3, "first_column": 29},
        {"side_px": 100, "first_row": 30, "first_column": 10, "flip": True},
    ],
    ids=["plain", "mirrored", "nearer", "farther", "moved", "all"],
)
def test_joints_lie_on_the_athlete(followed: list[Dive], truths: GroundTruths, change: dict[str, int]) -> None:
    for dive in followed:
        view = replace(plain_view(dive, "follow"), **change)
        assert hits(dive, view, truths) > 0.9
        assert hits(dive, view, truths, shift=0.15) < 0.75


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_joints_lie_on_the_athlete_in_random_views(
    stored: dict[str, list[Dive]], truths: GroundTruths, name: str
) -> None:
    views = [draw_view(stored[name][0], name, STRONG, np.random.default_rng(i)) for i in range(12)]
    if name == "release":  # the athlete leaves those rows, and hardly any joint is left in some views
        views = [replace(view, first_row=44) for view in views[:3]]
        views = [view for view in views if view_masks(stored[name][0], view, in_air(stored[name][0], view)).any()]
    shares = [hits(stored[name][0], view, truths) for view in views]
    assert np.mean(shares) > 0.9


def test_left_is_right_in_a_mirrored_view(followed: list[Dive], truths: GroundTruths) -> None:
    dive = followed[0]
    view = plain_view(dive, "follow")
    straight, mirrored = (keypoint_labels(dive, replace(view, flip=flip), ALL, truths) for flip in (False, True))
    left, right = KEYPOINT_NAMES.index("knee_l"), KEYPOINT_NAMES.index("knee_r")
    np.testing.assert_allclose(mirrored[:, right, 0], 1 - straight[:, left, 0], atol=1e-6)
    np.testing.assert_allclose(mirrored[:, right, 1], straight[:, left, 1], atol=1e-6)


def test_a_board_outside_the_frame_is_not_visible(followed: list[Dive], truths: GroundTruths) -> None:
    dive, view = followed[0], plain_view(followed[0], "follow")
    truth = truths[dive.record.key]
    joints = truth.joints.copy()
    joints[:, -1] = (0.5, 1.01)
    moved = {dive.record.key: replace(truth, joints=joints)}
    board = keypoint_labels(dive, view, ALL, moved)[:, -1]
    assert (board < -1).any(axis=-1).all()


def test_filmed_dives_have_no_joints(followed: list[Dive]) -> None:
    points = keypoint_labels(followed[0], plain_view(followed[0], "follow"), ALL[:5], {})
    assert points.shape == (5, 16, 2)
    assert np.isnan(points).all()


def test_a_point_of_the_frame_is_found_in_what_is_stored(followed: list[Dive]) -> None:
    dive = followed[0]
    assert dive.squares is not None
    left, top, wide, high = np.ascontiguousarray(dive.squares[[7]]).view(np.float32)[0]
    corners = np.array([[[left, top], [left + wide, top + high], [left + wide / 2, top + high / 4]]])
    np.testing.assert_allclose(dive.in_stored(corners, np.array([7])), [[[0, 0], [1, 1], [0.5, 0.25]]], atol=1e-5)
    bare = replace(dive, squares=None)
    assert bare.in_stored(corners, np.array([7])) is corners


def test_zoomed_and_moved_views_stay_in_what_is_stored(followed: list[Dive]) -> None:
    views = [draw_view(followed[0], "follow", STRONG, np.random.default_rng(i)) for i in range(300)]
    assert {view.side_px for view in views} == set(range(95, 135))
    assert all(0 <= start <= 144 - view.side_px for view in views for start in (view.first_row, view.first_column))
    assert len({view.first_column for view in views}) > 30
    still = draw_view(followed[0], "follow", replace(STRONG, rows=False), np.random.default_rng(0))
    assert (still.side_px, still.first_row, still.first_column) == (112, 16, 16)
    assert torch.from_numpy(view_frames(followed[0], views[0], [0, 95])).shape == (2, 112, 112, 3)


def test_a_data_set_without_masks_is_refused(data: DiveSet, tmp_path: Path) -> None:
    bare = replace(data, mask_patterns=())
    with pytest.raises(ConfigError, match=r"data has no masks, by which preprocessing 'follow' .*: use 'whole'\.$"):
        DatasetCache(tmp_path, bare, "follow")
    assert set(take_survey(bare).cache_bytes) == {"release", "whole"}
    assert set(take_survey(data).cache_bytes) == set(PREPROCESSINGS)


def test_a_mask_of_another_size_than_its_frame_is_a_reason(data: DiveSet, tmp_path: Path) -> None:
    record = data.split("train")[0]
    small = tmp_path / "small.jpg"
    cv2.imwrite(str(small), np.zeros((72, 96), np.uint8))
    paths = data.mask_paths(record)
    (tmp_path / "masks" / record.key[0] / str(record.key[1])).mkdir(parents=True)
    for path in paths:
        (tmp_path / "masks" / record.key[0] / str(record.key[1]) / path.name).write_bytes(small.read_bytes())
    other = replace(data, mask_patterns=(str(tmp_path / "masks" / "{event}" / "{index}"),))
    (reason,) = DatasetCache(tmp_path / "cache", other, "follow").prepare([record])
    assert "192 x 144 pixels, its mask 96 x 72" in reason


@pytest.mark.parametrize(
    ("preprocessing", "first_rows"), [("release", [36, 70, 64]), ("whole", [0, 0, 0])], ids=["release", "whole"]
)
def test_older_presets_draw_the_views_they_always_drew(dive: Dive, preprocessing: str, first_rows: list[int]) -> None:
    views = [draw_view(dive, preprocessing, STRONG, np.random.default_rng((3, 1, i))) for i in range(3)]
    assert [(int(v.sampled[0]), int(v.sampled[-1]), v.flip) for v in views] == [
        (11, 54, True),
        (4, 49, True),
        (9, 54, True),
    ]
    assert [view.first_row for view in views] == first_rows
    assert all((view.first_column, view.side_px) == (0, 112) for view in views)
    assert views[1].gain.tolist() == pytest.approx([0.9082, 0.8433, 0.7951], abs=1e-4)
    assert views[1].bias.tolist() == pytest.approx([-0.3974, -0.5482, -0.3391], abs=1e-4)
