from dataclasses import replace

import cv2
import numpy as np
import pytest

from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.folder_dives import read_frame, read_mask
from fineparser_core.data.frame_cache import DatasetCache, frame_bytes, load_dives
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.progress import CancelToken
from fineparser_core.video.athlete_crop import square_to_xyxy, track_athlete
from fineparser_core.video.preprocess import PREPROCESSINGS, WHOLE, get_preprocessing


def test_the_layout_is_seen_by_the_files(finediving_root):
    assert load_dataset(finediving_root).layout == "finediving"
    assert [record.id for record in load_dataset(finediving_root).split("test")] == ["A_10m/4", "B_3m/2"]
    with pytest.raises(ConfigError, match='"other"'):
        load_dataset(finediving_root, "other")


def test_nothing_there_names_the_files_of_both_layouts(tmp_path):
    with pytest.raises(AnnotationError, match=r"fine-grained_annotation_aqa\.pkl .*labels\.json \(dives\)"):
        load_dataset(tmp_path)


def test_two_data_sets_in_one_folder_need_a_choice(finediving_root):
    (finediving_root / "labels.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="finediving and dives: name one"):
        load_dataset(finediving_root)
    assert load_dataset(finediving_root, "finediving").layout == "finediving"


def test_frames_may_lie_elsewhere_by_another_pattern(tmp_path, finediving_root):
    record = load_dataset(finediving_root).split("test")[0]
    elsewhere = tmp_path / "disk" / f"v{record.key[0]}" / str(record.key[1])
    elsewhere.parent.mkdir(parents=True)
    load_dataset(finediving_root).frame_folder(record).rename(elsewhere)
    assert load_dataset(finediving_root).frame_paths(record) == []
    data = load_dataset(finediving_root, frames=tmp_path / "disk", frame_pattern="v{event}/{index}")
    assert len(data.frame_paths(record)) == record.n_frames
    with pytest.raises(ConfigError, match="movie"):
        load_dataset(finediving_root, frame_pattern="{movie}/{index}")


@pytest.fixture(scope="module")
def data(rendered_root):
    return load_dataset(rendered_root)


@pytest.fixture(scope="module")
def stored(data, tmp_path_factory):
    """The training dives as every preprocessing keeps them."""
    folder = tmp_path_factory.mktemp("cache")
    records = data.split("train")
    return {name: load_dives(data, records, DatasetCache(folder, data, name), CancelToken()) for name in PREPROCESSINGS}


@pytest.fixture(scope="module")
def followed(stored):
    return stored["follow"]


def test_the_square_is_stored_with_a_margin(data, followed):
    for dive in followed:
        assert dive.frames.shape == (40, 144, 144, 3)
        assert dive.masks.shape == (40, 144, 144)
        assert frame_bytes("follow", masks=True) == 144 * 144 * 4
        # What is stored is what the square cuts out of the image and of the mask.
        height, width = read_frame(data.frame_paths(dive.record)[20]).shape[:2]
        small = np.stack([WHOLE.resize_mask(mask) for mask in data.masks(dive.record)])
        square = track_athlete(small, width, height)[20]
        left, top, right, bottom = square_to_xyxy(square, get_preprocessing("follow").stored_scale)
        wide, high = right - left, bottom - top
        assert wide == high
        columns, rows = (np.arange(144) + 0.5) / 144 * wide + left, (np.arange(144) + 0.5) / 144 * high + top
        there = read_mask(data.mask_paths(dive.record)[20])
        inside = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        expected = there[rows[inside[0]].astype(int)][:, columns[inside[1]].astype(int)]
        found = dive.masks[20][inside[0]][:, inside[1]] > 127
        assert (found & expected).sum() / (found | expected).sum() > 0.85


def test_a_data_set_without_masks_is_refused(data, tmp_path):
    bare = replace(data, mask_patterns=())
    with pytest.raises(ConfigError, match=r"data has no masks, by which preprocessing 'follow' .*: use 'whole'\.$"):
        DatasetCache(tmp_path, bare, "follow")


def test_a_mask_of_another_size_than_its_frame_is_a_reason(data, tmp_path):
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
