"""Records of the store: its dives, queries for them, and the conversion from a dive of a session."""

import json
import logging
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta

from fineparser_core.constants import LONGEST_DIVE_S, LONGEST_NAME, STEP_NAMES
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict, measures_of, without_samples
from fineparser_core.export.dive_words import scored_points
from fineparser_core.records import Analysis, Frame, Measure, VideoInfo
from fineparser_core.support.codec import shown
from fineparser_core.support.files import parse_json
from fineparser_gui.session.dive import Dive, SavedDive
from fineparser_gui.session.video_files import VideoIdentity
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.records import read_analysis

#: Columns by which dives may be sorted.
Order = Literal[
    "day", "athlete", "dive_number", "board_m", "difficulty", "event", "title", "judged", "judged_score", "award",
    "score", "take_off", "flight", "entry", "analysed_at",
]  # fmt: skip

_Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
_Range = tuple[float, float]
#: Attributes that the predicted score depends on; they change together.
SCORE_FIELDS = ("dive_number", "board_m", "difficulty", "rule")
#: Attributes that the results depend on.
_RESULT_FIELDS = (*SCORE_FIELDS, "point", "correction")
#: Attributes that a coach enters.
EDITABLE_FIELDS = (
    *(field.name for field in fields(DiveDetails)),
    *("rule", "point", "correction", "exemplar_id", "drawings"),
)
_NOTHING = SavedDive(path=Path())
log = logging.getLogger(__name__)

_MOST_BYTES = 4_000_000
#: Fields that `without_samples` thins out.
_SAMPLED = ("sampled_frames", "sampled_times_s", "probabilities", "motion")


def changed(before: SavedDive, now: SavedDive) -> frozenset[str]:
    """Return the names of the details that differ from before."""
    return frozenset(name for name in EDITABLE_FIELDS if getattr(before, name) != getattr(now, name))


def recalled(dive: Dive, known: SavedDive) -> dict[str, object]:
    """Return the details that the history knows and the session lacks; a day read from the file counts as lacking."""
    filled = {name: getattr(known, name) for name in EDITABLE_FIELDS if _blank(dive, name) and not _blank(known, name)}
    if known.day and has_day_of_file(dive):
        filled["day"] = known.day
    return filled


def has_day_of_file(dive: Dive) -> bool:
    """Return True if the day of a dive, or its absence, is known from the file alone."""
    return dive.info is not None and dive.day == (dive.info.recorded_on or "")


def agreed(known: SavedDive, now: SavedDive, said: Collection[str]) -> SavedDive:
    """Return the history's dive with the details that the coach has changed in a session.

    The dive keeps its range unless the results change with the details.

    Args:
        known: the dive in the history.
        now: the dive in the session.
        said: names of the details that the coach has changed; those that the history lacks are taken as well.
    """
    new = {*said, *(name for name in EDITABLE_FIELDS if _blank(known, name))}
    if any(name in said for name in SCORE_FIELDS):
        new.update(SCORE_FIELDS)
    told = replace(now, **{name: getattr(known, name) for name in EDITABLE_FIELDS if name not in new})
    return replace(told, in_frame=known.in_frame, out_frame=known.out_frame) if other_results(now, told) else told


def other_results(own: SavedDive, said: SavedDive) -> bool:
    """Return True if the results of `own` belong to other details; the history then keeps all of its results."""
    return any(getattr(said, name) != getattr(own, name) for name in _RESULT_FIELDS)


def _blank(dive: SavedDive, name: str) -> bool:
    value = getattr(dive, name)
    return not value or value == getattr(_NOTHING, name)


def packed(analysis: Analysis) -> bytes:
    """Return an analysis packed for the history. Raises: ExportError if a number in it is not finite."""
    return zlib.compress(json.dumps(without_samples(analysis_to_dict(analysis))).encode())


def unpacked(content: bytes, path: Path, cache: AnalysisCache | None, parse_id: str) -> Analysis | None:
    """Return the analysis that `packed` has packed, for the video's present path; None if it cannot be used.

    Args:
        cache: cache that may still hold the masks, under `parse_id`.
    """
    try:
        data = parse_json(zlib.decompressobj().decompress(content, _MOST_BYTES))
        found = _with_masks(data, cache, parse_id) or analysis_from_dict(data, None)
    except (AttributeError, ExportError, TypeError, ValueError, zlib.error) as error:
        log.warning("history: the analysis of %s cannot be used: %s", path, error)
        return None
    return replace(found, parse=replace(found.parse, clip=replace(found.parse.clip, path=path)))


def _with_masks(data: dict[str, Any], cache: AnalysisCache | None, parse_id: str) -> Analysis | None:
    kept = cache.get(parse_id, ()) if cache is not None and parse_id else None
    if cache is None or kept is None:
        return None
    try:
        whole = data | {name: kept[0]["analysis"][name] for name in _SAMPLED}
        return read_analysis(whole, cache.path(parse_id))
    except (ExportError, KeyError, TypeError) as error:
        log.warning("history: masks of %s cannot be used: %s", parse_id, error)
        return None


@dataclass(frozen=True, kw_only=True)
class DiveResults:
    """Results of a dive's analysis; attributes as in `Dive` where they have the same name.

    Attributes:
        content: `content_digest` of the file; "" if it was never opened.
        first_frame, last_frame: first and last frame of the dive in the file.
        seen_number, seen_board_m: dive number and board that the video shows; None if they are uncertain.
        score, award: predicted score, and the award that it implies; None without a score.
        score_range, award_range: ends of the interval; None without an interval.
        step_points: points of the steps relative to the exemplars; empty without a score.
        transitions: first frames of flight and entry; None before the analysis.
        contact_frame: first frame that shows the contact with the water; None if it was not found.
        parse_id: name in the cache of results, as in `Dive`.
        analysed_at: time of the analysis, UTC, ISO 8601; "": known by its details alone.
    """

    content: Annotated[str, Meta(max_length=64)] = ""
    first_frame: Frame
    last_frame: Frame
    title: _Name
    seen_number: str | None = None
    seen_board_m: float | None = None
    score: float | None = None
    score_range: _Range | None = None
    award: float | None = None
    award_range: _Range | None = None
    step_points: Annotated[tuple[float, ...], Meta(max_length=3)] = ()
    measures: Annotated[tuple[Measure, ...], Meta(max_length=200)] = ()
    transitions: tuple[Frame, Frame] | None = None
    contact_frame: Frame | None = None
    parse_id: Annotated[str, Meta(max_length=64)] = ""
    analysed_at: Annotated[str, Meta(max_length=40)] = ""

    @property
    def without_score(self) -> "DiveResults":
        """Return a copy without score and award, for a dive whose score belongs to other details."""
        return replace(self, score=None, score_range=None, award=None, award_range=None, step_points=())


@dataclass(frozen=True, kw_only=True)
class HistoryDive(DiveDetails, DiveResults):
    """A dive of the history: its details and results; other attributes as in `SavedDive`.

    Board and DD are those of the score: entered by the coach, or else seen and taken from the tables.

    Attributes:
        id: id of the row; 0: not kept yet.
        identity: identity of the video file, which recognizes the same dive and finds a moved file.
        judged_score: official score; None without marks or a DD.
        exemplar_id: id of the exemplar that the starred dive votes as, or "".
    """

    id: Annotated[int, Meta(ge=0)] = 0
    path: Path
    identity: VideoIdentity
    in_frame: Frame | None = None
    out_frame: Frame | None = None
    synchro: bool = False
    judged_score: float | None = None
    exemplar_id: _Name = ""

    @property
    def judged(self) -> float | None:
        return self.judging.award if self.judging is not None else None

    @property
    def take_off(self) -> float | None:
        """Points of the take-off relative to the exemplars; None without a score."""
        return self.step_points[0] if self.step_points else None

    @property
    def flight(self) -> float | None:
        return self.step_points[1] if self.step_points else None

    @property
    def entry(self) -> float | None:
        return self.step_points[2] if self.step_points else None

    @property
    def analysed(self) -> bool:
        """True if it has results, or was taken in by its details alone."""
        return bool(self.analysed_at)

    @property
    def file_key(self) -> str:
        """Text that identifies the dive's file, whatever its path."""
        return file_key(self.identity)

    def values(self) -> dict[str, tuple[float, float, float]]:
        """Return the values that have trends by name: the value and the ends of its uncertainty."""
        known = {
            one.name: (one.value, one.value - one.uncertainty, one.value + one.uncertainty) for one in self.measures
        }
        for name, value, ends in (
            ("award", self.award, self.award_range),
            ("score", self.score, self.score_range),
            ("judged", self.judged, None),
            ("judged_score", self.judged_score, None),
            *((step, points, None) for step, points in zip(STEP_NAMES, self.step_points, strict=False)),
        ):
            if value is not None:
                known[name] = value, *(ends or (value, value))
        return known


@dataclass(frozen=True, kw_only=True)
class HistoryQuery:
    """Query for dives that meet all of its conditions.

    Attributes:
        text: words, each of which is a word of the dive or its beginning: "anna 103b march".
        exact: values of "athlete", "dive_number", "board_m" or "event"; None: any.
        since, until: first and last day, YYYY-MM-DD; "": open.
        judged: True: with judges' marks, False: without; None: either.
        votes: starred dives alone.
        order: column to sort by; dives without a value come last in either direction.
        limit: maximum number of dives.
    """

    text: str = ""
    exact: Mapping[str, str | float | None] = field(default_factory=dict)
    since: str = ""
    until: str = ""
    judged: bool | None = None
    votes: bool = False
    order: Order = "day"
    descending: bool = True
    limit: int = 500


class TrendValue(NamedTuple):
    """A value of a trend.

    Attributes:
        id: id of the dive.
        day: day of the dive, YYYY-MM-DD.
        low, high: ends of its uncertainty (the standard deviation of a measure, the interval of an award or score);
            the value itself where no uncertainty is known.
    """

    id: int
    day: str
    value: float
    low: float
    high: float


def file_key(identity: VideoIdentity) -> str:
    """Return the values that `VideoIdentity.same_file` compares, as text."""
    return f"{identity.size_bytes}-{identity.head_sha256}"


def with_results(saved: SavedDive, results: DiveResults, *, id_: int = 0) -> HistoryDive:
    """Return a dive of the history. Raises: ValueError where its video was never opened."""
    if saved.identity is None:
        raise ValueError(f"{shown(str(saved.path))}: its video was never opened")
    number, board_m = saved.dive_number or results.seen_number, saved.board_m
    seen_m = results.seen_board_m
    if board_m is None and not (number and known_difficulty(number, seen_m, saved.difficulty) is None):
        board_m = seen_m
    difficulty = known_difficulty(number, board_m, saved.difficulty)
    judged = saved.judging.score(difficulty) if saved.judging is not None and difficulty is not None else None
    return HistoryDive(
        **{field.name: getattr(results, field.name) for field in fields(DiveResults)},
        **{field.name: getattr(saved, field.name) for field in fields(DiveDetails)}
        | {"dive_number": number, "board_m": board_m, "difficulty": difficulty},
        id=id_,
        path=saved.path,
        identity=saved.identity,
        in_frame=saved.in_frame,
        out_frame=saved.out_frame,
        synchro=saved.rule.synchro,
        judged_score=judged,
        exemplar_id=saved.exemplar_id,
    )


def results_of(dive: Dive) -> DiveResults | None:
    """Return the results of a session's dive, or None if its video was never opened or is a long recording.

    A dive that was not analyzed, is no dive, or may show another diver has only the results that follow from its
    details.
    """
    whole = dive.in_frame is None and dive.out_frame is None and dive.analysis is None
    file = dive.identity
    if file is None or (whole and file.n_frames > LONGEST_DIVE_S * file.fps):
        return None
    known = DiveResults(
        content=dive.content,
        first_frame=dive.first_frame,
        last_frame=dive.last_frame if dive.info is not None or dive.out_frame else file.n_frames - 1,
        title=dive.title[:LONGEST_NAME],
        seen_number=dive.seen_number,
        seen_board_m=dive.seen_board_m,
    )
    found, info = dive.analysis, dive.info
    if found is None or info is None or not dive.verdict.shows_dive:
        return known
    return replace(
        known,
        **_score(dive),  # type: ignore[arg-type]
        measures=measures_of(found),
        transitions=(found.parse.transitions.first_flight_frame, found.parse.transitions.first_entry_frame),
        contact_frame=_contact_frame(found, info),
        parse_id=dive.parse_id or "",
        analysed_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _score(dive: Dive) -> dict[str, object]:
    assert dive.analysis is not None
    scoring, own = dive.analysis.scoring, dive.analysis.own_award
    scored = scoring or own
    if scored is None:
        return {}
    points, interval = 3 * scored.difficulty, scored.interval
    given: dict[str, object] = {"score": scored.score, "award": scored.award}
    if interval is not None:
        given |= {
            "score_range": (interval.low, interval.high),
            "award_range": (interval.low / points, interval.high / points),
        }
    return given if scoring is None else given | {"step_points": scored_points(scoring)}


def _contact_frame(analysis: Analysis, info: VideoInfo) -> int | None:
    contact = analysis.parse.moments.contact
    if contact is None:
        return None
    return int(np.clip(np.searchsorted(info.pts_s, contact.time_s - 1e-6), 0, info.n_frames - 1))
