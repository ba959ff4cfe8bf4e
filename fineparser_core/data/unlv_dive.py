"""UNLV-Dive: 370 dives from 10 m with score and DD, 300 to train on and 70 to test; AQA-7's diving is the same videos.

Source: Parmar and Morris, "Learning to Score Olympic Events", CVPR Workshops 2017. The data set has neither dive
numbers nor masks. Its transitions are labels by other authors, where their file lies beside it: Xiang et al., "S3D:
Stacking Segmental P3D for Action Quality Assessment", ICIP 2018.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from fineparser_core.data.finediving import find_file
from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.data.video_dives import VideoDives, video_dives
from fineparser_core.errors import AnnotationError
from fineparser_core.support.documents import reading
from fineparser_core.support.files import read_bounded

SCORES_FILE = "diving_overall_scores.mat"
DIFFICULTY_FILE = "diving_difficulty_level.mat"
SPLIT_FILES = {"train": "training_idx.mat", "test": "testing_idx.mat"}
#: Rows of four frames: start of the push, start of the somersaults, come-out, water.
MOMENTS_FILES = ("jump_drop_water_label.txt", "moments.txt")
VIDEO_FOLDER = "diving_samples_len_ori"
#: Frames from the start of the push to the feet's leaving of the board: the median of 299 dives.
PUSH_FRAMES = 3
_MOST_BYTES = 1_000_000
_BOARD_M = 10.0


def load_unlv_dive(root: Path) -> VideoDives:
    """Read scores, DDs and split under `root`, and the moments where their file is there.

    Raises:
        AnnotationError: a file is missing or damaged, or is not what its name says.
    """
    scores, difficulty = (_numbers(root, name) for name in (SCORES_FILE, DIFFICULTY_FILE))
    split_of = {int(n): name for name, file in SPLIT_FILES.items() for n in _numbers(root, file)}
    moments = _moments(root)
    if len(scores) != len(difficulty) or not split_of.keys() <= set(range(1, len(scores) + 1)):
        raise AnnotationError(
            f"{root} has {len(scores)} scores, {len(difficulty)} DDs and another split: get it again."
        )
    videos = next((path for path in (root, *sorted(root.glob("*/"))) if (path / VIDEO_FOLDER).is_dir()), root)
    dives = []
    for n, (score, dd) in enumerate(zip(scores, difficulty, strict=True), start=1):
        jump, _, come_out, _ = moments[n - 1] if n <= len(moments) else (0, 0, 0, 0)
        labeled = come_out > jump + PUSH_FRAMES
        try:
            dive = JudgedDive(
                video=videos / VIDEO_FOLDER / f"{n:03d}.avi",
                event="UNLV-Dive",
                board_m=_BOARD_M,
                difficulty=round(float(dd), 2),
                score=float(score),
                first_flight_frame=int(jump) + PUSH_FRAMES if labeled else None,
                first_entry_frame=int(come_out) if labeled else None,
                split="test" if split_of.get(n) == "test" else "train" if n in split_of else "",
                n=n,
            )
        except ValueError as error:
            raise AnnotationError(f"{root}, dive {n}: {error}") from None
        dives.append(dive)
    return video_dives(root, dives, layout="unlv-dive")


def _read(root: Path, name: str, read: Callable[[BytesIO], np.ndarray]) -> np.ndarray:
    path = find_file(root, name)
    if path is None:
        raise AnnotationError(f"{root} lacks {name}: choose the folder of UNLV-Dive.")

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(f"{path} is not a file of UNLV-Dive ({reason}): get it again.")

    with reading(refuse, MatReadError, TypeError, NotImplementedError):
        numbers = read(BytesIO(read_bounded(path, _MOST_BYTES)))
        if not np.isfinite(numbers).all():
            raise ValueError("numbers that are not finite")
        return numbers


def _numbers(root: Path, name: str) -> np.ndarray:
    """Return the only array of a file of Matlab, flat."""

    def read(file: BytesIO) -> np.ndarray:
        (array,) = (value for key, value in loadmat(file).items() if not key.startswith("__"))
        return np.asarray(array, np.float64).ravel()

    return _read(root, name, read)


def _moments(root: Path) -> np.ndarray:
    name = next((name for name in MOMENTS_FILES if find_file(root, name)), None)
    if name is None:
        return np.zeros((0, 4), np.int64)
    return _read(root, name, lambda file: np.loadtxt(file, np.int64, delimiter=",", ndmin=2, usecols=range(4)))
