"""FineDiving and its masks FineDiving-HM, as the releases lay them out.

Frames are `FineDiving/<event>/<index>/<frame>.jpg` and masks `FineDiving_HM/<event>/<index>/<frame>.jpg` under one
root (the mask tree has also been handed out as `diving_mask_annotation`); annotations and splits are pickles in the
root or in a folder of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.data.annotation_files import find_file, read_splits, record_defects, refuse_unknown_keys
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.mtl_aqa import video_board_m
from fineparser_core.data.records import Defect, DiveRecord, Key
from fineparser_core.data.restricted_pickle import load_pickle
from fineparser_core.errors import AnnotationError

AQA_FILE = "fine-grained_annotation_aqa.pkl"
FINE_FILE = "FineDiving_fine-grained_annotation.pkl"
COARSE_FILE = "FineDiving_coarse_annotation.pkl"
SPLIT_FILES = {"train": "train_split.pkl", "test": "test_split.pkl"}
FRAME_PATTERN = "FineDiving/{event}/{index}"
MASK_PATTERNS = ("FineDiving_HM/{event}/{index}", "diving_mask_annotation/{event}/{index}")


def load_finediving(root: Path, *, frames: Path | None = None, frame_pattern: str = FRAME_PATTERN) -> DiveSet:
    """Reads the annotations and splits under `root`.

    Either of the two fine-grained annotation files will do; judges' awards are taken from the coarse one where
    it is there. A stored transition is the last frame of the step before it; dives with more than two keep the
    first and the last (as the release does), so every dive has three steps.

    Args:
        frames: the folder that holds frames and masks; `root` by default.
        frame_pattern: see `DiveSet`.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
        ConfigError: the pattern has an unknown placeholder.
    """
    path = find_file(root, AQA_FILE) or find_file(root, FINE_FILE)
    if path is None:
        raise AnnotationError(f"{root} holds neither {AQA_FILE} nor {FINE_FILE}: choose the folder of FineDiving.")
    coarse_path = find_file(root, COARSE_FILE)
    coarse = load_pickle(coarse_path) if coarse_path else {}
    splits = {(str(event), index): name for (event, index), name in read_splits(root, SPLIT_FILES).items()}
    records: dict[Key, DiveRecord] = {}
    defects: list[Defect] = []
    try:
        for key, values in load_pickle(path).items():
            event, index = str(key[0]), int(key[1])
            record, stored, labels = _record((event, index), values, coarse.get(key), splits.get((event, index), ""))
            records[record.key] = record
            defects.extend(record_defects(record))
            defects.extend(_transition_defects(record, stored, labels))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise AnnotationError(f"{path} is not an annotation file of FineDiving ({error!r}): get it again.") from error
    refuse_unknown_keys(splits, records, path)
    return DiveSet(
        root=root,
        layout="finediving",
        records=records,
        defects=tuple(defects),
        frames=frames or root,
        frame_pattern=frame_pattern,
        mask_patterns=MASK_PATTERNS,
    )


def event_board_m(event: str, index: int) -> float | None:
    """Board in metres, from the event's name or, for the numbered videos of MTL-AQA, from which they are."""
    if event.isdigit():
        return video_board_m(int(event), index)
    return 10.0 if "10m" in event else 3.0 if "3m" in event else None


def _record(
    key: Key, values: Any, coarse: dict[str, Any] | None, split: str
) -> tuple[DiveRecord, np.ndarray, np.ndarray]:
    if isinstance(values, dict):
        names = ("action_type", "dive_score", "difficulty", "steps_transit_frames", "frames_labels")
        values = [values[name] for name in names]
    action_type, score, difficulty, transitions, frame_labels = values
    stored, labels = np.asarray(transitions, np.int64), np.asarray(frame_labels)
    event, index = key
    if Path(event).name != event:
        raise ValueError(f"event {event}")
    record = DiveRecord(
        key=key,
        dive_number=str(action_type).upper(),
        difficulty=float(difficulty),
        score=float(score),
        board_m=event_board_m(event, index),
        synchro="Synchro" in event,
        n_frames=len(labels),
        start_frame=int(coarse["start_frame"]) if coarse else None,
        first_flight_frame=int(stored[0]) + 1,
        first_entry_frame=int(stored[-1]) + 1,
        awards=tuple(float(award) for award in coarse["judge_scores"]) if coarse else (),
        split=split,
    )
    return record, stored, labels


def _transition_defects(record: DiveRecord, stored: np.ndarray, labels: np.ndarray) -> Iterator[Defect]:
    changes = np.flatnonzero(np.diff(labels))
    if not np.array_equal(changes, stored):
        text = f"transitions are stored after frames {stored.tolist()}, labels change after {changes.tolist()}."
        yield Defect(key=record.key, kind="transitions", text=text)
