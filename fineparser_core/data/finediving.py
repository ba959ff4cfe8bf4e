"""FineDiving and its masks FineDiving-HM, as the releases lay them out.

Frames are `FineDiving/<event>/<index>/<frame>.jpg` and masks `FineDiving_HM/<event>/<index>/<frame>.jpg` under one
root (the mask tree has also been handed out as `diving_mask_annotation`); annotations and splits are pickles in the
root or in a folder of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.data.mtl_aqa import video_board_m
from fineparser_core.data.records import Defect, DiveRecord, Key
from fineparser_core.data.restricted_pickle import load_pickle
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import counted_award, total_award
from fineparser_core.errors import AnnotationError, ConfigError

AQA_FILE = "fine-grained_annotation_aqa.pkl"
FINE_FILE = "FineDiving_fine-grained_annotation.pkl"
COARSE_FILE = "FineDiving_coarse_annotation.pkl"
SPLIT_FILES = {"train": "train_split.pkl", "test": "test_split.pkl"}
FRAME_FOLDER = "FineDiving"
MASK_FOLDERS = ("FineDiving_HM", "diving_mask_annotation")

# Scores are published to hundredths; awards and DD may have been rounded before they were multiplied.
_SCORE_TOLERANCE = 0.06


@dataclass(frozen=True, kw_only=True)
class FineDiving:
    """The records of a FineDiving folder.

    Attributes:
        root: the folder that holds frames, masks and annotations.
        records: every annotated dive, by key.
        defects: what in the annotations does not fit together.
    """

    root: Path
    records: dict[Key, DiveRecord]
    defects: tuple[Defect, ...]

    def split(self, name: str) -> list[DiveRecord]:
        """Records of the "train" or "test" split, by key."""
        return [record for _, record in sorted(self.records.items()) if record.split == name]

    def frame_paths(self, record: DiveRecord) -> list[Path]:
        """Frames of a dive in order; empty where they are not on disk."""
        return _images(self.root / FRAME_FOLDER / record.key[0] / str(record.key[1]))

    def mask_paths(self, record: DiveRecord) -> list[Path]:
        """Masks of a dive in order, named as its frames; empty where they are not on disk."""
        folders = (self.root / name / record.key[0] / str(record.key[1]) for name in MASK_FOLDERS)
        return next((paths for folder in folders if (paths := _images(folder))), [])

    def frame_defects(self) -> Iterator[Defect]:
        """Dives whose frames or masks on disk are not as many as annotated; reads folders, not images."""
        for record in self.records.values():
            frames, masks = self.frame_paths(record), self.mask_paths(record)
            if len(frames) != record.n_frames:
                text = f"{len(frames)} frames on disk, {record.n_frames} labelled."
                yield Defect(key=record.key, kind="frames", text=text)
            if masks and [path.name for path in masks] != [path.name for path in frames]:
                text = f"{len(masks)} masks for {len(frames)} frames, or other names."
                yield Defect(key=record.key, kind="masks", text=text)


def load_finediving(root: Path) -> FineDiving:
    """Reads the annotations and splits under `root`.

    Either of the two fine-grained annotation files will do; judges' awards are taken from the coarse one where
    it is there. A stored transition is the last frame of the step before it; dives with more than two keep the
    first and the last (as the release does), so every dive has three steps.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
    """
    path = _find(root, AQA_FILE) or _find(root, FINE_FILE)
    if path is None:
        raise AnnotationError(f"{root} holds neither {AQA_FILE} nor {FINE_FILE}: choose the folder of FineDiving.")
    coarse_path = _find(root, COARSE_FILE)
    coarse = load_pickle(coarse_path) if coarse_path else {}
    splits = {key: name for name, file in SPLIT_FILES.items() for key in _split_keys(root, file)}
    records: dict[Key, DiveRecord] = {}
    defects: list[Defect] = []
    try:
        for key, values in load_pickle(path).items():
            event, index = str(key[0]), int(key[1])
            record, stored, labels = _record((event, index), values, coarse.get(key), splits.get((event, index), ""))
            records[record.key] = record
            defects.extend(_defects(record, stored, labels))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise AnnotationError(f"{path} is not an annotation file of FineDiving ({error!r}): get it again.") from error
    if missing := sorted(splits.keys() - records.keys()):
        raise AnnotationError(f"{path} lacks {missing[0]}, which is in a split: use files of one release.")
    return FineDiving(root=root, records=records, defects=tuple(defects))


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


def _defects(record: DiveRecord, stored: np.ndarray, labels: np.ndarray) -> Iterator[Defect]:
    try:
        parse_dive_number(record.dive_number)
    except ConfigError as error:
        yield Defect(key=record.key, kind="dive number", text=str(error))
    changes = np.flatnonzero(np.diff(labels))
    if not np.array_equal(changes, stored):
        text = f"transitions are stored after frames {stored.tolist()}, labels change after {changes.tolist()}."
        yield Defect(key=record.key, kind="transitions", text=text)
    if record.awards and (wrong := score_defect(record)):
        yield Defect(key=record.key, kind="score", text=wrong)


def score_defect(record: DiveRecord) -> str | None:
    """What is wrong with a score that does not follow from awards and DD; None where it does."""
    award = counted_award if len(record.awards) in (3, 5) else total_award
    try:
        expected = award(record.awards) * record.difficulty
    except ConfigError as error:
        return str(error)
    if abs(expected - record.score) <= _SCORE_TOLERANCE:
        return None
    return f"score {record.score:g}, but awards times DD {record.difficulty:g} give {expected:.2f}."


def _find(root: Path, name: str) -> Path | None:
    return next((path for path in (root / name, *sorted(root.glob(f"*/{name}"))) if path.is_file()), None)


def _split_keys(root: Path, name: str) -> Sequence[Key]:
    path = _find(root, name)
    if path is None:
        raise AnnotationError(f"{root} lacks {name}: choose the folder of FineDiving.")
    try:
        return [(str(event), int(index)) for event, index in load_pickle(path)]
    except (TypeError, ValueError) as error:
        raise AnnotationError(f"{path} is not a list of (event, index): get it again.") from error


def _images(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jpg"))
