import errno
import os
import pickle
import shutil

import cv2
import numpy as np
import pytest

from fineparser_core.data import frame_cache
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.folder_dives import read_frame, read_mask
from fineparser_core.data.frame_cache import DatasetCache, load_dives
from fineparser_core.errors import AnnotationError, ExportError
from fineparser_core.progress import CancelToken
from fineparser_core.video.preprocess import get_preprocessing


@pytest.fixture
def data(finediving_root):
    return load_dataset(finediving_root)


@pytest.fixture
def records(data):
    return data.split("train")


def cache_of(tmp_path, data, preprocessing="release"):
    return DatasetCache(tmp_path / "cache", data, preprocessing)


@pytest.mark.parametrize(("name", "rows"), [("release", 200), ("whole", 112)])
def test_stored_images_are_the_squeezed_ones(tmp_path, data, records, name, rows):
    cache = cache_of(tmp_path, data, name)
    first = load_dives(data, records, cache, CancelToken())[0]
    assert first.frames.shape == (20, rows, 112, 3)
    assert first.masks.shape == (20, rows, 112)
    assert (first.key, first.dive_number, first.score) == ("A_10m-1", "407C", 61.0)
    assert (first.first_flight_frame, first.first_entry_frame) == (5, 13)
    shape = get_preprocessing(name)
    frame, mask = read_frame(data.frame_paths(records[0])[7]), read_mask(data.mask_paths(records[0])[7])
    np.testing.assert_array_equal(first.frames[7], shape.resize(frame))
    kept = slice(shape.first_row, shape.first_row + 112)
    np.testing.assert_array_equal(first.frames[7, kept], shape.apply(frame))
    np.testing.assert_array_equal(first.masks[7, kept], np.rint(shape.resize_mask(mask)[kept] * 255))
    np.testing.assert_array_equal(first.frames[[7, 7, 19]], first.frames[np.arange(20)][[7, 7, 19]])
    assert len(first.frames) == 20


def test_a_disk_that_fills_up_leaves_whole_dives_only(tmp_path, data, records, monkeypatch, left_half_written):
    cache = cache_of(tmp_path, data)
    cache.prepare(records[:1])
    save = np.save

    def full(stream, images, **options):
        save(stream, images[:3], **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(frame_cache.np, "save", full)
    with pytest.raises(ExportError, match=r"cannot be written \(No space left on device\)"):
        cache.prepare(records)
    assert [path.name.split("-")[:2] for path in cache.folder.iterdir()] == [["A_10m", "1"]]
    monkeypatch.undo()
    left = left_half_written(cache.folder / "A_10m-2-x.npy")  # by a process that was killed
    assert cache.plan(records).missing == records[1:]
    assert cache.prepare(records) == []
    assert not left.exists()


def numbered(frames):
    """Black frames of these numbers, as a file holds them."""
    stored = np.zeros((1 + len(frames), 200 * 112 * 4), np.uint8)
    stored[0, : 4 * len(frames)] = np.array(frames, np.int32).view(np.uint8)
    return stored


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: np.save(path, np.zeros((21, 5), np.uint8)),
        lambda path: np.save(path, numbered([*range(19), 5])),
        lambda path: np.save(path, numbered(range(0, 20, 2))),
        lambda path: np.save(path, np.zeros((), np.uint8)),
        lambda path: path.write_bytes(pickle.dumps({"not": "an array"})),
    ],
)
def test_damaged_cache_files_are_written_anew(tmp_path, data, records, damage):
    cache = cache_of(tmp_path, data)
    cache.prepare(records)
    path = next(cache.folder.glob("A_10m-2-*"))
    whole = path.read_bytes()
    damage(path)
    assert cache.plan(records).missing == [records[1]]
    with pytest.raises(AnnotationError, match=r"A_10m/2 is not in .*prepare it"):
        cache.load(records[1])
    assert cache.prepare(records) == []
    assert path.read_bytes() == whole


def test_a_damaged_jpeg_is_named_and_its_dive_left_out(tmp_path, data, records, caplog):
    path = data.frame_paths(records[1])[4]
    path.write_bytes(path.read_bytes()[:-200])
    mask = data.mask_paths(records[2])[0]
    mask.write_bytes(b"GIF89a\xff\xd9")
    cache = cache_of(tmp_path, data)
    skipped = cache.prepare(records, workers=2)
    assert [sentence.split(": ")[0] for sentence in skipped] == ["A_10m/2", "A_10m/3"]
    assert f"{path} is damaged" in skipped[0]
    assert f"{mask} is damaged" in skipped[1]
    dives = load_dives(data, records, cache, CancelToken())
    assert [dive.key for dive in dives] == ["A_10m-1", "B_3m-1"]
    assert "2 of 4 dives are left out, the first: A_10m/2" in caplog.text


def with_size(path, rows, columns):
    """Write another size into the header of a JPEG."""
    image = path.read_bytes()
    place = next(image.index(mark) for mark in (b"\xff\xc0", b"\xff\xc2") if mark in image) + 5
    path.write_bytes(image[:place] + rows.to_bytes(2, "big") + columns.to_bytes(2, "big") + image[place + 4 :])


def test_an_image_of_an_impossible_size_is_damaged(tmp_path, data, records):
    path = data.frame_paths(records[1])[4]
    with_size(path, 0xFFDC, 0xFFDC)
    [skipped] = cache_of(tmp_path, data).prepare(records)
    assert skipped.startswith(f"A_10m/2: {path} is damaged")


def test_a_frame_of_another_size_costs_its_dive(tmp_path, data, records):
    path = data.frame_paths(records[1])[4]
    rows, columns = read_frame(path).shape[:2]
    cv2.imwrite(str(path), np.zeros((2 * rows, columns, 3), np.uint8))
    [skipped] = cache_of(tmp_path, data).prepare(records)
    assert f"{path} has {columns} x {2 * rows} pixels, the first one {columns} x {rows}" in skipped


def test_a_frame_that_is_missing_among_others_is_named(tmp_path, data, records):
    lost = data.frame_paths(records[1])[2]
    lost.unlink()
    [skipped] = cache_of(tmp_path, data).prepare(records)
    assert skipped == f"A_10m/2: {lost.name} is missing in {lost.parent}: fetch it again."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_among_the_frames_is_not_waited_for(tmp_path, data, records):
    path = data.frame_paths(records[1])[4]
    path.unlink()
    os.mkfifo(path)
    [skipped] = cache_of(tmp_path, data).prepare(records)
    assert skipped == f"A_10m/2: {path.name} is missing in {path.parent}: fetch it again."
    with pytest.raises(AnnotationError, match="it is a pipe or a device"):
        read_frame(path)


def test_missing_frames_and_masks_are_reasons(tmp_path, data, records):
    shutil.rmtree(data.frame_folder(records[0]))
    data.mask_paths(records[1])[3].unlink()
    for path in data.frame_paths(records[2])[13:]:  # the entry begins at frame 13
        path.unlink()
    assert cache_of(tmp_path, data).prepare(records) == [
        f"A_10m/1: 0 frames in {data.frame_folder(records[0])}, 20 labelled, 16 needed.",
        "A_10m/2: 1 of 20 frames lack a mask, the first is 00483.jpg.",
        f"A_10m/3: 13 frames in {data.frame_folder(records[2])}, 20 labelled, 16 needed.",
    ]


def test_another_data_set_in_the_same_folder_is_not_taken_for_this_one(tmp_path, finediving_root, data, records):
    cache_of(tmp_path, data).prepare(records)
    path = finediving_root / "fine-grained_annotation_aqa.pkl"
    annotations = pickle.loads(path.read_bytes())
    annotations["A_10m", 1][1] = 99.0
    path.write_bytes(pickle.dumps(annotations))
    other = load_dataset(finediving_root)
    assert [record.id for record in cache_of(tmp_path, other).plan(other.split("train")).missing] == ["A_10m/1"]
