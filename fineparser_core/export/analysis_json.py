"""An analysis as JSON, and its masks as NPZ.

Every key is described in `packaging/docs/json.md`. A reader refuses other format numbers; new keys may come without a
new number. Frames are 0-based indices of the source file, points are score points, times are seconds from the first
frame of the file, not of real time, where `motion.slowed` is over 1.

    points  = dynamic + static + measured, of each step and exemplar
    vote    = exemplar's score + sum(points); score = mean vote, to 1e-6
    award   = score / (3 * difficulty)
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES, STEP_NAMES
from fineparser_core.errors import ExportError
from fineparser_core.export.notes import note_of, note_text
from fineparser_core.language import Phrase
from fineparser_core.measures import measures
from fineparser_core.measures.explanation import Band, band_for, bands_of
from fineparser_core.recognition.contradictions import contradiction_text
from fineparser_core.records import (
    Analysis,
    DiveMotion,
    DiveParse,
    DiverCandidate,
    MaskTrack,
    Measure,
    Note,
    NoteCode,
    Recognition,
    ScoreInterval,
    Scoring,
    paint_masks,
)
from fineparser_core.support.array_file import DAMAGE, read_array
from fineparser_core.support.atomic import atomic_file, write_whole
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.documents import reading

FORMAT = "fineparser.analysis/4"

#: Lists with an entry for each sample, or for each picture of the fall: of an analysis, and of its motion.
_BY_SAMPLE, _BY_PICTURE = ("sampled_frames", "sampled_times_s"), ("to_scene", "path")

#: Maximum bytes of the name of a joint in a masks file: four a letter.
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
    "profile",
)


class MaskArrays(NamedTuple):
    """The arrays of a masks file, as in `DiveParse`."""

    frame: np.ndarray
    probability: np.ndarray
    crop_xyxy: np.ndarray
    joints: np.ndarray | None = None

    @classmethod
    def of(cls, parse: MaskTrack) -> "MaskArrays":
        """Return the arrays of a parse."""
        return cls(parse.sampled_frames, parse.mask_probability, parse.crop_xyxy, parse.joints)

    @classmethod
    def none(cls, data: Mapping[str, Any]) -> "MaskArrays":
        """Return arrays without samples for an analysis as JSON."""
        frames = np.array(data["sampled_frames"], np.int64)
        return cls(frames, np.zeros((0, MASK_SIZE, MASK_SIZE), np.float16), np.zeros((0, 4), np.float32))


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis in the format above, of plain JSON types only.

    Raises:
        ExportError: a number in it is not finite.
    """
    parse, scoring, own = analysis.parse, analysis.scoring, analysis.own_award
    clip, found, sentences = parse.clip, measures_of(analysis), [note_text(note) for note in analysis.notes]
    result: dict[str, Any] = {"format": FORMAT}
    result |= {key: None if scoring is None else getattr(scoring, key) for key in _SCORE_KEYS}
    result |= {
        "interval": None if scoring is None or scoring.interval is None else _flat(scoring.interval),
        "refusal": parse.refusal,
        "evidence": parse.evidence,
        "transitions": parse.transitions,
        "moments": parse.moments,
        "first_water_contact_frame": parse.first_water_contact_frame,
        "measures": found,
        "good_ranges": {name: _range_to_dict(band) for name, band in good_ranges_of(analysis, found).items()},
        "own_award": None,
        "unscored": analysis.unscored,
        "recognition": _recognition_to_dict(parse.recognition),
        "contradictions": [to_json(one) | {"text": contradiction_text(one)} for one in analysis.contradictions],
        "withheld": analysis.withheld,
        "motion": None if parse.motion is None else _motion_to_dict(parse.motion),
        "painted": parse.painted,
        "contributions": () if scoring is None else scoring.contributions,
        "exemplars": () if scoring is None else scoring.exemplars,
        "notes": sentences,
        "clip_notes": sentences[: len(parse.notes)],
        "measured_notes": sentences[len(sentences) - len(analysis.measured_notes) :],
        "note_codes": [_note_to_dict(note) for note in analysis.notes],
        "phrases": {
            str(said): said.to_json()
            for said in (parse.refusal, analysis.unscored, analysis.withheld, *sentences)
            if isinstance(said, Phrase) and said.values
        },
        "probabilities": parse.probabilities.T.astype(float),
        "sampled_frames": parse.sampled_frames,
        "sampled_times_s": parse.sampled_times_s.astype(float),
        "model": parse.model,
        "clip": {
            "path": clip.path,
            "start_frame": clip.in_frame,
            "end_frame": clip.out_frame,
            "fps": clip.fps,
            "athlete": clip.athlete,
            "cut_frames": clip.n_cut,
            "ends_s": clip.ends_s,
            "divers": [_diver_to_dict(one) for one in clip.divers],
        },
        "versions": {"fineparser": __version__},
    }
    if own is not None:
        steps = dict(zip(STEP_NAMES, own.steps, strict=True))
        result["own_award"] = to_json(own) | {"steps": steps, "interval": _flat(own.interval)}
    try:
        of_json: dict[str, Any] = json.loads(json.dumps(to_json(result), allow_nan=False))
    except ValueError:
        raise ExportError(
            "The analysis of {0} holds a number that is not finite: analyse it again.", clip.path
        ) from None
    return of_json


def without_samples(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an analysis as of `analysis_to_dict`, of each list by sample or picture its first and last entry alone."""

    def ends(found: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        return {**found, **{name: found[name][:: max(len(found[name]) - 1, 1)] for name in names}}

    motion = data["motion"] and ends(data["motion"], _BY_PICTURE)
    probabilities = [row[:: len(row) - 1] for row in data["probabilities"]]
    return ends(data, _BY_SAMPLE) | {"probabilities": probabilities, "motion": motion}


def measures_of(analysis: Analysis) -> tuple[Measure, ...]:
    """Return the measures of an analyzed dive.

    Missing measures are computed now, by dive number and board where known.
    """
    if analysis.measures is not None:
        return analysis.measures
    scoring = analysis.scoring
    if scoring is None:
        return measures(analysis.parse)
    return measures(analysis.parse, dive_number=scoring.dive_number, board_m=scoring.board_m)


def good_ranges_of(analysis: Analysis, found: Sequence[Measure]) -> dict[str, Band]:
    """Return the ranges of good values of the measures found of a dive, by their names."""
    bands = bands_of(analysis)
    compared = ((measure.name, band_for(measure, bands)) for measure in found)
    return {name: band for name, band in compared if band is not None}


def _range_to_dict(band: Band) -> dict[str, Any]:
    high = band.high if math.isfinite(band.high) else None
    return {"low": band.low, "high": high, "source": band.source.kind, "about": band.source.about}


def analysis_from_dict(data: Mapping[str, Any], masks: MaskArrays | None) -> Analysis:
    """Return the analysis that `analysis_to_dict` wrote.

    Args:
        data: parsed JSON.
        masks: what `read_masks_npz` gave for the same clip; None: there are none, as of `without_samples`, and the
            arrays of the analysis have as many entries as are there.

    Raises:
        ExportError: another or an incomplete format.
    """
    if data.get("format") != FORMAT:
        raise ExportError(
            "This is a file of format {0}, not {1}: analyse the clip again.", repr(data.get("format")), repr(FORMAT)
        )
    try:
        data = _with_notes(_with_phrases(data))
        masks = masks or MaskArrays.none(data)
        parse = _parse(data, masks)
        given: dict[str, Any] = {**data, "parse": parse, "scoring": None}
        if data["score"] is not None:
            notes = data["notes"][len(parse.notes) : len(data["notes"]) - len(data["measured_notes"])]
            given["scoring"] = from_json({**data, "interval": _nested(data.get("interval")), "notes": notes}, Scoring)
        if own := data.get("own_award"):
            steps = [own["steps"][step] for step in STEP_NAMES]
            given["own_award"] = own | {"steps": steps, "interval": _nested(own["interval"])}
        analysis = from_json(given, Analysis)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ExportError("This is not a complete {0} file ({1}): analyse the clip again.", FORMAT, error) from error
    if not np.array_equal(parse.sampled_frames, masks.frame):
        path = parse.clip.path
        raise ExportError("The masks are of other frames of {0} than the analysis: analyse the clip again.", path)
    return analysis


def _with_phrases(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data, its sentences as the phrases that they were."""
    phrases = {english: Phrase.from_json(parts) for english, parts in data.get("phrases", {}).items()}

    def said(found: Any) -> Any:
        return [said(one) for one in found] if isinstance(found, list) else phrases.get(found, found)

    names = ("refusal", "unscored", "withheld", "notes", "clip_notes", "measured_notes")
    return {**data, **{name: said(data[name]) for name in names if name in data}}


def _with_notes(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data, its sentences as the notes that they were made of; an older program wrote no codes."""
    sentences, stored = data.get("notes", ()), data.get("note_codes", ())
    known = len(stored) == len(sentences)
    notes = list(map(_note_from_dict, stored, sentences) if known else map(note_of, sentences))
    n_clip, n_measured = len(data.get("clip_notes", ())), len(data.get("measured_notes", ()))
    return {**data, "notes": notes, "clip_notes": notes[:n_clip], "measured_notes": notes[len(notes) - n_measured :]}


def _note_to_dict(note: Note) -> dict[str, Any]:
    values = [one.to_json() if isinstance(one, Phrase) else one for one in note.values]
    return {"code": note.code, "values": values}


def _note_from_dict(stored: Mapping[str, Any], sentence: str) -> Note:
    """Return a note; that of its sentence where a newer program has more codes."""
    if stored["code"] not in set(NoteCode):
        return note_of(sentence)
    values = (Phrase.from_json(one) if isinstance(one, list) else one for one in stored["values"])
    note = Note(NoteCode(stored["code"]), tuple(values))
    note_text(note)  # its values fit
    return note


def _parse(data: Mapping[str, Any], masks: MaskArrays) -> DiveParse:
    clip, motion = data["clip"], data.get("motion")
    frames = _frames(clip) | {"n_cut": clip.get("cut_frames", (0, 0))}
    frames["divers"] = [{**one, **_frames(one)} for one in clip.get("divers", ())]
    arrays = {
        "sampled_frames": np.array(data["sampled_frames"], np.int64),
        "sampled_times_s": np.array(data["sampled_times_s"], np.float64),
        "probabilities": np.ascontiguousarray(np.array(data["probabilities"], np.float32).T),
        "mask_probability": masks.crop_xyxy,  # placeholder for masks that may still lie on the disk
        "crop_xyxy": masks.crop_xyxy,
        "joints": masks.joints,
        "motion": _motion_from_dict(motion, len(masks.frame)) if motion else None,
    }
    parse = from_json({**data, **arrays, "clip": {**clip, **frames}, "notes": tuple(data["clip_notes"])}, DiveParse)
    return paint_masks(replace(parse, mask_probability=masks.probability), parse.painted)


def write_analysis_json(analysis: Analysis, path: str | Path) -> None:
    """Write the analysis, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    write_whole(Path(path), json.dumps(analysis_to_dict(analysis), indent=1, allow_nan=False) + "\n")


def readable_json(content: Mapping[str, Any]) -> bytes:
    """Format JSON in UTF-8 for people: letters as they are, a lone surrogate of a file name as its JSON escape."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_masks_npz(parse: MaskTrack, path: str | Path) -> None:
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
    with atomic_file(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def read_masks_npz(path: str | Path) -> MaskArrays:
    """Read what `write_masks_npz` wrote.

    Raises:
        ExportError: missing, damaged, or not a masks file.
    """
    path = Path(path)

    def refuse(reason: str) -> ExportError:
        return ExportError("{0} is not a readable masks file ({1}): write it again.", path, reason)

    with reading(refuse, *DAMAGE), path.open("rb") as file, ZipFile(file) as archive:
        return MaskArrays(
            _array(archive, "frame", (N_SAMPLES,), np.int64),
            _array(archive, "probability", (N_SAMPLES, MASK_SIZE, MASK_SIZE), np.float16),
            _array(archive, "crop_xyxy", (N_SAMPLES, 4), np.float32),
            _joints(archive),
        )


def _joints(archive: ZipFile) -> np.ndarray | None:
    """Return the joints of an archive, in the order of `KEYPOINT_NAMES`; None where it holds none.

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
    """Read an array of an archive, which must be of this shape and type.

    Raises:
        ValueError: shape or type differ.
    """
    found = read_array(archive, name, math.prod(shape) * np.dtype(dtype).itemsize)
    if (found.shape, found.dtype) != (shape, dtype):
        raise ValueError(f"{name} is not {shape} of {np.dtype(dtype)}")
    return found.copy()


def _diver_to_dict(diver: DiverCandidate) -> dict[str, Any]:
    stored = to_json(diver)
    return stored | {"start_frame": stored.pop("in_frame"), "end_frame": stored.pop("out_frame")}


def _frames(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {"in_frame": stored["start_frame"], "out_frame": stored["end_frame"]}


def _motion_to_dict(motion: DiveMotion) -> dict[str, Any]:
    stored = to_json(replace(motion, to_scene=motion.to_scene[:, :2].reshape(-1, 6)))
    return stored | {"path": np.column_stack([stored.pop("path_s"), stored.pop("path_xy")])}


def _motion_from_dict(data: Mapping[str, Any], n_samples: int) -> DiveMotion:
    path = np.array(data["path"], np.float64).reshape(-1, 3)
    to_scene = np.tile(np.eye(3), (n_samples, 1, 1))
    to_scene[:, :2] = np.array(data["to_scene"], np.float64).reshape(n_samples, 2, 3)
    return from_json({**data, "to_scene": to_scene, "path_s": path[:, 0], "path_xy": path[:, 1:]}, DiveMotion)


def _recognition_to_dict(seen: Recognition | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    boards_m = {f"{board_m:g}": share for board_m, share in seen.boards_m.items()}
    return to_json(seen) | {"boards_m": boards_m}


def _flat(interval: ScoreInterval) -> dict[str, float]:
    stored = to_json(interval)
    return stored | stored.pop("rule")


def _nested(interval: Mapping[str, float] | None) -> Any:
    return interval and {**interval, "rule": interval}
