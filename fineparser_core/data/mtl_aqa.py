"""The annotations of MTL-AQA: dive numbers, DD and all seven judges' awards, without steps or masks."""

from pathlib import Path

from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.data.restricted_pickle import load_pickle
from fineparser_core.errors import AnnotationError

ANNOTATION_FILE = "final_annotations_dict_with_dive_number.pkl"
SPLIT_FILES = {"train": "train_split_0.pkl", "test": "test_split_0.pkl"}

# Which videos show the 3 m springboard follows from their DDs; 26 shows both, its first 60 dives from 3 m.
_SPRINGBOARD_VIDEOS = (17, 18, 22)
_MIXED_VIDEO, _MIXED_VIDEO_SPRINGBOARD_DIVES = 26, 60


def video_board_m(video: int, dive: int) -> float:
    """Board of a dive in one of the 16 numbered videos, which FineDiving also uses: 3.0 or 10.0 m."""
    springboard = video in _SPRINGBOARD_VIDEOS or (video == _MIXED_VIDEO and dive <= _MIXED_VIDEO_SPRINGBOARD_DIVES)
    return 3.0 if springboard else 10.0


def load_mtl_aqa(root: Path) -> dict[Key, DiveRecord]:
    """Reads the annotations and the split in `root`; keys are (video in two digits, dive).

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
    """
    path = root / ANNOTATION_FILE
    records: dict[Key, DiveRecord] = {}
    try:
        splits = {key: name for name, file in SPLIT_FILES.items() for key in load_pickle(root / file)}
        for (video, dive), values in load_pickle(path).items():
            start, end = int(values["start_frame"]), int(values["end_frame"])
            record = DiveRecord(
                key=(f"{video:02d}", int(dive)),
                dive_number=str(values["dive_number"]).upper(),
                difficulty=float(values["difficulty"]),
                score=float(values["final_score"]),
                board_m=video_board_m(int(video), int(dive)),
                n_frames=end - start + 1,
                start_frame=start,
                awards=tuple(float(award) for award in values["judge_scores"]),
                split=splits.get((video, dive), ""),
            )
            records[record.key] = record
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise AnnotationError(f"{path} is not the annotation file of MTL-AQA ({error!r}): get it again.") from error
    return records
