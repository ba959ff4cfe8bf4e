"""An analysis as JSON, and its masks as NPZ.

Every key is described in `packaging/docs/json.md`. A reader refuses other format numbers; new keys may come without a
new one. Frames are 0-based indices of the source file, points are score points, times are seconds from the first frame
of the file: its own, not real ones, where `motion.slowed` is over 1.

    points  = dynamic + static + measured, of each step and exemplar
    vote    = exemplar's score + sum(points); score = mean vote, to 1e-6
    award   = score / (3 * difficulty)
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES, STEP_NAMES
from fineparser_core.errors import ExportError
from fineparser_core.language import Phrase
from fineparser_core.measures import measures
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.npz import DAMAGE, read_array
from fineparser_core.types import (
    Analysis,
    AthletePoint,
    AwardCheck,
    Clip,
    ClipEvidence,
    Contribution,
    DiveMotion,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    MaskTrack,
    Measure,
    ModelIdentity,
    Moment,
    Moments,
    OwnAward,
    ScoreInterval,
    Scoring,
    Transitions,
)

FORMAT = "fineparser.analysis/4"

#: Of the name of a joint in a masks file: four a letter.
_MOST_NAME_BYTES = 64

_SCORE_KEYS = (
    "score",
    "spread",
    "dive_number",
    "board_m",
    "difficulty",
    "difficulty_source",
    "award",
    "seed",
    "deviation",
)


class MaskArrays(NamedTuple):
    """The arrays of a masks file, as in `DiveParse`."""

    frame: np.ndarray
    probability: np.ndarray
    crop_xyxy: np.ndarray
    joints: np.ndarray | None = None

    @classmethod
    def of(cls, parse: MaskTrack) -> "MaskArrays":
        """Those of a parse."""
        return cls(parse.sampled_frames, parse.mask_probability, parse.crop_xyxy, parse.joints)


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """The analysis in the format above, of plain JSON types only.

    Raises:
        ExportError: a number in it is not finite.
    """
    parse, scoring = analysis.parse, analysis.scoring
    clip = parse.clip
    result: dict[str, Any] = {"format": FORMAT}
    result |= {key: None if scoring is None else getattr(scoring, key) for key in _SCORE_KEYS}
    result |= {
        "interval": None if scoring is None or scoring.interval is None else _interval_to_dict(scoring.interval),
        "refusal": parse.refusal,
        "evidence": None if parse.evidence is None else asdict(parse.evidence),
        "transitions": asdict(parse.transitions),
        "moments": asdict(parse.moments),
        "first_water_contact_frame": parse.first_water_contact_frame,
        "measures": [asdict(measure) for measure in measures_of(analysis)],
        "own_award": None if analysis.own_award is None else _own_award_to_dict(analysis.own_award),
        "unscored": analysis.unscored,
        "motion": None if parse.motion is None else _motion_to_dict(parse.motion),
        "contributions": [] if scoring is None else [asdict(part) for part in scoring.contributions],
        "exemplars": [] if scoring is None else [asdict(vote) for vote in scoring.exemplars],
        "notes": list(analysis.notes),
        "clip_notes": list(parse.notes),
        "measured_notes": list(analysis.measured_notes),
        "phrases": {
            said: said.to_json()
            for said in (parse.refusal, analysis.unscored, *analysis.notes)
            if isinstance(said, Phrase) and said.values
        },
        "probabilities": parse.probabilities.T.astype(float).tolist(),
        "sampled_frames": parse.sampled_frames.tolist(),
        "sampled_times_s": parse.sampled_times_s.astype(float).tolist(),
        "model": asdict(parse.model),
        "clip": {
            "path": str(clip.path),
            "start_frame": clip.in_frame,
            "end_frame": clip.out_frame,
            "fps": clip.fps,
            "athlete": None if clip.athlete is None else asdict(clip.athlete),
            "cut_frames": list(clip.n_cut),
        },
        "versions": {"fineparser": __version__},
    }
    try:
        plain: dict[str, Any] = json.loads(json.dumps(result, allow_nan=False))
    except ValueError:
        raise ExportError(
            "The analysis of {0} holds a number that is not finite: analyse it again.", clip.path
        ) from None
    return plain


def measures_of(analysis: Analysis) -> tuple[Measure, ...]:
    """The measures of an analysed dive; made now, by dive number and board where these are known, if nobody did yet."""
    if analysis.measures is not None:
        return analysis.measures
    scoring = analysis.scoring
    if scoring is None:
        return measures(analysis.parse)
    return measures(analysis.parse, dive_number=scoring.dive_number, board_m=scoring.board_m)


def analysis_from_dict(data: Mapping[str, Any], masks: MaskArrays) -> Analysis:
    """The analysis that `analysis_to_dict` wrote.

    Args:
        data: parsed JSON.
        masks: what `read_masks_npz` gave for the same clip.

    Raises:
        ExportError: another format, or an incomplete one.
    """
    if data.get("format") != FORMAT:
        raise ExportError(
            "This is a file of format {0}, not {1}: analyse the clip again.", repr(data.get("format")), repr(FORMAT)
        )
    try:
        clip = data["clip"]
        phrases = {english: Phrase.from_json(parts) for english, parts in data.get("phrases", {}).items()}

        def said(name: str) -> tuple[str, ...]:
            return tuple(phrases.get(one, one) for one in data.get(name, ()))

        parse = DiveParse(
            clip=Clip(
                path=Path(clip["path"]),
                in_frame=clip["start_frame"],
                out_frame=clip["end_frame"],
                fps=clip["fps"],
                athlete=AthletePoint(**clip["athlete"]) if clip.get("athlete") else None,
                n_cut=_pair(clip.get("cut_frames", (0, 0))),
            ),
            sampled_frames=np.array(data["sampled_frames"], dtype=np.int64),
            sampled_times_s=np.array(data["sampled_times_s"], dtype=np.float64),
            probabilities=np.ascontiguousarray(np.array(data["probabilities"], dtype=np.float32).T),
            transitions=Transitions(**data["transitions"]),
            moments=_moments_from_dict(data["moments"]),
            mask_probability=masks.probability,
            crop_xyxy=masks.crop_xyxy,
            joints=masks.joints,
            model=ModelIdentity(**data["model"]),
            evidence=ClipEvidence(**data["evidence"]) if data.get("evidence") else None,
            refusal=phrases.get(data.get("refusal"), data.get("refusal")),
            first_water_contact_frame=data.get("first_water_contact_frame"),
            motion=_motion_from_dict(data["motion"]) if data.get("motion") else None,
            notes=said("clip_notes"),
        )
        scoring, measured_notes = None, said("measured_notes")
        if data["score"] is not None:
            scoring = Scoring(
                **{key: data[key] for key in _SCORE_KEYS},
                contributions=_contributions(data["contributions"]),
                exemplars=tuple(
                    ExemplarVote(**vote | {"contributions": _contributions(vote["contributions"])})
                    for vote in data["exemplars"]
                ),
                notes=said("notes")[len(parse.notes) : len(data["notes"]) - len(measured_notes)],
                interval=_interval_from_dict(data["interval"]) if data.get("interval") else None,
            )
        found = tuple(Measure(**measure) for measure in data["measures"]) if "measures" in data else None
        own_award = _own_award_from_dict(data["own_award"]) if data.get("own_award") else None
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ExportError("This is not a complete {0} file ({1}): analyse the clip again.", FORMAT, error) from error
    if not np.array_equal(parse.sampled_frames, masks.frame):
        raise ExportError(
            "The masks are of other frames of {0} than the analysis: analyse the clip again.", clip["path"]
        )
    return Analysis(
        parse=parse,
        scoring=scoring,
        measures=found,
        own_award=own_award,
        unscored=phrases.get(data.get("unscored"), data.get("unscored") or ""),
        measured_notes=measured_notes,
    )


def _moments_from_dict(data: Mapping[str, Any]) -> Moments:
    take_off, come_out, top, contact = (
        None if data[name] is None else Moment(**data[name] | {"sources": tuple(data[name]["sources"])})
        for name in ("take_off", "come_out", "top", "contact")
    )
    if take_off is None or come_out is None:
        raise ValueError("moments without a take-off or a come-out")
    covariance_s2 = float(data["covariance_s2"])
    return Moments(take_off=take_off, come_out=come_out, top=top, contact=contact, covariance_s2=covariance_s2)


def write_analysis_json(analysis: Analysis, path: Path) -> None:
    """Write the analysis, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    text = json.dumps(analysis_to_dict(analysis), indent=1, allow_nan=False) + "\n"
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def readable_json(content: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8 that people may read: letters as they are, a lone surrogate of a file name as its JSON escape."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_masks_npz(parse: MaskTrack, path: Path) -> None:
    """Write the masks and joints of all samples, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    arrays = {
        "frame": parse.sampled_frames.astype(np.int64),
        "probability": parse.mask_probability.astype(np.float16),
        "crop_xyxy": parse.crop_xyxy.astype(np.float32),
    }
    if parse.joints is not None:
        arrays |= {"joints": parse.joints.astype(np.float32), "joint_names": np.array(KEYPOINT_NAMES)}
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read_masks_npz(path: Path) -> MaskArrays:
    """Read what `write_masks_npz` wrote.

    Raises:
        ExportError: missing, damaged, or not a masks file.
    """
    try:
        with path.open("rb") as file, ZipFile(file) as archive:
            masks = MaskArrays(
                _array(archive, "frame", (N_SAMPLES,), np.int64),
                _array(archive, "probability", (N_SAMPLES, MASK_SIZE, MASK_SIZE), np.float16),
                _array(archive, "crop_xyxy", (N_SAMPLES, 4), np.float32),
                _joints(archive),
            )
    except DAMAGE as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ExportError("{0} is not a readable masks file ({1}): write it again.", path, str(reason)[:200]) from error
    return masks


def _joints(archive: ZipFile) -> np.ndarray | None:
    """The joints of an archive, in the order of `KEYPOINT_NAMES`; None where it holds none.

    Raises:
        ValueError: they are others, or not finite.
    """
    if "joints.npy" not in archive.namelist():
        return None
    names = read_array(archive, "joint_names", len(KEYPOINT_NAMES) * _MOST_NAME_BYTES, kinds="U")
    if tuple(names.tolist()) != KEYPOINT_NAMES:
        raise ValueError("joint_names are not those of this program")
    joints = _array(archive, "joints", (N_SAMPLES, len(KEYPOINT_NAMES), 3), np.float32)
    if not np.isfinite(joints).all():
        raise ValueError("joints are not finite")
    return joints


def _array(archive: ZipFile, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
    """An array of an archive, which must be of this shape and type.

    Raises:
        ValueError: it is another one.
    """
    found = read_array(archive, name, math.prod(shape) * np.dtype(dtype).itemsize)
    if (found.shape, found.dtype) != (shape, dtype):
        raise ValueError(f"{name} is not {shape} of {np.dtype(dtype)}")
    return found.copy()


def _pair(values: Sequence[int]) -> tuple[int, int]:
    first, second = values
    return first, second


_MOTION_NUMBERS = ("at_s", "gravity", "gravity_deviation", "body_px", "slowed")
_MOTION_PAIRS = ("position", "velocity")


def _motion_to_dict(motion: DiveMotion) -> dict[str, Any]:
    return {
        **{name: getattr(motion, name) for name in _MOTION_NUMBERS},
        **{name: list(getattr(motion, name)) for name in _MOTION_PAIRS},
        "path": np.column_stack([motion.path_s, motion.path_xy]).tolist(),
        "to_scene": motion.to_scene[:, :2].reshape(-1, 6).tolist(),
    }


def _motion_from_dict(data: Mapping[str, Any]) -> DiveMotion:
    path = np.array(data["path"], np.float64).reshape(-1, 3)
    to_scene = np.tile(np.eye(3), (N_SAMPLES, 1, 1))
    to_scene[:, :2] = np.array(data["to_scene"], np.float64).reshape(N_SAMPLES, 2, 3)
    (x, y), (speed_x, speed_y) = (map(float, data[name]) for name in _MOTION_PAIRS)
    numbers = {name: float(data[name]) for name in _MOTION_NUMBERS}
    return DiveMotion(
        to_scene=to_scene,
        path_s=path[:, 0],
        path_xy=path[:, 1:],
        position=(x, y),
        velocity=(speed_x, speed_y),
        **numbers,
    )


def _interval_to_dict(interval: ScoreInterval) -> dict[str, float]:
    return {"low": interval.low, "high": interval.high, **asdict(interval.rule)}


def _interval_from_dict(data: Mapping[str, float]) -> ScoreInterval:
    rule = IntervalRule(**{field.name: data[field.name] for field in fields(IntervalRule)})
    return ScoreInterval(low=data["low"], high=data["high"], rule=rule)


def _own_award_to_dict(own: OwnAward) -> dict[str, Any]:
    steps = dict(zip(STEP_NAMES, own.steps, strict=True))
    return asdict(own) | {"steps": steps, "interval": _interval_to_dict(own.interval)}


def _own_award_from_dict(data: Mapping[str, Any]) -> OwnAward:
    take_off, flight, entry = (float(data["steps"][step]) for step in STEP_NAMES)
    interval, checked = _interval_from_dict(data["interval"]), AwardCheck(**data["checked"])
    return OwnAward(**dict(data) | {"steps": (take_off, flight, entry), "interval": interval, "checked": checked})


def _contributions(parts: list[dict[str, Any]]) -> tuple[Contribution, ...]:
    return tuple(Contribution(**part) for part in parts)
