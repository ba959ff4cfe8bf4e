"""MTL-AQA: dive numbers, DD and all seven judges' awards, without steps or masks.

Frames are those of the untrimmed recordings, a dive being those from its first to its last number.
"""

from pathlib import Path
from typing import Any

from fineparser_core.data.annotation_files import (
    UNREADABLE,
    find_file,
    read_dives,
    read_splits,
    record_defects,
    refuse_unknown_keys,
)
from fineparser_core.data.folder_dives import FolderDives
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import AnnotationError

ANNOTATION_FILE = "final_annotations_dict_with_dive_number.pkl"
SPLIT_FILES: dict[str, str] = {"train": "train_split_0.pkl", "test": "test_split_0.pkl"}
FRAME_PATTERN = "new/new_total_frames_256s/{video}/{frame}"

# Which videos show the 3 m springboard follows from their DDs; 26 shows both, its first 60 dives from 3 m.
_SPRINGBOARD_VIDEOS = (17, 18, 22)
_MIXED_VIDEO, _MIXED_VIDEO_SPRINGBOARD_DIVES = 26, 60


def video_board_m(video: int, dive: int) -> float:
    """Return the board of a dive in the 16 numbered videos, which FineDiving also uses: 3.0 or 10.0 m."""
    springboard = video in _SPRINGBOARD_VIDEOS or (video == _MIXED_VIDEO and dive <= _MIXED_VIDEO_SPRINGBOARD_DIVES)
    return 3.0 if springboard else 10.0


def load_mtl_aqa(root: Path, *, frames: Path | None = None, frame_pattern: str = FRAME_PATTERN) -> FolderDives:
    """Read the annotations and the split under `root`; keys are (video in two digits, dive).

    Args:
        frames: the folder below which `frame_pattern` finds the frames; `root` by default.
        frame_pattern: see `FolderDives`.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
        ConfigError: the pattern has an unknown placeholder.
    """
    path = find_file(root, ANNOTATION_FILE)
    if path is None:
        raise AnnotationError(f"{root} lacks {ANNOTATION_FILE}: choose the folder of MTL-AQA's annotations.")
    try:
        splits = {(f"{int(video):02d}", dive): name for (video, dive), name in read_splits(root, SPLIT_FILES).items()}
    except UNREADABLE as error:
        names = " or ".join(SPLIT_FILES.values())
        raise AnnotationError(f"{names} in {root} is no split of MTL-AQA ({error!r:.200}): get it again.") from error

    def read(place: Any, values: Any) -> DiveRecord:
        video, dive = place
        start, end = int(values["start_frame"]), int(values["end_frame"])
        key = f"{int(video):02d}", int(dive)
        return DiveRecord(
            key=key,
            dive_number=str(values["dive_number"]).upper(),
            difficulty=float(values["difficulty"]),
            score=float(values["final_score"]),
            board_m=video_board_m(int(video), int(dive)),
            n_frames=end - start + 1,
            start_frame=start,
            awards=tuple(float(award) for award in values["judge_scores"]),
            split=splits.get(key, ""),
        )

    records = {record.key: record for record in read_dives(path, "MTL-AQA", read)}
    refuse_unknown_keys(splits, records, path)
    return FolderDives(
        root=root,
        layout="mtl-aqa",
        records=records,
        defects=tuple(defect for record in records.values() for defect in record_defects(record)),
        frame_root=frames or root,
        frame_pattern=frame_pattern,
    )
