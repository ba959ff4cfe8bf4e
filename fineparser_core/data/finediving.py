"""FineDiving and its masks FineDiving-HM, as the releases lay them out.

Frames are `FineDiving/<event>/<index>/<frame>.jpg` and masks `FineDiving_HM/<event>/<index>/<frame>.jpg` under the same
root. The frames are also named `FINADiving_MTL_256s`, the masks `FineDiving-HM` and `diving_mask_annotation`, and
either may lie in a folder `data`, as the authors' configuration has it. Annotations and splits are pickles in the root
or up to two folders below it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.data.folder_dives import FolderDives
from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.data.restricted_pickle import load_pickle
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import counted_award, total_award
from fineparser_core.errors import AnnotationError, ConfigError

AQA_FILE = "fine-grained_annotation_aqa.pkl"
FINE_FILE = "FineDiving_fine-grained_annotation.pkl"
COARSE_FILE = "FineDiving_coarse_annotation.pkl"
SPLIT_FILES: dict[str, str] = {"train": "train_split.pkl", "test": "test_split.pkl"}
_DIVE = "{event}/{index}"
_MOST_TRANSITIONS = 64
# Scores are published to hundredths; awards and DD may have been rounded before they were multiplied.
_SCORE_TOLERANCE = 0.06
#: Exceptions that reading a file raises whose content is not what its name says.
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
_SHOWN, _NAMED = 200, 20
T = TypeVar("T")
#: Patterns of the places of frames and masks, the first choice first.
FRAME_PATTERNS = tuple(
    f"{folder}{name}/{_DIVE}" for folder in ("", "data/") for name in ("FineDiving", "FINADiving_MTL_256s")
)
MASK_PATTERNS = tuple(
    f"{folder}{name}/{_DIVE}"
    for folder in ("", "data/")
    for name in ("FineDiving_HM", "FineDiving-HM", "diving_mask_annotation")
)


def load_finediving(
    root: Path, *, frames: Path | None = None, frame_pattern: str | None = None, mask_pattern: str | None = None
) -> FolderDives:
    """Read the annotations and splits under `root`.

    Either fine-grained annotation file suffices; judges' awards are taken from the coarse file if present. A stored
    transition is the last frame of the step before it; dives with more than two keep the first and the last (as the
    release does), so every dive has three steps.

    Args:
        frames: the folder below which the frames are; `root` by default. Masks are looked for below it, below `root`,
            and, where `frame_pattern` is given, beside `frames`.
        frame_pattern: see `FolderDives`; None takes the first of `FRAME_PATTERNS` whose folder exists.
        mask_pattern: see `FolderDives`; None looks for `MASK_PATTERNS`.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
        ConfigError: the pattern has an unknown placeholder.
    """
    path = find_file(root, AQA_FILE) or find_file(root, FINE_FILE)
    if path is None:
        raise AnnotationError(f"{root} holds neither {AQA_FILE} nor {FINE_FILE}: choose the folder of FineDiving.")
    coarse_path = find_file(root, COARSE_FILE)
    coarse = load_pickle(coarse_path) if coarse_path else {}
    splits = read_splits(root, SPLIT_FILES)

    def read(key: Any, values: Any) -> tuple[DiveRecord, tuple[str, ...]]:
        event, index = str(key[0]), int(key[1])
        record, stored, labels = _record((event, index), values, coarse.get(key), splits.get((event, index), ""))
        return record, tuple(_defects(record, stored, labels))

    found = read_dives(path, "FineDiving", read)
    records = {record.key: record for record, _ in found}
    check_keys(splits, records, path)
    below = frames or root
    beside = [below.absolute().parent] if frame_pattern is not None else []
    return FolderDives(
        root=root,
        layout="finediving",
        records=records,
        defects={record.key: defects for record, defects in found if defects},
        frame_root=below,
        frame_pattern=frame_pattern or _first_existing(below, FRAME_PATTERNS),
        mask_roots=tuple(dict.fromkeys([below, root, *beside])),
        mask_patterns=MASK_PATTERNS if mask_pattern is None else (mask_pattern,),
    )


def read_dives(path: Path, data_set: str, read: Callable[[Any, Any], T]) -> list[T]:
    """Return what `read` makes of each key of a pickle and its values.

    Raises:
        AnnotationError: the file is damaged or of another kind; or `read` refuses dives by an exception in
            `UNREADABLE`: the text names them.
    """
    found: list[T] = []
    wrong: list[str] = []
    try:
        for key, values in load_pickle(path).items():
            try:
                found.append(read(key, values))
            except UNREADABLE as error:
                wrong.append(f"{key!r:.{_SHOWN}}: {error!r:.{_SHOWN}}")
    except UNREADABLE as error:
        wrong.append(f"{error!r:.{_SHOWN}}")
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise AnnotationError(
            f"{path} is not an annotation file of {data_set} ({'; '.join(wrong[:_NAMED])}{more}): get it again, or "
            "correct these dives."
        )
    return found


def find_file(root: Path, name: str) -> Path | None:
    """Return the file of that name in `root` or up to two folders below it, the nearest first.

    None where it is in none.
    """
    nearest_first = (path for pattern in (name, f"*/{name}", f"*/*/{name}") for path in sorted(root.glob(pattern)))
    return next((path for path in nearest_first if path.is_file()), None)


def read_splits(root: Path, files: Mapping[str, str], event_name: Callable[[Any], str] = str) -> dict[Key, str]:
    """Return the split of every key that a split file lists.

    Args:
        files: by split.
        event_name: makes the name of an event in a key from that in the files.

    Raises:
        AnnotationError: a file is missing or damaged, or is not a list of keys.
    """
    paths = {name: find_file(root, file) for name, file in files.items()}
    if missing := [files[name] for name, path in paths.items() if path is None]:
        raise AnnotationError(f"{root} lacks {' and '.join(missing)}: put it beside the other annotation files.")
    splits = {}
    for name, path in paths.items():
        assert path is not None
        try:
            keys = [(event_name(event), int(index)) for event, index in load_pickle(path)]
            if any(len(event) > LONGEST_NAME for event, _ in keys):
                raise ValueError("an event with a long name")
            splits.update(dict.fromkeys(keys, name))
        except UNREADABLE as error:
            raise AnnotationError(f"{path} is not a list of (event, index): get it again.") from error
    return splits


def check_keys(splits: Mapping[Key, str], records: Mapping[Key, DiveRecord], path: Path) -> None:
    """Raise AnnotationError where a split names a dive that the annotation file lacks."""
    if missing := sorted(splits.keys() - records.keys()):
        raise AnnotationError(f"{path} lacks {missing[0]}, which is in a split: use files of one release.")


def _first_existing(root: Path, patterns: Sequence[str]) -> str:
    return next((pattern for pattern in patterns if (root / pattern.partition("{")[0]).is_dir()), patterns[0])


# Which of the numbered videos show the 3 m springboard follows from their DDs; 26 shows both, its first 60 dives from
# 3 m.
_SPRINGBOARD_VIDEOS = (17, 18, 22)
_MIXED_VIDEO, _MIXED_VIDEO_SPRINGBOARD_DIVES = 26, 60


def video_board_m(video: int, dive: int) -> float:
    """Return the board of a dive in the 16 numbered videos: 3.0 or 10.0 m."""
    springboard = video in _SPRINGBOARD_VIDEOS or (video == _MIXED_VIDEO and dive <= _MIXED_VIDEO_SPRINGBOARD_DIVES)
    return 3.0 if springboard else 10.0


def event_board_m(event: str, index: int) -> float | None:
    """Return the board in meters, from the event's name or, for the numbered videos, from their number."""
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
    if not isinstance(action_type, str):
        raise ValueError(f"dive number {action_type!r:.50}")
    stored, labels = np.asarray(transitions, np.int64), np.asarray(frame_labels)
    if labels.ndim != 1 or stored.ndim != 1 or len(stored) > _MOST_TRANSITIONS:
        raise ValueError(f"labels {labels.shape}, transitions {stored.shape}")
    event, index = key
    if Path(event).name != event:
        raise ValueError(f"event {event[:50]}")
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


def _defects(record: DiveRecord, stored: np.ndarray, labels: np.ndarray) -> Iterator[str]:
    """Yield the contradictions of `score_defects`, and of transitions that are not where the frames' labels change."""
    yield from score_defects(record)
    changes = np.flatnonzero(np.diff(labels))
    if not np.array_equal(changes, stored):
        shown = changes[:_MOST_TRANSITIONS].tolist()
        yield f"transitions are stored after frames {stored.tolist()}, labels change after {shown}."


def score_defects(record: DiveRecord) -> Iterator[str]:
    """Yield contradictions within a dive's annotations, a sentence each, which are reported and not repaired.

    An impossible dive number; an impossible score or DD, or a score that contradicts the awards.
    """
    try:
        parse_dive_number(record.dive_number)
    except ConfigError as error:
        yield str(error)
    # Labels without a score are whole.
    if not isnan(record.score) and (wrong := record.score_fault or _contradicts_awards(record)):
        yield wrong


def _contradicts_awards(record: DiveRecord) -> str | None:
    """Return why the recorded score is not what awards and DD give; None where it is, or there are no awards."""
    if not record.awards:
        return None
    award = counted_award if len(record.awards) in (3, 5) else total_award
    try:
        expected = award(record.awards) * record.difficulty
    except ConfigError as error:
        return str(error)
    if abs(expected - record.score) <= _SCORE_TOLERANCE:
        return None
    return f"score {record.score:g}, but awards times DD {record.difficulty:g} give {expected:.2f}."
