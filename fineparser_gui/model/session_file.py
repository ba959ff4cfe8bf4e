"""Session files: which dives are open, and what the user entered for them.

Format "fineparser.session/1", JSON in UTF-8 (a reader refuses other numbers; new keys may come without a new one):

    format    "fineparser.session/1"
    selected  place of the dive that was shown, or null
    origin    for an autosave: the session file it belongs to, or null
    origin_sha256  of what that file held when it was last read or saved by the program, in hexadecimal digits; ""
              where that is not known (older autosaves have none)
    paused    whether the analyses were held up
    exemplar_drawings  what was drawn on dives of the library: drawings as those of a dive, by the exemplar's id
    dives     of {path, relative_path, in_frame, out_frame, athlete, dive_number, board_m, difficulty, diver, dived_on,
              note, nearest, synchro, transitions, water_contact, left_out, is_dive, cancelled, drawings, segments,
              dismissed, video}, in the order of the list; note is the coach's on the dive (older files have none);
              relative_path is as seen from the folder of the session file, or null where there is none; athlete is the
              {frame, x, y} at which the coach has pointed at the diver, in pixels of the file's upright frames, or
              null; water_contact is the frame in which the coach saw the water touched first, or null; drawings are of
              {kind, frame, points, text}, points in pixels of the file's upright frames; segments are the dives found
              in a long recording, as `DiveSegment`, or null where nobody searched; dismissed: the coach has hidden
              them; video is the identity of the file, as `VideoIdentity`, or null where it was never opened (older
              files have none)

Analyses are not stored here but in the cache of `analysis_cache`, by what they are of: opening a session shows those
that are kept and makes the others anew, and the coach's transitions and exemplars left out are applied to them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fineparser_core.diving.difficulty import BOARDS_M
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.files import parse_json, read_bounded
from fineparser_core.types import AthletePoint, DiveSegment
from fineparser_gui.model.correction import Correction
from fineparser_gui.model.drawings import MOST_DRAWINGS, Drawing, from_dict, to_dict
from fineparser_gui.model.json_fields import (
    LONGEST_NOTE,
    MOST_FRAMES,
    day,
    file_name,
    frame,
    listed,
    number,
    read_field,
    record,
    shown,
    text,
    whole,
)
from fineparser_gui.model.relocation import is_there
from fineparser_gui.model.video_identity import VideoIdentity, identity_from_dict

FORMAT = "fineparser.session/1"
SUFFIX = ".fineparser"
#: What is more is not written, and damage where it is read.
MOST_DIVES = 3000
_MOST_BYTES = 16_000_000
_MOST_PARTS = 300_000  # values and lists: some 20,000 drawings, which are read and written in a second
_MOST_SEGMENTS = 2000
_MOST_EXEMPLARS = 100_000
_MOST_PIXELS = 100_000
_LOWEST_DIFFICULTY, _HIGHEST_DIFFICULTY = 0.01, 99.99


@dataclass(frozen=True, kw_only=True)
class SavedDive:
    """The stored part of a dive; attributes as in `Dive`.

    Attributes:
        dismissed: the user has hidden the dives found in it.
    """

    path: Path
    in_frame: int | None = None
    out_frame: int | None = None
    athlete: AthletePoint | None = None
    dive_number: str | None = None
    board_m: float | None = None
    difficulty: float | None = None
    diver: str = ""
    dived_on: str | None = None
    note: str = ""
    drawings: tuple[Drawing, ...] = ()
    rule: CandidateRule = field(default_factory=CandidateRule)
    cancelled: bool = False
    segments: tuple[DiveSegment, ...] | None = None
    identity: VideoIdentity | None = None
    dismissed: bool = False
    correction: Correction = field(default_factory=Correction)


@dataclass(frozen=True, kw_only=True)
class SavedSession:
    """The dives in their order.

    Attributes:
        selected: place of the dive that is shown; None: none is.
        paused: whether the queue of analyses was paused.
        exemplar_drawings: what was drawn on dives of the library, by their ids.
    """

    dives: tuple[SavedDive, ...] = ()
    selected: int | None = None
    paused: bool = False
    exemplar_drawings: Mapping[str, tuple[Drawing, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.dives and not self.exemplar_drawings


@dataclass(frozen=True)
class Origin:
    """The session file that an autosave belongs to.

    Attributes:
        sha256: of what the file held when it was last read or saved by the program, in hexadecimal digits; "": not
            known.
    """

    path: Path
    sha256: str


def write_session(saved: SavedSession, path: Path, *, origin: Origin | None = None) -> None:
    """Write the session, whole or not at all.

    Args:
        origin: of an autosave.

    Raises:
        ExportError: the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "selected": saved.selected,
        "paused": saved.paused,
        "origin": str(origin.path) if origin else None,
        "origin_sha256": origin.sha256 if origin else "",
        "dives": [_dive_to_dict(dive, path.parent) for dive in saved.dives],
        "exemplar_drawings": {
            name: [to_dict(drawing) for drawing in drawings] for name, drawings in saved.exemplar_drawings.items()
        },
    }
    # ASCII escapes keep file names that are not valid Unicode.
    data = json.dumps(content, indent=1).encode("ascii") + b"\n"
    if len(saved.dives) > MOST_DIVES or len(data) > _MOST_BYTES or _n_parts(data) > _MOST_PARTS:
        raise ExportError(
            "{0} cannot be written (its {1} dives are more than a session can hold): remove some of "
            "them or of their drawings first.",
            path,
            len(saved.dives),
        )
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)


def read_session(path: Path) -> tuple[SavedSession, Origin | None]:
    """See `parse_session`. Raises: ConfigError, also if the file cannot be read or is too large."""
    return parse_session(session_bytes(path), path)


def session_bytes(path: Path) -> bytes:
    """The content of a session file.

    Raises:
        ConfigError: it cannot be read, or is too large for a session.
    """
    try:
        return read_bounded(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigError("{0} cannot be read ({1}): check the path.", path, error.strerror) from error


def parse_session(data: bytes, path: Path) -> tuple[SavedSession, Origin | None]:
    """The session that `write_session` wrote to a path, and the file that it belongs to where it is an autosave.

    A video is looked for beside the session file first, so that a folder of both may be moved, and then where it was.
    Every value has its type and bounds, whoever wrote the file.

    Raises:
        ConfigError: it is damaged, or of another format.
    """
    try:
        if _n_parts(data) > _MOST_PARTS:
            raise ValueError("it holds more values than a session can")
        content = record(parse_json(data), "session")
    except ValueError as error:
        raise ConfigError("{0} is damaged or not a session file ({1}): open another one.", path, error) from error
    found = content.get("format")
    if found != FORMAT:
        raise ConfigError(
            "{0} is of format {1}, not {2}: open a session that this version saved.", path, shown(found), repr(FORMAT)
        )
    try:
        dives = _dives(content.get("dives"), path.parent)
        selected = read_field(content, "selected", frame)
        origin, sha256 = (
            read_field(content, "origin", file_name, None),
            read_field(content, "origin_sha256", text, None),
        )
        on_exemplars = read_field(content, "exemplar_drawings", _exemplar_drawings, {})
        if selected is not None and selected >= len(dives):
            raise ValueError(f"selected: {selected}, and there are {len(dives)} dives")
    except ValueError as error:
        raise ConfigError(
            "{0} is damaged ({1}): mend it in a text editor, or open another one.", path, error
        ) from error
    paused = content.get("paused") is True
    saved = SavedSession(dives=dives, selected=selected, paused=paused, exemplar_drawings=on_exemplars)
    return saved, Origin(Path(origin), sha256) if origin else None


def _n_parts(data: bytes) -> int:
    """At least the number of values in JSON, less one."""
    return sum(map(data.count, (b",", b"[", b"{")))


def _dive_to_dict(dive: SavedDive, folder: Path) -> dict[str, Any]:
    frames = dive.correction.transitions
    return {
        "path": os.path.abspath(dive.path),
        "relative_path": _relative(dive.path, folder),
        "in_frame": dive.in_frame,
        "out_frame": dive.out_frame,
        "athlete": None if dive.athlete is None else asdict(dive.athlete),
        "dive_number": dive.dive_number,
        "board_m": dive.board_m,
        "difficulty": dive.difficulty,
        "diver": dive.diver,
        "dived_on": dive.dived_on,
        "note": dive.note,
        "drawings": [to_dict(drawing) for drawing in dive.drawings],
        "nearest": dive.rule.nearest,
        "synchro": dive.rule.synchro,
        "transitions": list(frames) if frames else None,
        "water_contact": dive.correction.contact_frame,
        "left_out": sorted(dive.correction.left_out),
        "is_dive": dive.correction.is_dive,
        "cancelled": dive.cancelled,
        "segments": None if dive.segments is None else [asdict(segment) for segment in dive.segments],
        "video": asdict(dive.identity) if dive.identity else None,
        "dismissed": dive.dismissed,
    }


def _relative(path: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return None


def _dives(value: Any, folder: Path) -> tuple[SavedDive, ...]:
    dives = []
    for place, one in enumerate(listed(value, MOST_DIVES, "dives"), start=1):
        try:
            dives.append(_dive_from_dict(record(one, "dive"), folder))
        except (ValueError, ConfigError) as error:
            raise ValueError(f"dive {place}: {error}") from error
    return tuple(dives)


def _dive_from_dict(values: dict[str, Any], folder: Path) -> SavedDive:
    path, relative = read_field(values, "path", file_name), read_field(values, "relative_path", _file_name_or_none)
    if path is None:
        raise ValueError("path: null where the name of a file belongs")
    beside = Path(os.path.abspath(folder / relative)) if relative else None
    dive_number = read_field(values, "dive_number", text)
    in_frame, out_frame = read_field(values, "in_frame", frame), read_field(values, "out_frame", frame)
    if in_frame is not None and out_frame is not None and in_frame > out_frame:
        raise ValueError(f"in_frame {in_frame} is after out_frame {out_frame}")
    return SavedDive(
        path=beside if beside is not None and is_there(beside) else Path(os.path.abspath(folder / path)),
        in_frame=in_frame,
        out_frame=out_frame,
        athlete=read_field(values, "athlete", _athlete, None),
        dive_number=str(parse_dive_number(dive_number)) if dive_number else None,
        board_m=read_field(values, "board_m", _board),
        difficulty=read_field(values, "difficulty", _difficulty),
        diver=read_field(values, "diver", text, None),
        dived_on=read_field(values, "dived_on", day, None),
        note=read_field(values, "note", _note, None),
        drawings=read_field(values, "drawings", _drawings, []),
        rule=CandidateRule(nearest=values.get("nearest") is True, synchro=values.get("synchro") is True),
        cancelled=values.get("cancelled") is True,
        segments=read_field(values, "segments", _segments, None),
        identity=read_field(values, "video", _identity, None),
        dismissed=values.get("dismissed") is True,
        correction=Correction(
            transitions=read_field(values, "transitions", _transitions),
            contact_frame=read_field(values, "water_contact", frame, None),
            left_out=read_field(values, "left_out", _left_out),
            is_dive=values.get("is_dive") is True,
        ),
    )


def _note(value: Any) -> str:
    return text(value, LONGEST_NOTE)


def _file_name_or_none(value: Any) -> str | None:
    """The other path holds in place of a name that is none."""
    try:
        return file_name(value)
    except ValueError:
        return None


def _board(value: Any) -> float | None:
    if value is None or (type(value) in (int, float) and value in BOARDS_M):
        return value
    raise ValueError(f"{shown(value)} is no board")


def _difficulty(value: Any) -> float | None:
    return None if value is None else number(value, _LOWEST_DIFFICULTY, _HIGHEST_DIFFICULTY)


def _transitions(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    frames = [frame(one) for one in listed(value, 2, "transitions")]
    if len(frames) == 2 and frames[0] is not None and frames[1] is not None and frames[0] < frames[1]:
        return frames[0], frames[1]
    raise ValueError(f"{shown(value)} where two frames in their order belong")


def _left_out(value: Any) -> frozenset[str]:
    return frozenset(text(name) for name in listed(value, _MOST_EXEMPLARS, "exemplars"))


def _segments(value: Any) -> tuple[DiveSegment, ...] | None:
    return None if value is None else tuple(map(_segment, listed(value, _MOST_SEGMENTS, "dives found")))


def _segment(value: Any) -> DiveSegment:
    values = record(value, "dive found")
    names = ("in_frame", "first_flight_frame", "first_entry_frame", "out_frame")
    frames = [read_field(values, name, frame) for name in names]
    known = [one for one in frames if one is not None]
    if len(known) < len(frames) or known != sorted(known):
        raise ValueError(f"{shown(frames)} where four frames in their order belong")
    confidence = read_field(values, "confidence", lambda value: number(value, 0, 1))
    return DiveSegment(**dict(zip(names, known, strict=True)), confidence=confidence)


def _athlete(value: Any) -> AthletePoint | None:
    if value is None:
        return None
    values = record(value, "point on the diver")
    at = read_field(values, "frame", lambda value: whole(value, 0, MOST_FRAMES - 1))
    x, y = (read_field(values, name, lambda value: number(value, 0, _MOST_PIXELS)) for name in ("x", "y"))
    return AthletePoint(frame=at, x=x, y=y)


def _drawings(value: Any) -> tuple[Drawing, ...]:
    return tuple(map(from_dict, listed(value, MOST_DRAWINGS, "drawings")))


def _exemplar_drawings(value: Any) -> dict[str, tuple[Drawing, ...]]:
    drawn = record(value, "list of drawings by exemplar")
    return {text(name): _drawings(drawings) for name, drawings in drawn.items()}


def _identity(value: Any) -> VideoIdentity | None:
    return None if value is None else identity_from_dict(value)
