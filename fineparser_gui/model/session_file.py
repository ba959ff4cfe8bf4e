"""Session files: which dives are open, and what the user entered for them.

Format "fineparser.session/1", JSON in UTF-8 (a reader refuses other numbers; new keys may come without a new one):

    format    "fineparser.session/1"
    selected  place of the dive that was shown, or null
    origin    for an autosave: the session file it belongs to, or null
    origin_sha256  of what that file held when it was last read or saved by the program, in hexadecimal digits; ""
              where that is not known (older autosaves have none)
    paused    whether the analyses were held up
    exemplar_drawings  what was drawn on dives of the library: drawings as those of a dive, by the exemplar's id
    dives     of {path, relative_path, in_frame, out_frame, dive_number, board_m, difficulty, diver, nearest, synchro,
              transitions, left_out, is_dive, cancelled, drawings, segments, dismissed, video}, in the order of the
              list; relative_path is as seen from the folder of the session file, or null where there is none; drawings
              are of {kind, frame, points, text}, points in pixels of the file's upright frames; segments are the dives
              found in a long recording, as `DiveSegment`, or null where nobody searched; dismissed: the coach has
              hidden them; video is the identity of the file, as `VideoIdentity`, or null where it was never opened
              (older files have none)

Analyses are not stored: opening a session makes them anew, and the coach's transitions and exemplars left out are
applied to them.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from fineparser_core.diving.difficulty import BOARDS_M
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.inference.exemplar_selection import CandidateRule
from fineparser_core.printable import without_surrogates
from fineparser_core.types import DiveSegment
from fineparser_core.video.atomic import atomic_file
from fineparser_gui.model.correction import Correction
from fineparser_gui.model.drawings import Drawing, from_dict, to_dict
from fineparser_gui.model.relocation import is_there
from fineparser_gui.model.video_identity import VideoIdentity, identity_from_dict

Value = TypeVar("Value")

FORMAT = "fineparser.session/1"
SUFFIX = ".fineparser"
# Larger values are damage, and exceed the integers of Qt.
_MOST_FRAMES = 2**31
_FARTHEST_PX = 1e6
_HIGHEST_DIFFICULTY = 100


@dataclass(frozen=True, kw_only=True)
class SavedDive:
    """The stored part of a dive; attributes as in `Dive`.

    Attributes:
        dismissed: the user has hidden the dives found in it.
    """

    path: Path
    in_frame: int | None = None
    out_frame: int | None = None
    dive_number: str | None = None
    board_m: float | None = None
    difficulty: float | None = None
    diver: str = ""
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
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_session(path: Path) -> tuple[SavedSession, Origin | None]:
    """The session that `write_session` wrote, and the file that it belongs to where it is an autosave.

    A video is looked for beside the session file first, so that a folder of both may be moved, and then where it was.

    Raises:
        ConfigError: the file cannot be read, is damaged, or is of another format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # some editors write a byte order mark
        if not isinstance(content, dict):
            raise ValueError("no object")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is damaged or not a session file: open another one.") from error
    found = content.get("format")
    if found != FORMAT:
        raise ConfigError(f"{path} is of format {found!r:.80}, not {FORMAT!r}: open a session that this version saved.")
    try:
        dives = _dives(content, path.parent)
        selected = _field(content, "selected", _whole)
        origin, sha256 = _file_name(content.get("origin")), _text(content.get("origin_sha256"))
        on_exemplars = _exemplar_drawings(content.get("exemplar_drawings", {}))
        if selected is not None and selected >= len(dives):
            raise ValueError(f"selected: {selected}, and there are {len(dives)} dives")
    except ValueError as error:
        raise ConfigError(f"{path} is damaged ({error}): mend it in a text editor, or open another one.") from error
    paused = content.get("paused") is True
    saved = SavedSession(dives=dives, selected=selected, paused=paused, exemplar_drawings=on_exemplars)
    return saved, Origin(Path(origin), sha256 or "") if origin else None


def _dive_to_dict(dive: SavedDive, folder: Path) -> dict[str, Any]:
    frames = dive.correction.transitions
    return {
        "path": os.path.abspath(dive.path),
        "relative_path": _relative(dive.path, folder),
        "in_frame": dive.in_frame,
        "out_frame": dive.out_frame,
        "dive_number": dive.dive_number,
        "board_m": dive.board_m,
        "difficulty": dive.difficulty,
        "diver": dive.diver,
        "drawings": [to_dict(drawing) for drawing in dive.drawings],
        "nearest": dive.rule.nearest,
        "synchro": dive.rule.synchro,
        "transitions": list(frames) if frames else None,
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


def _dives(content: dict[str, Any], folder: Path) -> tuple[SavedDive, ...]:
    listed = content.get("dives")
    if not isinstance(listed, list):
        raise ValueError("it has no list of dives")
    dives = []
    for number, values in enumerate(listed, start=1):
        try:
            if not isinstance(values, dict):
                raise ValueError(f"{values!r:.80} where a dive belongs")
            dives.append(_dive_from_dict(values, folder))
        except KeyError as error:
            raise ValueError(f"dive {number}: {error} is missing") from error
        except (TypeError, ValueError, AttributeError, ConfigError) as error:
            raise ValueError(f"dive {number}: {error}") from error
    return tuple(dives)


def _field(values: dict[str, Any], key: str, read: Callable[[Any], Value]) -> Value:
    """The value of a key; error messages name the key."""
    if key not in values:
        raise ValueError(f"{key} is missing")
    try:
        return read(values[key])
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _dive_from_dict(values: dict[str, Any], folder: Path) -> SavedDive:
    path, relative = _field(values, "path", _file_name), _field(values, "relative_path", _file_name)
    if not path or "\0" in path:
        raise ValueError(f"path: {path!r:.80} names no file")
    beside = Path(os.path.normpath(folder / relative)) if relative else None
    number, board_m, difficulty = _field(values, "dive_number", _text), values["board_m"], values["difficulty"]
    if board_m is not None and not (_is_number(board_m) and board_m in BOARDS_M):
        raise ValueError(f"board_m {board_m!r:.80}")
    if difficulty is not None and not (_is_number(difficulty) and 0 < difficulty < _HIGHEST_DIFFICULTY):
        raise ValueError(f"difficulty {difficulty!r:.80}")
    frames = values["transitions"]
    transitions = None
    if frames is not None:
        flight, entry = (_whole(frame) for frame in frames)
        if flight is None or entry is None or flight >= entry:
            raise ValueError(f"transitions {frames!r:.80}")
        transitions = (flight, entry)
    left_out = values["left_out"]
    if not isinstance(left_out, list) or not all(isinstance(name, str) for name in left_out):
        raise ValueError(f"left_out {left_out!r:.80}")
    left_out = [without_surrogates(name) for name in left_out]
    return SavedDive(
        path=beside if beside is not None and is_there(beside) else Path(path),
        in_frame=_field(values, "in_frame", _whole),
        out_frame=_field(values, "out_frame", _whole),
        dive_number=str(parse_dive_number(number)) if number else None,
        board_m=board_m,
        difficulty=difficulty,
        diver=_text(values.get("diver")) or "",
        drawings=tuple(_drawing(drawing) for drawing in values.get("drawings", [])),
        rule=CandidateRule(nearest=values.get("nearest") is True, synchro=values.get("synchro") is True),
        cancelled=values.get("cancelled") is True,
        segments=_segments(values.get("segments")),
        identity=None if values.get("video") is None else identity_from_dict(values["video"]),
        dismissed=values.get("dismissed") is True,
        correction=Correction(
            transitions=transitions, left_out=frozenset(left_out), is_dive=values.get("is_dive") is True
        ),
    )


def _segments(values: Any) -> tuple[DiveSegment, ...] | None:
    if values is None:
        return None
    segments = tuple(DiveSegment(**fields) for fields in values)
    for one in segments:
        frames = (one.in_frame, one.first_flight_frame, one.first_entry_frame, one.out_frame)
        if any(_whole(frame) is None for frame in frames) or list(frames) != sorted(frames):
            raise ValueError(f"segment {frames}")
        if not _is_number(one.confidence) or not isfinite(one.confidence):
            raise ValueError(f"confidence {one.confidence!r}")
    return segments


def _drawing(values: Any) -> Drawing:
    drawing = from_dict(values)
    _whole(drawing.frame)
    if any(abs(pixels) > _FARTHEST_PX for point in drawing.points for pixels in point):
        raise ValueError(f"drawing {values!r:.80}")
    return drawing


def _exemplar_drawings(values: Any) -> dict[str, tuple[Drawing, ...]]:
    if not isinstance(values, dict) or not all(isinstance(drawings, list) for drawings in values.values()):
        raise ValueError(f"exemplar_drawings {values!r:.80}")
    return {
        without_surrogates(name): tuple(_drawing(drawing) for drawing in drawings) for name, drawings in values.items()
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> int | None:
    if value is None or (_is_number(value) and isinstance(value, int) and 0 <= value < _MOST_FRAMES):
        return value
    raise ValueError(f"{value!r:.80} where the number of a frame belongs")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value and without_surrogates(value)
    raise ValueError(f"{value!r:.80} where text belongs")


def _file_name(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value and without_surrogates(value, file_name=True)
    raise ValueError(f"{value!r:.80} where the name of a file belongs")
