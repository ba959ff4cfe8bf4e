"""Judged dives out of a table that a person keeps: CSV, whatever its columns are called. No torch.

A frame is a whole number, a time has a unit or a colon: 370, 12.3s, 0:12.3 (minutes and seconds) or 1:02:03. A column
whose name has the unit ("start_s", "start frame") needs none in its values. Numbers have a point or a comma.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.diving.dive_list import JUDGE_COLUMN, LIST_COLUMNS
from fineparser_core.diving.judging import read_awards
from fineparser_core.diving.name_parsing import PLACEHOLDERS
from fineparser_core.errors import AnnotationError, ConfigError, VideoError
from fineparser_core.printable import ascii_forms
from fineparser_core.records import VideoInfo
from fineparser_core.support.codec import from_json, shown
from fineparser_core.support.documents import read_rows
from fineparser_core.support.tables import plain_name
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe

_MOST_BYTES, _MOST_ROWS, _SHOWN = 20_000_000, 100_000, 80
#: Names of the columns of each field, folded by `plain_name`, besides the field's own name.
_NAMES = {
    "video": "clip file filename path videofile movie datei dateiname videodatei fichier archivo",
    **LIST_COLUMNS,
    "start_frame": "start in from begin von anfang beginn debut inicio inizio",
    "end_frame": "end out to until bis ende fin fine",
    "score": "points officialscore pts punkte punktzahl puntos punti",
    "award": "mark meanaward mean average wertung durchschnitt mittelwert",
    "take_off": "takeoffmark absprung",
    "flight": "flightmark flug vol vuelo volo",
    "entry": "entrymark eintauchen entree entrada entrata",
    "first_flight_frame": "firstflight flightstart flightframe takeoffframe",
    "first_entry_frame": "firstentry comeout entryframe",
    "first_water_contact_frame": "contact watercontact firstcontact firstwatercontact",
    "real_fps": "",
    "masks": "maskfile",
    "date": "day datum tag fecha",
    "split": "",
}
#: Columns by which a table of what this program has found is known: its scores and awards are predictions.
_OF_THE_APP = ("own_award", "interval_low", "judged_award", "judged_score")
_FRAMES = tuple(name for name in _NAMES if name.endswith("_frame"))
_PHASES = ("take_off", "flight", "entry")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)\s*(?:s|sec|seconds)?")
_FRAME, _SECONDS = "frame", "s"


#: A row of a table that is left out, as a spreadsheet counts it, the video that it names, and why.
BadRow = tuple[int, str, str]


class _Column(NamedTuple):
    """Column of a field: its place, its name, and the unit of its numbers as the name has it."""

    places: list[int]
    name: str
    unit: str


def read_table(path: Path, named: Mapping[str, str] | None = None) -> tuple[list[JudgedDive], list[BadRow], list[str]]:
    """Read the dives of a CSV file, delimited by comma, semicolon or tab, in UTF-8, UTF-16 or cp1252.

    A row is left out where its video cannot be opened, lacks a frame that is named, or where a value is impossible.

    Args:
        named: fields of `JudgedDive` (or "position", of the dive number) by their columns' names, which come first.

    Returns:
        The dives, the rows that are left out, and the names of the columns that are.

    Raises:
        AnnotationError: the file cannot be read, is no table of dives, or has no row.
        ConfigError: `named` names no field or no column, no column names the video, or two columns name the same field.
    """
    rows = read_rows(
        path,
        _MOST_BYTES,
        lambda reason: AnnotationError(f"{path} cannot be read ({reason}): save the sheet as CSV in UTF-8."),
    )
    at, header = next(((n, row) for n, row in rows if any(map(str.strip, row))), (0, []))
    named = dict(named or {})
    if not {*header}.isdisjoint(_OF_THE_APP):
        raise AnnotationError(f"{path} holds what this program has found: export the judged dives and give that file.")
    columns = _columns(path, header, named)
    taken = {place for column in columns.values() for place in column.places}
    unused = [name for place, name in enumerate(header) if place not in taken and name.strip()]
    dives, bad = list[JudgedDive](), list[BadRow]()
    seen: dict[tuple[Path, int | None, int | None], int] = {}
    for n, row in rows:
        if n > at + _MOST_ROWS:
            raise AnnotationError(f"{path} has more than {_MOST_ROWS} rows: split it.")
        if not any(map(str.strip, row)):
            continue
        cells = {name: [row[i].strip() if i < len(row) else "" for i in one.places] for name, one in columns.items()}
        try:
            if any(map(str.strip, row[len(header) :])):
                raise ValueError(f"{len(row)} cells under {len(header)} names: put what has a delimiter in quotes")
            dive = _dive(path.parent, n, cells, columns)
            first = seen.setdefault((dive.video, dive.start_frame, dive.end_frame), n)
            if first != n:
                raise ValueError(f"the same dive as in row {first}: give start and end of each")
        except (OSError, ValueError, ConfigError, VideoError) as error:
            bad.append((n, cells["video"][0][:_SHOWN], str(error)))
        else:
            dives.append(dive)
    if not dives and not bad:
        raise AnnotationError(f"{path} has no row below its names of columns: add a row for each dive.")
    return dives, bad, unused


def _columns(path: Path, header: Sequence[str], named: Mapping[str, str]) -> dict[str, _Column]:
    plain = [plain_name(name) for name in header]
    columns: dict[str, _Column] = {}
    for field, name in named.items():
        if field not in _NAMES:
            raise ConfigError(f"--map {field}={name}: there is no field {field}: use one of {', '.join(_NAMES)}.")
        if plain_name(name) not in plain:
            raise ConfigError(f"--map {field}={name}: {path} has no column {name}, but {', '.join(header)}.")
        place = plain.index(plain_name(name))
        columns[field] = _Column([place], header[place], _unit(plain[place]))
    mapped = {place for column in columns.values() for place in column.places}
    judges: dict[int, int] = {}
    for place, name in enumerate(plain):
        field, unit = _KNOWN.get(name, ("", ""))
        if place in mapped or field in named:
            continue
        if judge := JUDGE_COLUMN.fullmatch(name):
            judges[int(judge[1])] = place
        elif field in columns:
            both = f"{columns[field].name} and {header[place]}"
            raise ConfigError(f"{path}: the columns {both} both look like {field}: choose one by --map {field}=NAME.")
        elif field:
            columns[field] = _Column([place], header[place], unit)
    if judges and "awards" not in columns:
        columns["awards"] = _Column([judges[number] for number in sorted(judges)], "awards", "")
    if "video" not in columns:
        names = ", ".join(name for name in header if name.strip()) or "no names"
        raise ConfigError(f"{path}: no column names the video; found {names}: choose it by --map video=NAME.")
    return columns


def _unit(plain: str) -> str:
    return _FRAME if plain.endswith("frame") else ""


def _known() -> dict[str, tuple[str, str]]:
    """Return the field, and the unit if the name has it, by every folded name of a column."""
    known = {}
    for field, names in _NAMES.items():
        for name in (plain_name(field), *names.split()):
            known[name] = field, _unit(name)
            if field in _FRAMES and not name.endswith("frame"):
                known |= {f"{name}frame": (field, _FRAME)}
                known |= {f"{name}{unit}": (field, _SECONDS) for unit in ("s", "sec", "seconds")}
    return known


_KNOWN = _known()


def _dive(folder: Path, n: int, cells: Mapping[str, Sequence[str]], columns: Mapping[str, _Column]) -> JudgedDive:
    """Convert a row to a dive. Raises: ValueError, ConfigError or VideoError, with the reason."""
    video = _place(folder, cells["video"][0])
    info = probe(video)
    values: dict[str, Any] = {"video": video, "n": n, "marks": {}}
    for field, texts in cells.items():
        given = [text for text in texts if text not in PLACEHOLDERS]
        if field == "video" or not given:
            continue
        try:
            value = _value(field, given, columns[field].unit, info)
        except ValueError as error:
            raise ValueError(f"{columns[field].name}: {error}") from None
        if field in _PHASES:
            values["marks"][field] = value
        else:
            values[field] = _place(folder, value) if field == "masks" else value
    position = values.pop("position", "")
    if position and str(values.get("dive_number", "")).isdigit():
        values["dive_number"] += position
    dive = from_json(values, JudgedDive)
    if (dive.start_frame, dive.end_frame) != (None, None):
        make_clip(video, dive.start_frame, dive.end_frame)  # sees whether they are in the file
    return dive


def _place(folder: Path, text: str) -> Path:
    """Return a file by its name relative to the table; the suffix may be missing, separators those of Windows."""
    if text in PLACEHOLDERS:
        raise ValueError("no video is named")
    from_json(text, Path)  # bounds it
    path = folder / text
    if not os.path.exists(path) and "\\" in text:
        path = folder / text.replace("\\", "/")
    if not os.path.exists(path) and os.path.isdir(path.parent):
        alike = [one for one in path.parent.iterdir() if one.stem == path.name]
        path = alike[0] if len(alike) == 1 else path
    return path


def _value(field: str, texts: Sequence[str], unit: str, info: VideoInfo) -> Any:
    """Return a cell as what its field holds; several cells are those of the judges."""
    texts = [ascii_forms(text) for text in texts] if field not in ("athlete", "event", "masks") else texts
    text = texts[0]
    if field in _FRAMES:
        return _frame(text, unit, info)
    if field == "awards":
        return read_awards(" ".join(texts))
    return _READ.get(field, str)(text)


def _number(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ValueError(f"{shown(text)} is not a number")
    return value


def _meters(text: str) -> float:
    found = re.match(r"(\d{1,2}(?:[.,]\d)?)\s*(?:m\b|$)", text.lower())
    if found is None:
        raise ValueError(f"{shown(text)} is no height of a board: write 1, 3, 5, 7.5 or 10")
    return _number(found[1])


def _frame(text: str, unit: str, info: VideoInfo) -> int:
    """Parse a frame number, or return the frame nearest to a time."""
    found = _TIME.fullmatch(text.lower())
    if found is None:
        raise ValueError(f"{shown(text)} is neither a frame nor a time: write 370, 12.3s or 0:12.3")
    hours, minutes, seconds = found.groups()
    bare = minutes is None and text[-1].isdigit()
    number = _number(seconds)
    if bare and unit != _SECONDS:
        if not number.is_integer() or (not unit and not text.isdigit()):
            raise ValueError(f"{shown(text)} may be a frame or a time: write 370, 12.3s or 0:12.3")
        return int(number)
    time_s = 3600 * int(hours or 0) + 60 * int(minutes or 0) + number
    last_s = float(info.pts_s[-1])
    if time_s > last_s + 1 / info.fps:
        raise ValueError(f"{shown(text)} is after the end of the video, {last_s:.2f}s")
    return int(np.abs(info.pts_s - time_s).argmin())


def _day(text: str) -> str:
    """Return YYYY-MM-DD, also of a date with the day first, between points."""
    return re.sub(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", lambda d: f"{d[3]}-{d[2]:0>2}-{d[1]:0>2}", text)


_READ: dict[str, Callable[[str], Any]] = {
    "board_m": _meters,
    "difficulty": _number,
    "score": _number,
    "award": _number,
    "take_off": _number,
    "flight": _number,
    "entry": _number,
    "real_fps": _number,
    "date": _day,
    "split": lambda text: {"training": "train", "testing": "test"}.get(text.lower(), text.lower()),
}
