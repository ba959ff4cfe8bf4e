"""Small data sets with real images in the two layouts."""

import pickle
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord

N_FRAMES = 20


def write_pickle(path: Path, thing: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(thing))


def write_images(folder: Path, start: int, n: int, *, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (n, 40, 60, 3), dtype=np.uint8)
    for number in range(n):
        cv2.imwrite(str(folder / f"{start + number:05d}.jpg"), noise[number])


@pytest.fixture
def finediving_root(tmp_path: Path) -> Path:
    """Four dives of one event and two of another, 20 frames each with masks; the last of each is a test dive."""
    root = tmp_path / "data"
    keys = [("A_10m", 1), ("A_10m", 2), ("A_10m", 3), ("A_10m", 4), ("B_3m", 1), ("B_3m", 2)]
    labels = np.repeat([4, 25, 36], (5, 8, 7))
    annotations = {key: ["407c", 60.0 + key[1], 3.2, np.array([4, 12]), labels] for key in keys}
    write_pickle(root / "fine-grained_annotation_aqa.pkl", annotations)
    write_pickle(root / "train_split.pkl", [*keys[:3], keys[4]])
    write_pickle(root / "test_split.pkl", [keys[3], keys[5]])
    for seed, (event, index) in enumerate(keys):
        write_images(root / "FineDiving" / event / str(index), 480, N_FRAMES, seed=seed)
        write_images(root / "FineDiving_HM" / event / str(index), 480, N_FRAMES, seed=seed + 100)
    return root


@pytest.fixture
def mtl_aqa_root(tmp_path: Path) -> Path:
    """Two dives in one recording, the second the test dive, with awards that do not give its score."""
    root = tmp_path / "mtl"

    def values(start: int, awards: list[float]) -> dict[str, object]:
        names = {"start_frame": start, "end_frame": start + N_FRAMES - 1, "difficulty": 3.2, "dive_number": "407c"}
        return names | {"final_score": 67.2, "judge_scores": awards}

    annotations = {(1, 1): values(5, [7.0] * 7), (1, 2): values(40, [8.0] * 7)}
    write_pickle(root / "final_annotations_dict_with_dive_number.pkl", annotations)
    write_pickle(root / "train_split_0.pkl", [(1, 1)])
    write_pickle(root / "test_split_0.pkl", [(1, 2)])
    write_images(root / "new/new_total_frames_256s/01", 0, 70)
    return root


@pytest.fixture
def make_record() -> Callable[..., DiveRecord]:
    def make(event: str = "A", index: int = 1, **values: object) -> DiveRecord:
        known = {"dive_number": "407C", "difficulty": 3.2, "score": 70.0, "n_frames": 60, "split": "train"}
        return DiveRecord(key=(event, index), **(known | values))

    return make


@pytest.fixture
def dive(make_record: Callable[..., DiveRecord]) -> Dive:
    """60 squeezed frames of 200 rows whose red channel is the mask, with the flight at 15 and the entry at 40."""
    images = np.random.default_rng(0).integers(0, 256, (60, 200, 112, 3), dtype=np.uint8)
    return Dive(
        record=make_record(first_flight_frame=15, first_entry_frame=40),
        frames=images,
        masks=images[..., 0].copy(),
        first_flight_frame=15,
        first_entry_frame=40,
    )
