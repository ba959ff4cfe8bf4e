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
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES, STEP_NAMES
from fineparser_core.errors import ExportError
from fineparser_core.export.notes import note_text
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
    Scoring,
    Verdict,
)
from fineparser_core.support.array_file import DAMAGE, read_array
from fineparser_core.support.atomic import atomic_file, write_whole
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.documents import read_document, reading

FORMAT = "fineparser.analysis/7"

#: Lists with an entry for each sample, or for each picture of the fall: of an analysis, and of its motion.
_BY_SAMPLE, _BY_PICTURE = ("sampled_frames", "sampled_times_s"), ("to_scene", "path")

#: Maximum number of notes, and length of a sentence in characters; those of the program are much fewer and shorter.
_MOST_NOTES, _LONGEST_SENTENCE = 1000, 20_000
#: Length of values that a sentence does not write out, in characters.
_UNUSED = 1000
#: Maximum bytes of the name of a joint in a masks file: four a letter.
_MOST_NAME_BYTES = 64

_SCORE_KEYS = [one.name for one in fields(Scoring) if one.name not in ("contributions", "exemplars", "notes")]


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """Return the analysis in the format above, of plain JSON types only.

    Raises:
        ExportError: a number in it is not finite.
    """
    parse, scoring, own = analysis.parse, analysis.scoring, analysis.own_award
    clip, found = parse.clip, measures_of(analysis)
    notes = {"clip": parse.notes, "score": scoring.notes if scoring else (), "measures": analysis.measured_notes}
    result: dict[str, Any] = {"format": FORMAT}
    result |= {key: None if scoring is None else getattr(scoring, key) for key in _SCORE_KEYS}
    result |= {
        "refusal": parse.refusal,
        "evidence": parse.evidence,
        "transitions": parse.transitions,
        "moments": parse.moments,
        "first_water_contact_frame": parse.first_water_contact_frame,
        "measures": found,
        "good_ranges": {name: _range_to_dict(band) for name, band in good_ranges_of(analysis, found).items()},
        "own_award": None,
        "verdict": _verdict_to_dict(analysis.verdict),
        "recognition": _recognition_to_dict(parse.recognition),
        "read_awards": parse.read_awards,
        "contradictions": [to_json(one) | {"text": contradiction_text(one)} for one in analysis.contradictions],
        "motion": None if parse.motion is None else _motion_to_dict(parse.motion),
        "contributions": () if scoring is None else scoring.contributions,
        "exemplars": () if scoring is None else scoring.exemplars,
        "notes": [_note_to_dict(note, about) for about, each in notes.items() for note in each],
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
        result["own_award"] = to_json(own) | {"steps": steps}
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


def analysis_from_dict(data: Mapping[str, Any], masks: MaskTrack | None) -> Analysis:
    """Return the analysis that `analysis_to_dict` wrote.

    Args:
        data: parsed JSON.
        masks: those of the same clip, e.g. by `read_masks_npz`; None: there are none, as of `without_samples`, and the
            arrays of the analysis have as many entries as are there.

    Raises:
        ExportError: another or an incomplete format.
    """
    if data.get("format") != FORMAT:
        raise ExportError(
            "This is a file of format {0}, not {1}: analyse the clip again.", repr(data.get("format")), repr(FORMAT)
        )
    try:
        notes, verdict = _notes_from(data["notes"]), dict(data["verdict"])
        if isinstance(verdict["reason"], list):
            verdict["reason"] = _phrase(verdict["reason"], verdict["text"])
        masks = masks or MaskTrack(
            sampled_frames=np.array(data["sampled_frames"], np.int64),
            mask_probability=np.zeros((0, MASK_SIZE, MASK_SIZE), np.float16),
            crop_xyxy=np.zeros((0, 4), np.float32),
        )
        parse = _parse({**data, "notes": notes["clip"]}, masks)
        given: dict[str, Any] = {
            **data,
            "parse": parse,
            "scoring": None,
            "measured_notes": notes["measures"],
            "verdict": verdict,
        }
        if data["score"] is not None:
            given["scoring"] = from_json({**data, "notes": notes["score"]}, Scoring)
        if own := data["own_award"]:
            given["own_award"] = own | {"steps": [own["steps"][step] for step in STEP_NAMES]}
        analysis = from_json(given, Analysis)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ExportError("This is not a complete {0} file ({1}): analyse the clip again.", FORMAT, error) from error
    if not np.array_equal(parse.sampled_frames, masks.sampled_frames):
        path = parse.clip.path
        raise ExportError("The masks are of other frames of {0} than the analysis: analyse the clip again.", path)
    return analysis


def _notes_from(stored: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Note, ...]]:
    """Return the notes by what they are about: "clip", "score" or "measures"."""
    if len(stored) > _MOST_NOTES:
        raise ValueError("it holds more notes than an analysis can")
    notes: dict[str, tuple[Note, ...]] = {"clip": (), "score": (), "measures": ()}
    for one in stored:
        notes[one["about"]] += (_note_from_dict(one),)
    return notes


def _phrase(parts: list[Any], english: str) -> Phrase:
    """Return a phrase that is a sentence, or part of one. Raises: ValueError where it would be longer."""
    return Phrase.from_json(parts, min(len(english), _LONGEST_SENTENCE) + _UNUSED)


def _verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    reason = verdict.reason.to_json() if isinstance(verdict.reason, Phrase) else verdict.reason
    return {"code": verdict.code, "ways_out": verdict.ways_out, "reason": reason, "text": str(verdict.reason)}


def _note_to_dict(note: Note, about: str) -> dict[str, Any]:
    values = [one.to_json() if isinstance(one, Phrase) else one for one in note.values]
    return {"about": about, "code": note.code, "values": values, "text": note_text(note)}


def _note_from_dict(stored: Mapping[str, Any]) -> Note:
    values = (_phrase(one, stored["text"]) if isinstance(one, list) else one for one in stored["values"])
    note = Note(NoteCode(stored["code"]), tuple(values))
    note_text(note)  # its values fit
    return note


def _parse(data: Mapping[str, Any], masks: MaskTrack) -> DiveParse:
    clip, motion = data["clip"], data["motion"]
    frames = _frames(clip) | {"n_cut": clip["cut_frames"]}
    frames["divers"] = [{**one, **_frames(one)} for one in clip["divers"]]
    arrays = {
        "sampled_frames": np.array(data["sampled_frames"], np.int64),
        "sampled_times_s": np.array(data["sampled_times_s"], np.float64),
        "probabilities": np.ascontiguousarray(np.array(data["probabilities"], np.float32).T),
        "mask_probability": masks.crop_xyxy,  # placeholder for masks that may still lie on the disk
        "crop_xyxy": masks.crop_xyxy,
        "joints": masks.joints,
        "motion": _motion_from_dict(motion, len(masks.sampled_frames)) if motion else None,
    }
    parse = from_json({**data, **arrays, "clip": {**clip, **frames}}, DiveParse)
    return replace(parse, mask_probability=masks.mask_probability)


def write_analysis_json(analysis: Analysis, path: str | Path) -> None:
    """Write the analysis, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    write_whole(Path(path), json.dumps(analysis_to_dict(analysis), indent=1, allow_nan=False) + "\n")


def save_analysis(analysis: Analysis, path: str | Path) -> None:
    """Write the analysis as JSON, and its masks beside it as .npz. Raises: ExportError, see `write_analysis_json`."""
    write_analysis_json(analysis, path)
    write_masks_npz(analysis.parse, Path(path).with_suffix(".npz"))


def load_analysis(path: str | Path) -> Analysis:
    """Read what `save_analysis` wrote. Raises: ExportError for a file that is missing, damaged or something else."""
    path = Path(path)

    def refuse(reason: str) -> ExportError:
        return ExportError("{0} cannot be read ({1}).", path, reason)

    masks = path.with_suffix(".npz")
    found = read_document(path, dict[str, Any], refuse)
    try:
        return analysis_from_dict(found, read_masks_npz(masks) if masks.is_file() else None)
    except ExportError as error:
        raise refuse(str(error).rstrip(".")) from error


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


def read_masks_npz(path: str | Path) -> MaskTrack:
    """Read what `write_masks_npz` wrote.

    Raises:
        ExportError: missing, damaged, or not a masks file.
    """
    path = Path(path)

    def refuse(reason: str) -> ExportError:
        return ExportError("{0} is not a readable masks file ({1}): write it again.", path, reason)

    with reading(refuse, *DAMAGE), path.open("rb") as file, ZipFile(file) as archive:
        return MaskTrack(
            sampled_frames=_array(archive, "frame", (N_SAMPLES,), np.int64),
            mask_probability=_array(archive, "probability", (N_SAMPLES, MASK_SIZE, MASK_SIZE), np.float16),
            crop_xyxy=_array(archive, "crop_xyxy", (N_SAMPLES, 4), np.float32),
            joints=_joints(archive),
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
    if found.shape != shape or found.dtype != dtype:
        raise ValueError(f"{name} is not {shape} of {np.dtype(dtype)}")
    return found.copy()


def _diver_to_dict(diver: DiverCandidate) -> dict[str, Any]:
    stored: dict[str, Any] = to_json(diver)
    return stored | {"start_frame": stored.pop("in_frame"), "end_frame": stored.pop("out_frame")}


def _frames(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {"in_frame": stored["start_frame"], "out_frame": stored["end_frame"]}


def _motion_to_dict(motion: DiveMotion) -> dict[str, Any]:
    stored: dict[str, Any] = to_json(replace(motion, to_scene=motion.to_scene[:, :2].reshape(-1, 6)))
    return stored | {"path": np.column_stack([stored.pop("path_s"), stored.pop("path_xy")])}


def _motion_from_dict(data: Mapping[str, Any], n_samples: int) -> DiveMotion:
    path = np.array(data["path"], np.float64).reshape(-1, 3)
    to_scene = np.tile(np.eye(3), (n_samples, 1, 1))
    to_scene[:, :2] = np.array(data["to_scene"], np.float64).reshape(n_samples, 2, 3)
    return from_json({**data, "to_scene": to_scene, "path_s": path[:, 0], "path_xy": path[:, 1:]}, DiveMotion)


def _recognition_to_dict(seen: Recognition | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    stored: dict[str, Any] = to_json(seen)
    return stored | {"boards_m": {f"{board_m:g}": share for board_m, share in seen.boards_m.items()}}
