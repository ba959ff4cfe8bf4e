"""Session files: the open dives and the details that the user entered for them.

Format "fineparser.session/1", JSON in UTF-8 (a reader refuses other numbers; new keys may come without a new one):

    format    "fineparser.session/1"
    selected  place of the dive that was shown, or null
    paused    whether the analyses were paused
    meet      the dive list, as `Meet`; its rows name dives by their places in the list, "0" for the first; the key
              is left out where there is no dive list
    dives     of {path, relative_path, in_frame, out_frame, point, dive_number, board_m, difficulty, athlete, day,
              event, outcome, note, judging, exemplar_id, nearest, synchro, transitions, water_contact, left_out,
              is_dive, confirmed, cancelled, drawings, segments, dismissed, video}, in the order of the list:
              board_m: null where the board measured from the fall counts;
              confirmed: dive number and board that the coach has confirmed although the video contradicts them, or
              null;
              event: the meet, training or venue; outcome: a `DiveOutcome`; note: the coach's note on the dive;
              judging: {awards, phases} of the judges, as `Judging`, or null;
              exemplar_id: id of the exemplar that the starred dive votes as, or "";
              relative_path: the path from the folder of the session file, or null if it has none;
              point: {frame, x, y} at which the coach has pointed at the diver, in pixels of the file's upright
              frames, or null;
              water_contact: first frame in which the coach saw the diver touch the water, or null;
              drawings: {kind, frame, points, text, last_frame, thickness, color}, points in pixels of the
              file's upright frames, last_frame only where several frames show the drawing;
              segments: dives found in a long recording, as `DiveSegment`, or null if it was not searched;
              dismissed: whether the coach has hidden them;
              video: identity of the file, as `VideoIdentity`, or null if it was never opened

Analyses are not stored here but in the cache of `analysis_cache`: opening a session shows the analyses that are kept
and computes the others again, and applies the coach's transitions and the exemplars left out to them.
"""

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fineparser_core.constants import BOARDS_M
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.printable import without_surrogates
from fineparser_core.records import Frame
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.codec import from_json, shown, to_json
from fineparser_core.support.documents import parse_document, reading
from fineparser_core.support.files import read_bounded
from fineparser_gui.session.dive import SavedDive, checked_day
from fineparser_gui.session.drawings import to_dict
from fineparser_gui.session.video_files import is_there

FORMAT = "fineparser.session/1"
SUFFIX = ".fineparser"
#: Maximum number of dives of a session file; a file with more is neither written nor read.
MOST_DIVES = 3000
#: Maximum size of a session file.
MOST_SESSION_BYTES = 16_000_000
_MOST_PARTS = 300_000  # values and lists; about 20,000 drawings, which are read and written in a second
# Keys that each dive has; the others have a default.
_REQUIRED = ("path", "relative_path", "in_frame", "out_frame", "dive_number", "board_m", "difficulty", "transitions")
# Prefixes of a dive's nested values, and the names in the file, which stores nested values beside the others.
_PARTS = {"rule.": "", "correction.contact_frame": "water_contact", "correction.": "", "identity": "video"}
_FILE_NAMES = ("path", "relative_path")


@dataclass(frozen=True, kw_only=True)
class SavedSession:
    """Content of a session file, with the dives in their order.

    Attributes:
        selected: place of the dive that is shown; None: no dive is shown.
        paused: whether the queue of analyses was paused.
        meet: the dive list; its rows name dives by their places, "0" for the first.
    """

    dives: tuple[SavedDive, ...] = ()
    selected: Frame | None = None
    paused: bool = False
    meet: Meet = field(default_factory=Meet)

    @property
    def empty(self) -> bool:
        """True if there is nothing to store."""
        return not self.dives and self.meet == Meet()


def write_session(saved: SavedSession, path: Path) -> None:
    """Write the session, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    data = session_json(saved, path.parent)
    if len(saved.dives) > MOST_DIVES or len(data) > MOST_SESSION_BYTES or _n_parts(data) > _MOST_PARTS:
        raise ExportError(
            "{0} cannot be written (its {1} dives are more than a session can hold): remove some of "
            "them or of their drawings first.",
            path,
            len(saved.dives),
        )
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)


def session_json(saved: SavedSession, folder: Path) -> bytes:
    """Return the content of a session file in a folder."""
    content = {
        "format": FORMAT,
        "selected": saved.selected,
        "paused": saved.paused,
        "dives": [_dive_to_dict(dive, folder) for dive in saved.dives],
    }
    if saved.meet != Meet():
        content["meet"] = to_json(saved.meet)
    # ASCII escapes keep file names that are not valid Unicode.
    return json.dumps(content, indent=1).encode("ascii") + b"\n"


def read_session(path: Path) -> SavedSession:
    """Read a session file, see `parse_session`. Raises: ConfigError, also if it cannot be read or is too large."""
    return parse_session(session_bytes(path), path)


def session_bytes(path: Path) -> bytes:
    """Read a session file.

    Raises:
        ConfigError: it cannot be read, or is too large for a session.
    """
    with reading(lambda reason: ConfigError("{0} cannot be read ({1}): check the path.", path, reason)):
        return read_bounded(path, MOST_SESSION_BYTES)


def parse_session(data: bytes, path: Path) -> SavedSession:
    """Return the session that a session file holds.

    A video is looked for beside the session file first, so that a folder of both may be moved, and then where it was.
    Every value has its type and bounds, whoever wrote the file.

    Raises:
        ConfigError: it is damaged, or of another format.
    """

    def refuse(reason: str) -> ConfigError:
        return ConfigError("{0} is damaged or not a session file ({1}): open another one.", path, reason)

    def refuse_values(reason: str) -> ConfigError:
        return ConfigError("{0} is damaged ({1}): mend it in a text editor, or open another one.", path, reason)

    with reading(refuse):
        if _n_parts(data) > _MOST_PARTS:
            raise ValueError("it holds more values than a session can")
        content = parse_document(data, dict[str, Any])
    found = content.get("format")
    if found != FORMAT:
        raise ConfigError(
            "{0} is of format {1}, not {2}: open a session that this version saved.", path, shown(found), repr(FORMAT)
        )
    with reading(refuse_values):
        content = _writable(content)
        given = content.get("dives")
        if not isinstance(given, list) or len(given) > MOST_DIVES:
            raise ValueError(f"dives: {shown(given)} where a list of dives belongs, at most {MOST_DIVES}")
        dives = [_dive(place, one, path.parent) for place, one in enumerate(given, start=1)]
        saved = from_json(content | {"dives": dives}, SavedSession)
        if saved.selected is not None and saved.selected >= len(dives):
            raise ValueError(f"selected: {saved.selected}, and there are {len(dives)} dives")
        return saved


def _n_parts(data: bytes) -> int:
    """Return an upper bound of the number of values in JSON, less 1."""
    return sum(map(data.count, (b",", b"[", b"{")))


def _dive_to_dict(dive: SavedDive, folder: Path) -> dict[str, Any]:
    stored = to_json(dive)
    stored |= {**stored.pop("rule"), **stored.pop("correction")}
    return stored | {
        "path": os.path.abspath(dive.path),
        "relative_path": _relative(dive.path, folder),
        "water_contact": stored.pop("contact_frame"),
        "left_out": sorted(dive.correction.left_out),
        "drawings": [to_dict(drawing) for drawing in dive.drawings],
        "video": stored.pop("identity"),
    }


def _relative(path: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return None


def _dive(place: int, values: Any, folder: Path) -> SavedDive:
    """Return a dive of the list. Raises: ValueError."""
    try:
        if not isinstance(values, dict):
            raise ValueError(f"{shown(values)} where a dive belongs")
        if lacking := [key for key in (*_REQUIRED, "left_out") if key not in values]:
            raise ValueError(f"{lacking[0]} is missing")
        if values["board_m"] is True or values["board_m"] not in (None, *BOARDS_M):
            raise ValueError(f"board_m: {shown(values['board_m'])} is no board")
        correction = {**values, "contact_frame": values.get("water_contact")}
        parts = {"rule": values, "correction": correction, "identity": values.get("video")}
        dive = from_json({**values, **parts}, SavedDive)
        _check(dive)
        return replace(
            dive,
            path=_place(dive.path, values["relative_path"], folder),
            dive_number=str(parse_dive_number(dive.dive_number)) if dive.dive_number else None,
            day=checked_day(dive.day),
        )
    except (ValueError, ConfigError) as error:
        own = next((own for own in _PARTS if str(error).startswith(own)), "")
        raise ValueError(f"dive {place}: {_PARTS.get(own, '')}{str(error).removeprefix(own)}") from error


def _place(path: Path, relative: Any, folder: Path) -> Path:
    """Return the path of the video: beside the session file, or else its former path."""
    try:
        beside = Path(os.path.abspath(folder / from_json(relative, Path)))
        if is_there(beside):
            return beside
    except ValueError:  # none, or no name of a file
        pass
    return Path(os.path.abspath(folder / path))


def _check(dive: SavedDive) -> None:
    """Check that values agree with one another. Raises: ValueError."""
    if dive.in_frame is not None and dive.out_frame is not None and dive.in_frame > dive.out_frame:
        raise ValueError(f"in_frame {dive.in_frame} is after out_frame {dive.out_frame}")
    frames = dive.correction.transitions
    if frames is not None and frames[0] >= frames[1]:
        raise ValueError(f"transitions: {frames} where two frames in their order belong")
    for one in dive.segments or ():
        found = [one.in_frame, one.first_flight_frame, one.first_entry_frame, one.out_frame]
        if found != sorted(found):
            raise ValueError(f"segments: {found} where four frames in their order belong")


def _writable(value: Any, key: str = "") -> Any:
    """Return JSON whose texts can be written again."""
    if isinstance(value, str):
        return without_surrogates(value, file_name=key in _FILE_NAMES)
    if isinstance(value, list):
        return [_writable(one) for one in value]
    if isinstance(value, dict):
        return {without_surrogates(name): _writable(one, name) for name, one in value.items()}
    return value
