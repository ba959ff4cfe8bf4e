"""MTL-AQA: dive numbers, DD and all seven judges' awards of 1,412 dives, without steps or masks.

Source: Parmar and Morris, "What and How Well You Performed?", CVPR 2019. Frames are those of the untrimmed recordings,
a JPEG each, named by its number; a dive is those from its first to its last number.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fineparser_core.data.finediving import check_keys, find_file, read_dives, read_splits, score_defects, video_board_m
from fineparser_core.data.folder_dives import FolderDives
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import AnnotationError
from fineparser_core.support.files import plain_files

ANNOTATION_FILE = "final_annotations_dict_with_dive_number.pkl"
SPLIT_FILES = {"train": "train_split_0.pkl", "test": "test_split_0.pkl"}
#: Place of the frames of a recording, as the authors of CoRe describe it.
FRAME_PATTERN = "new/new_total_frames_256s/{event}"


class RecordingDives(FolderDives):
    """Dives in folders that each hold the frames of a whole recording."""

    def frame_paths(self, record: DiveRecord) -> list[Path]:
        """Return the frames of a dive in order; those that are not on disk are left out."""
        start, numbered = record.start_frame or 0, _numbered_frames(self.frame_folder(record))
        return [numbered[n] for n in range(start, start + record.n_frames) if n in numbered]


@lru_cache(maxsize=32)
def _numbered_frames(folder: Path) -> Mapping[int, Path]:
    return {int(path.stem): path for path in plain_files(folder) if path.suffix == ".jpg" and path.stem.isdecimal()}


def load_mtl_aqa(
    root: Path, *, frames: Path | None = None, frame_pattern: str | None = None, mask_pattern: str | None = None
) -> FolderDives:
    """Read the annotations and the split under `root`; keys are (video in two digits, dive).

    Args:
        frames: the folder below which the frames are; `root` by default.
        frame_pattern: place of the folder of a recording below that, see `FolderDives`.
        mask_pattern: place of the masks of a dive, named as its frames; None: there are none.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
        ConfigError: the pattern has an unknown placeholder.
    """
    path = find_file(root, ANNOTATION_FILE)
    if path is None:
        raise AnnotationError(f"{root} lacks {ANNOTATION_FILE}: choose the folder of MTL-AQA's annotations.")
    splits = read_splits(root, SPLIT_FILES, lambda video: f"{int(video):02d}")

    def read(place: Any, values: Any) -> DiveRecord:
        video, dive = (int(part) for part in place)
        start, key = int(values["start_frame"]), (f"{video:02d}", dive)
        return DiveRecord(
            key=key,
            dive_number=str(values["dive_number"]).upper(),
            difficulty=float(values["difficulty"]),
            score=float(values["final_score"]),
            board_m=video_board_m(video, dive),
            n_frames=int(values["end_frame"]) - start + 1,
            start_frame=start,
            awards=tuple(float(award) for award in values["judge_scores"]),
            split=splits.get(key, ""),
        )

    records = {record.key: record for record in read_dives(path, "MTL-AQA", read)}
    check_keys(splits, records, path)
    return RecordingDives(
        root=root,
        layout="mtl-aqa",
        records=records,
        defects={key: found for key, record in records.items() if (found := tuple(score_defects(record)))},
        frame_root=frames or root,
        frame_pattern=frame_pattern or FRAME_PATTERN,
        mask_roots=(frames or root,),
        mask_patterns=() if mask_pattern is None else (mask_pattern,),
    )
