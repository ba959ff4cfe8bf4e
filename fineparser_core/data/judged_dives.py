"""Judged dives of any videos: the record, and the file that holds a set of them. No torch.

The file is JSON, `{"format": "fineparser-dives", "version": 1, "dives": [...]}`; the keys of a dive are those fields of
`JudgedDive` that are known, and names of files are relative to its own folder: see `packaging/docs/json.md`.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zipfile import ZipFile

import numpy as np
from msgspec import Meta

from fineparser_core.constants import BOARDS_M, LONGEST_NAME
from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.diving.difficulty import Difficulty, commonest_board_m, find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import Award, PhaseMarks, mean_award
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.progress import CancelToken
from fineparser_core.records import Frame
from fineparser_core.support.array_file import DAMAGE, read_array
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.codec import from_json, shown, to_json
from fineparser_core.support.documents import read_document, reading

log = logging.getLogger(__name__)

FORMAT, VERSION = "fineparser-dives", 1
LABELS_FILE = "labels.json"
PERSON = "person"
#: Frames of real time a second.
_Rate = Annotated[float, Meta(gt=0, lt=1e6)]
_Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
_HIGHEST_AWARD = 10.0
#: Largest error of an award that rounding its score to hundredths causes.
_TOLERANCE = 0.02
_MOST_FRAMES = 2**31
#: A hundred frames of 1080p have 207 MB.
_MOST_MASK_BYTES = 250_000_000
_DIVE_NUMBER = re.compile(r"\b\d{3,4}[A-D]\b")
#: Longest text that is searched, in characters.
_MOST_LETTERS = 200
Labels = TypeVar("Labels")


@dataclass(frozen=True, kw_only=True)
class JudgedDive(AnnouncedDive):
    """A judged dive in a video, in frames of its file; missing fields are None.

    See `known_difficulty` for its DD.

    Attributes:
        video: the file.
        start_frame, end_frame: of the dive in it, both included; without them it is looked for, see `clip_of`.
        trim: look for it all the same; start and end are then labels alone.
        score: official points.
        awards: judges' awards as given, 11 at most.
        award: mean mark of the dive, 0 to 10: score / (3 * DD) where there is a score, by the rules from the awards
            where there are any, else as given.
        marks: of the phases.
        marked_by: who gave the marks where no awards of judges are known, "one person"; see `judges`.
        words: what who marked it said of take-off, flight and entry, "low; good; a little short".
        first_entry_range: first and last frame at which the entry may begin.
        first_water_contact_frame: first contact with the water.
        labelled_by: who placed the transitions: "person", or the id of the weights that found at least one transition.
        real_fps: frames a second of real time, which a slowed replay has more of than its file says.
        masks: NPZ with `frames` (n,) and `masks` (n, H, W), 1 = athlete, see `read_masks`; or with the masks of an
            analysis, where the weights found them.
        date: YYYY-MM-DD.
        split: "train" or "test"; "" where it is in none.
        n: place in its file, counted from 1, or row of the table.
    """

    video: Path
    start_frame: Frame | None = None
    end_frame: Frame | None = None
    trim: bool = False
    score: Annotated[float, Meta(ge=0, lt=1000)] | None = None
    awards: tuple[Award, ...] = ()
    award: Award | None = None
    marks: PhaseMarks = field(default_factory=PhaseMarks)
    marked_by: _Name = ""
    words: _Name = ""
    first_flight_frame: Frame | None = None
    first_entry_frame: Frame | None = None
    first_entry_range: tuple[Frame, Frame] | None = None
    first_water_contact_frame: Frame | None = None
    labelled_by: _Name = PERSON
    real_fps: _Rate | None = None
    masks: Path | None = None
    date: Annotated[str, Meta(max_length=10)] = ""
    split: Literal["", "train", "test"] = ""
    n: int = 0

    def __post_init__(self) -> None:
        """Check the values.

        Raises: ValueError, for what no dive can have, `_DisorderError` for moments in no order; the text is the reason
            alone, without the dive.
        """
        super().__post_init__()
        try:
            if self.dive_number is not None:
                object.__setattr__(self, "dive_number", str(parse_dive_number(self.dive_number)))
            if self.board_m is not None and self.board_m not in BOARDS_M:
                boards = ", ".join(f"{board:g}" for board in BOARDS_M)
                raise ValueError(f"There is no board at {self.board_m:g} m: choose one of {boards}.")
            object.__setattr__(self, "award", self._award())
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if self.date:
            _check_day(self.date)
        entry = self.first_entry_range or (self.first_entry_frame,) * 2
        _check_order("start, end", self.start_frame, self.end_frame)
        _check_order("first_entry_range", *entry, at_once=True)
        _check_order("first flight, first entry frame", self.first_flight_frame, self.first_entry_frame)
        _check_order(
            "first flight frame and first water contact", self.first_flight_frame, self.first_water_contact_frame
        )

    def _award(self) -> float | None:
        """Return the award.

        Raises: ConfigError for awards or a DD that cannot be, ValueError for a score that the dive cannot have.
        """
        difficulty = self.known_difficulty
        if self.score is not None and difficulty is not None:
            award = self.score / (3 * difficulty.value)
            if award > _HIGHEST_AWARD + _TOLERANCE:
                raise ValueError(
                    f"Score {self.score:g} is more than a dive of DD {difficulty.value:g} can have, "
                    f"{30 * difficulty.value:g}: correct the score, the dive number, the board or the DD."
                )
            return min(award, _HIGHEST_AWARD)
        return mean_award(self.awards) if self.awards else self.award

    @property
    def known_difficulty(self) -> Difficulty | None:
        """The DD as given or by the tables, from the given or the commonest board; None where neither has it.

        Raises:
            ConfigError: a DD, or an armstand from a springboard, that cannot be.
        """
        if self.dive_number is None:
            return None
        dive = parse_dive_number(self.dive_number)
        board_m = commonest_board_m(dive) if self.board_m is None else self.board_m
        if self.difficulty is not None:
            return find_difficulty(dive, board_m, self.difficulty)
        try:
            return find_difficulty(dive, board_m)
        except ConfigError:  # no table has it
            return None

    @property
    def points(self) -> float | None:
        """Official points, or those that the award comes to; None where either award or DD is not known."""
        if self.score is not None:
            return self.score
        difficulty = self.known_difficulty
        return None if self.award is None or difficulty is None else 3 * difficulty.value * self.award

    @property
    def judges(self) -> str:
        """Who gave the marks, in words."""
        if self.awards:
            return f"{len(self.awards)} judges" if len(self.awards) > 1 else "one judge"
        return self.marked_by or ("a panel, of which the score is known" if self.score is not None else "nobody named")

    @property
    def phases(self) -> tuple[float, float, float] | None:
        """Marks of take-off, flight and entry where all are there."""
        take_off, flight, entry = self.marks.by_step
        return None if take_off is None or flight is None or entry is None else (take_off, flight, entry)

    @property
    def asked_range(self) -> tuple[Frame | None, Frame | None]:
        """First and last frame that are to be analyzed; None where the dive is to be found."""
        return (None, None) if self.trim else (self.start_frame, self.end_frame)

    @property
    def name(self) -> str:
        """The file and, where it may hold several dives, its first frame: what a person calls the dive."""
        start = self.asked_range[0]
        return self.video.name if start is None else f"{self.video.name} from frame {start}"


def clip_of(dive: JudgedDive, *, find_body: FindBody | None = None, cancel: CancelToken | None = None) -> FoundClip:
    """Return the clip of a dive by `find_clip`: from start to end where these are known and not to be found.

    Args:
        find_body: looks for bodies where it is not clear who the diver is.

    Raises: what `find_clip` raises.
    """
    start, end = dive.asked_range
    search = DiveSearch(dive.video, find_body=find_body)
    return find_clip(dive.video, start_frame=start, end_frame=end, cancel=cancel, search=search)


def files_of(dives: Sequence[JudgedDive]) -> dict[Path, str]:
    """Return the files that the dives name, and what each is."""
    masks = {dive.masks: "the masks of one of the dives" for dive in dives if dive.masks is not None}
    return masks | {dive.video: "the video of one of the dives" for dive in dives}


def read_dives(path: Path) -> list[JudgedDive]:
    """Return the dives of a file in the format above, or of a folder's `labels.json`.

    A `labels.json` maps names of clips in its folder to objects with, each of them optional, `in` and `out`,
    `first_flight_frame`, `first_entry_frame`, `first_entry_range`, `first_water_contact_frame`, `real_fps`,
    `dive_number` (or a text `dive` that holds it), `board_m`, `difficulty`, `official_score`, and `marks` with `award`,
    `take_off`, `flight`, `entry`, `by` and `words`. Beside a clip NAME.mp4, NAME_masks.npz may hold its masks.

    Raises:
        AnnotationError: the file is missing or holds something else; the text names the first dive that is wrong.
    """
    if path.is_dir():
        path /= LABELS_FILE
    content = _content(path, "dives")
    kind = content.get("format")
    if not isinstance(kind, str):
        labeled = by_clip(path, _labeled, "labels of clips")
        return [replace(dive, n=n) for n, dive in enumerate(labeled, start=1)]
    if kind == FORMAT and content.get("version") != VERSION:
        raise AnnotationError(
            f"{path} is of version {shown(content.get('version'))}, and {VERSION} is read here: bring this program up "
            "to date."
        )
    dives = content.get("dives")
    if kind != FORMAT or not isinstance(dives, list):
        raise AnnotationError(f"{path} does not hold judged dives ({shown(kind)}): choose another file.")
    return [_dive(path, n, values) for n, values in enumerate(dives, start=1)]


def write_dives(path: Path, dives: Sequence[JudgedDive]) -> None:
    """Write a set of dives; files below its folder are named relative to it.

    Raises:
        ExportError: it cannot be written.
    """
    folder = path.absolute().parent
    content = {"format": FORMAT, "version": VERSION, "dives": [_known(one, folder) for one in dives]}
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def by_clip(path: Path, labels_of: Callable[[Path, Any], Labels], what: str) -> list[Labels]:
    """Read the labels of the clips beside a file that it names.

    Args:
        labels_of: of a clip's path and what the file holds under its name.
        what: the file should hold, for the message.

    Raises:
        AnnotationError: the file is missing or holds something else.
    """

    def clip(name: str) -> Path:
        if not name or Path(name).name != name or "\0" in name:
            raise ValueError(f"{name!r:.80} is not the name of a clip in the folder")
        return path.parent / name

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(f"{path} does not hold {what} ({reason}): correct it.")

    with reading(refuse, KeyError, TypeError, AttributeError):
        return [labels_of(clip(name), values) for name, values in _content(path, what).items()]


def read_masks(path: Path) -> dict[int, np.ndarray]:
    """Read the masks (H, W) bool that a person drew, by frame.

    Raises:
        AnnotationError: the file cannot be read, or holds something else.
    """

    def refuse(reason: str) -> AnnotationError:
        return AnnotationError(f"{path} does not hold masks of frames ({reason}): correct it.")

    with reading(refuse, *DAMAGE), ZipFile(path) as archive:
        frames = read_array(archive, "frames", _MOST_FRAMES)
        masks = read_array(archive, "masks", _MOST_MASK_BYTES)
        if frames.dtype.kind not in "iu" or masks.ndim != 3 or len(frames) != len(masks) or not masks.size:
            raise ValueError(f"frames {frames.shape} of {frames.dtype}, masks {masks.shape}")
    return dict(zip(frames.tolist(), masks > 0, strict=True))


def _content(path: Path, what: str) -> dict[str, Any]:
    way_out = f"choose a file of {what}"
    if path.suffix.lower() == ".csv":
        way_out = "make one of the table by `fineparser data import`"
    return read_document(
        path, dict[str, Any], lambda reason: AnnotationError(f"{path} cannot be read as {what} ({reason}): {way_out}.")
    )


def _dive(path: Path, n: int, values: Any) -> JudgedDive:
    try:
        if not isinstance(values, dict):
            raise ValueError(f"{shown(values)} where an object belongs")
        try:
            dive = from_json(values | {"n": n}, JudgedDive)
        except ValueError as error:
            if not _is_disorder(error):
                raise
            # Labels of public data sets have such errors; awards and number stand without the moments.
            log.warning("%s, dive %d: %s; it is read without its moments.", path, n, error)
            dive = from_json({name: one for name, one in values.items() if name not in _MOMENTS} | {"n": n}, JudgedDive)
        return _placed(dive, path.parent)
    except ValueError as error:
        raise AnnotationError(f"{path}, dive {n}: {error}".rstrip(".") + ": correct it.") from None


def _placed(dive: JudgedDive, folder: Path) -> JudgedDive:
    return replace(dive, video=folder / dive.video, masks=dive.masks and folder / dive.masks)


def _known(dive: JudgedDive, folder: Path) -> dict[str, Any]:
    """Return the fields that say something, with names of files as seen from a folder."""

    def place(path: Path | None) -> str | None:
        if path is None:
            return None
        absolute = path.absolute()
        return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)

    values = to_json(replace(dive, marks=PhaseMarks())) | {"video": place(dive.video), "masks": place(dive.masks)}
    values["marks"] = {name: mark for name, mark in to_json(dive.marks).items() if mark is not None}
    by_default = to_json(JudgedDive(video=dive.video)) | {"n": dive.n, "marks": {}}
    return {name: value for name, value in values.items() if name == "video" or value != by_default[name]}


def _labeled(path: Path, values: Mapping[str, Any]) -> JudgedDive:
    """Return a clip of a `labels.json`."""
    named = _DIVE_NUMBER.search(str(values.get("dive_number", values.get("dive", "")))[:_MOST_LETTERS])
    marks = values.get("marks") or {}
    masks = path.with_name(f"{path.stem}_masks.npz")
    names = ("first_flight_frame", "first_entry_frame", "first_entry_range", "first_water_contact_frame")
    known = {name: values[name] for name in (*names, "real_fps", "board_m", "difficulty") if name in values}
    known |= {
        "video": path,
        "start_frame": values.get("in"),
        "end_frame": values.get("out"),
        "trim": True,
        "dive_number": named.group() if named else None,
        "score": values.get("official_score"),
        "award": marks.get("award"),
        "marked_by": marks.get("by", ""),
        "words": marks.get("words", ""),
        "marks": {name: marks.get(name) for name in ("take_off", "flight", "entry")},
        "masks": masks if os.path.isfile(masks) else None,
    }
    return from_json(known, JudgedDive)


def _check_day(text: str) -> None:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise ValueError(f"'{text}' is not a day: write it as 2026-05-31, or leave it out.")


class _DisorderError(ValueError):
    """Labeled moments of a dive in no possible order."""


def _is_disorder(error: BaseException | None) -> bool:
    """Return True if an error, or one that it was raised for, is `_DisorderError`."""
    return error is not None and (
        isinstance(error, _DisorderError) or _is_disorder(error.__cause__ or error.__context__)
    )


#: Fields of labeled moments.
_MOMENTS = ("first_flight_frame", "first_entry_frame", "first_entry_range", "first_water_contact_frame")


def _check_order(what: str, first: int | None, second: int | None, *, at_once: bool = False) -> None:
    if first is not None and second is not None and not (first < second or (at_once and first == second)):
        raise _DisorderError(f"{what}: {first} and {second} are not in order")
