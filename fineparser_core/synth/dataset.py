"""Writes rendered dives in the layout of FineDiving and FineDiving-HM."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.support.atomic import atomic_file, write_whole
from fineparser_core.support.documents import read_document
from fineparser_core.support.processes import do_jobs, serve_jobs
from fineparser_core.synth import rubric
from fineparser_core.synth.render import DiveSpec, RenderedDive, render_dive

FRAME_FOLDER, MASK_FOLDER = "FineDiving", "FineDiving_HM"
#: Folder of truths that FineDiving has no place for: an archive a dive, see `write_truth`.
TRUTH_FOLDER = "FineDiving_truth"
_RECORDS, _PARTIAL = ".records", ".partial"
_SETTINGS = "synthesis.json"
_MASK_QUALITY = 92

# Weights of the dive numbers: the eight most common of FineDiving have 80 %.
NUMBER_SHARES = {
    "407C": 16, "107B": 14, "307C": 11, "5253B": 10, "205B": 9, "207C": 8, "109C": 6, "405B": 6,
    "5154B": 2, "6243D": 2, "305B": 1.5, "5152B": 1.5, "5255B": 1.2, "301B": 1.2, "201B": 1, "626C": 1.5, "305C": 1,
    "401B": 0.7, "403B": 0.6, "6245D": 0.7, "5353B": 0.6, "626B": 0.6, "5337D": 0.6, "101B": 0.6, "103B": 0.6,
    "405C": 0.4, "205C": 0.4, "5132D": 0.4, "5231D": 0.4, "612B": 0.4, "614B": 0.3, "6142D": 0.3, "101A": 0.3,
}  # fmt: skip
# Dives of clubs and juniors, which have a DD from 1 m and from 3 m.
CLUB_NUMBERS = (
    "101A", "101B", "101C", "102B", "102C", "103B", "103C", "104B", "104C", "105B", "105C",
    "201A", "201B", "201C", "202B", "202C", "203B", "203C", "301A", "301B", "301C", "302B", "302C", "303B", "303C",
    "401B", "401C", "402B", "402C", "403B", "403C", "5111A", "5121D", "5122D", "5132D", "5211A", "5221D", "5231D",
    "5233D", "5331D",
)  # fmt: skip
_LOW_BOARDS_SHARE = 0.1

_ENTRY_ID = 36
# Sub-action ids by position and number of half somersaults.
_SOMERSAULT_IDS = {"A": {1: 39}, "B": {1: 37}, "C": {1: 40, 11: 28}}
_SOMERSAULT_IDS["A"].update({half: 6 + half for half in range(2, 6)})
_SOMERSAULT_IDS["B"].update({half: 10 + half for half in range(2, 10)})
_SOMERSAULT_IDS["C"].update({half: 18 + half for half in range(2, 10)})
_TWIST_IDS = {**{half: 28 + half for half in range(1, 8)}, 8: 41, 9: 42}
SUB_ACTION_NAMES = {
    1: "Forward", 2: "Back", 3: "Reverse", 4: "Inward", 5: "Arm.Forward", 6: "Arm.Back", 7: "Arm.Reverse", 36: "Entry",
}  # fmt: skip
for _letter, _name in (("A", "Straight"), ("B", "Pike"), ("C", "Tuck")):
    for _half, _id in _SOMERSAULT_IDS[_letter].items():
        SUB_ACTION_NAMES[_id] = f"{_half / 2:g} Som{'s' if _half > 2 else ''}.{_name}"
for _half, _id in _TWIST_IDS.items():
    SUB_ACTION_NAMES[_id] = f"{_half / 2:g} Twist{'s' if _half > 2 else ''}"

Key = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class SynthConfig:
    """A data set of sampled dives.

    Attributes:
        train, test: number of dives in each split.
        seed: dive i depends on (seed, numbers, i) alone.
        numbers: dive numbers, sampled uniformly; empty samples from `NUMBER_SHARES`.
    """

    train: int
    test: int
    seed: int = 0
    numbers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.train < 0 or self.test < 0 or self.train + self.test == 0:
            raise ConfigError(f"{self.train} training and {self.test} test dives: ask for at least one dive.")
        for number in self.numbers:
            find_difficulty(parse_dive_number(number), None)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that decide the dives; the size of the splits is not included, so that dives can be added."""
        return {"seed": self.seed, "numbers": sorted(self.numbers)}

    def __len__(self) -> int:
        return self.train + self.test


def key_of(spec: DiveSpec, i: int) -> Key:
    """Return event and index of dive i, the names of its folders; the event is named by the board."""
    return f"rendered_{spec.board_m:g}m", i + 1


def sample_spec(config: SynthConfig, i: int) -> tuple[DiveSpec, int]:
    """Sample the spec (dive number and board) and the seed of dive i."""
    rng = np.random.default_rng([config.seed, i, 0xD17E])
    if config.numbers:
        number = str(rng.choice(sorted(config.numbers)))
    else:
        shares = np.array(list(NUMBER_SHARES.values()), float)
        number = str(rng.choice(list(NUMBER_SHARES), p=shares / shares.sum()))
    dive = parse_dive_number(number)
    spec = DiveSpec(dive_number=number, board_m=_sample_board(dive, rng))
    return spec, int(rng.integers(2**31))


def _sample_board(dive: DiveNumber, rng: np.random.Generator) -> float:
    boards = [10.0] if dive.armstand else [3.0, 10.0]
    if dive.half_somersaults <= 3 and not dive.armstand and rng.random() < 0.6:
        boards = [1.0, 3.0, 5.0, 7.5, 10.0]
    elif dive.half_somersaults <= 5 and not dive.armstand and rng.random() < _LOW_BOARDS_SHARE:
        boards = [1.0, 5.0, 7.5]
    known = []
    for board_m in boards:
        try:
            find_difficulty(dive, board_m)
            known.append(board_m)
        except ConfigError:
            continue
    if not known:
        commonest = find_difficulty(dive, None).board_m
        return 10.0 if commonest is None else commonest
    return float(rng.choice(known))


def sub_actions(dive: DiveNumber) -> list[int]:
    """Return the sub-action ids of FineDiving, in order: direction, twists, somersaults, entry."""
    direction = dive.direction + (4 if dive.armstand else 0)
    ids = _SOMERSAULT_IDS["B" if dive.position == "D" else dive.position]
    somersault = ids.get(dive.half_somersaults) or _SOMERSAULT_IDS["B"].get(dive.half_somersaults, 16)
    twists = [_TWIST_IDS[dive.half_twists]] if dive.half_twists in _TWIST_IDS else []
    return [direction, *twists, somersault, _ENTRY_ID]


def frame_labels(dive: RenderedDive) -> tuple[np.ndarray, np.ndarray]:
    """Return the frame labels in FineDiving's convention.

    Returns:
        The last frames before each transition (2 or 3,), and the sub-action id of every frame (T,); both int64.
    """
    starts = [dive.first_flight_frame, dive.first_entry_frame]
    ids = sub_actions(dive.dive)
    if len(ids) == 4:
        if dive.twist_end_frame < dive.first_entry_frame - 2:
            starts.insert(1, max(dive.twist_end_frame, starts[0] + 1))
        else:
            # The twist lasts until the come-out: the flight is a single sub-action.
            ids = [ids[0], ids[1], ids[3]]
    labels = np.full(len(dive.frames), ids[0], np.int64)
    for start, label in zip(starts, ids[1:], strict=True):
        labels[start:] = label
    return np.array(starts, np.int64) - 1, labels


def synthesize(
    root: str | Path,
    plan: SynthConfig,
    *,
    workers: int = 1,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Render the dives that are missing in a folder, then write annotations and splits.

    Every dive is written atomically, and an interrupted call can be continued by another.

    Args:
        workers: number of processes; the result does not depend on it.

    Raises:
        ConfigError: the folder holds dives of other settings, or other files.
        ExportError: the folder cannot be written.
        Cancelled: `cancel` was set; finished dives are kept.
    """
    root, cancel = Path(root), cancel or CancelToken()
    try:
        _prepare(root, plan)
        try:
            missing = [i for i in range(len(plan)) if not _record_path(root, i).is_file()]
            before = len(plan) - len(missing)
            progress(Progress("render", before, len(plan)))
            _render(root, plan, missing, workers, cancel, lambda n: progress(Progress("render", before + n, len(plan))))
        finally:
            shutil.rmtree(root / _PARTIAL, ignore_errors=True)
        write_annotations(root, plan)
    except OSError as error:
        raise ExportError(
            f"{root} cannot be written ({error.strerror}): choose another folder or free some room."
        ) from error


def _prepare(root: Path, plan: SynthConfig) -> None:
    path = root / _SETTINGS
    if path.is_file():
        lost = "so these dives cannot be added to: choose another folder."
        before = read_document(path, dict, lambda reason: ConfigError(f"{path} is damaged ({reason}), {lost}"))
        if before != plan.settings:
            raise ConfigError(
                f"{root} holds dives of {before}, not of {plan.settings}: choose another folder or the same settings."
            )
    elif root.is_dir() and any(root.iterdir()):
        raise ConfigError(f"{root} holds other files: choose an empty or a new folder.")
    for name in (FRAME_FOLDER, MASK_FOLDER, _RECORDS, _PARTIAL):
        (root / name).mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(plan.settings).encode())


def _render(
    root: Path, plan: SynthConfig, missing: list[int], workers: int, cancel: CancelToken, report: Callable[[int], None]
) -> None:
    if workers <= 1:
        for done, i in enumerate(missing, start=1):
            cancel.raise_if_cancelled()
            write_dive(root, i, *sample_spec(plan, i))
            report(done)
        return
    jobs = [(root, i, *sample_spec(plan, i)) for i in missing]
    with closing(do_jobs("fineparser_core.synth.dataset", None, jobs, workers, cancel)) as answers:
        for done, (_, answer) in enumerate(answers, start=1):
            if isinstance(answer, int):
                raise ExportError(f"A process that renders dives ended (code {answer}): give fewer --workers.")
            if reason := answer.decode().strip():
                raise OSError(0, reason)
            report(done)


#: Job of a process that renders: arguments of `write_dive`.
_Rendering = tuple[Path, int, DiveSpec, int]


def _open_renderer(_: None) -> Callable[[_Rendering], bytes]:
    """Return a renderer, whose answer is why a dive could not be written, or an empty line."""
    cv2.setNumThreads(1)

    def render(job: _Rendering) -> bytes:
        try:
            write_dive(*job)
        except OSError as error:
            return f"{error.strerror}\n".encode()
        return b"\n"

    return render


def write_dive(root: Path, i: int, spec: DiveSpec, seed: int) -> None:
    """Render dive i and write frames, masks, ground truth and, last, the record that marks it as complete."""
    dive, key = render_dive(spec, seed), key_of(spec, i)
    first = 1 + int(np.random.default_rng([seed, 1]).integers(0, 20000))
    partial = root / _PARTIAL / str(i)
    shutil.rmtree(partial, ignore_errors=True)
    frames, masks = partial / "frames", partial / "masks"
    frames.mkdir(parents=True)
    masks.mkdir()
    for k, (frame, mask) in enumerate(zip(dive.frames, dive.masks, strict=True)):
        name = f"{first + k:05d}.jpg"
        _write_jpeg(frames / name, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), dive.jpeg_quality)
        _write_jpeg(masks / name, mask * 255, _MASK_QUALITY)
    for source, tree in ((frames, FRAME_FOLDER), (masks, MASK_FOLDER)):
        target = root / tree / key[0] / str(key[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(source, target)
    write_truth(root, key, dive)
    write_whole(_record_path(root, i), json.dumps(_record(dive, key, seed, first)).encode())
    shutil.rmtree(partial, ignore_errors=True)


def write_truth(root: Path, key: Key, dive: RenderedDive) -> None:
    """Write the joints, the qualities of the steps (3,) float32, the contact frame and the splash of a dive as NPZ."""
    path = root / TRUTH_FOLDER / key[0] / f"{key[1]}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    qualities = np.array(dive.qualities, np.float32)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, joints=dive.joints, qualities=qualities, contact_frame=dive.contact_frame, splash=dive.splash)


def _write_jpeg(path: Path, image: np.ndarray, quality: int) -> None:
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ExportError(f"{path} could not be encoded: install another build of OpenCV.")
    path.write_bytes(data.tobytes())


def _record_path(root: Path, i: int) -> Path:
    return root / _RECORDS / f"{i:06d}.json"


def _record(dive: RenderedDive, key: Key, seed: int, first: int) -> dict[str, Any]:
    transitions, labels = frame_labels(dive)
    return {
        "key": list(key),
        "dive_number": str(dive.dive),
        "difficulty": dive.difficulty,
        "score": rubric.score(dive.awards, dive.difficulty),
        "transitions": transitions.tolist(),
        "labels": labels.tolist(),
        "start_frame": first,
        "end_frame": first + len(dive.frames) - 1,
        "board_m": dive.board_m,
        "qualities": list(dive.qualities),
        "awards": list(dive.awards),
        "seed": seed,
        "fps": dive.fps,
        "first_flight_frame": dive.first_flight_frame,
        "first_entry_frame": dive.first_entry_frame,
        "contact_frame": dive.contact_frame,
        "off_vertical_deg": dive.off_vertical_deg,
        "splash": dive.splash,
    }


def write_annotations(root: Path, plan: SynthConfig) -> None:
    """Write the pickles of FineDiving's layout and `rendered.json` from the records."""
    records = [json.loads(_record_path(root, i).read_text(encoding="utf-8")) for i in range(len(plan))]
    aqa: dict[Key, list[Any]] = {}
    fine: dict[Key, dict[str, Any]] = {}
    coarse: dict[Key, dict[str, Any]] = {}
    metadata: dict[str, dict[str, Any]] = {}
    for r in records:
        key = (str(r["key"][0]), int(r["key"][1]))
        transitions, labels = np.array(r["transitions"], np.int64), np.array(r["labels"], np.int64)
        number, score, difficulty = r["dive_number"].lower(), float(r["score"]), float(r["difficulty"])
        aqa[key] = [number, score, difficulty, transitions, labels]
        fine[key] = {
            "action_type": number,
            "dive_score": score,
            "difficulty": difficulty,
            "steps_transit_frames": transitions,
            "frames_labels": labels,
            "sub-action_types": {int(i): SUB_ACTION_NAMES[int(i)] for i in dict.fromkeys(r["labels"])},
        }
        coarse[key] = {
            "action_type": number,
            "start_frame": r["start_frame"],
            "end_frame": r["end_frame"],
            "dive_score": score,
            "difficulty": difficulty,
            "judge_scores": list(r["awards"]),
        }
        metadata[f"{key[0]}/{key[1]}"] = {k: v for k, v in r.items() if k not in ("key", "labels", "transitions")}
    keys = list(aqa)
    splits = {"train": keys[: plan.train], "test": keys[plan.train :]}
    files: dict[str, Any] = {
        "fine-grained_annotation_aqa.pkl": aqa,
        "FineDiving_fine-grained_annotation.pkl": fine,
        "FineDiving_coarse_annotation.pkl": coarse,
        "Sub_action_Types_Table.pkl": dict(sorted(SUB_ACTION_NAMES.items())),
        **{f"{name}_split.pkl": each for name, each in splits.items()},
    }
    for name, content in files.items():
        write_whole(root / name, pickle.dumps(content, protocol=4))
    write_whole(root / "rendered.json", json.dumps(metadata, indent=1).encode())


if __name__ == "__main__":
    serve_jobs(_open_renderer, type(None), _Rendering)
