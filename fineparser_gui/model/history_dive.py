"""A dive of the coach's history, what is asked for among them, and how a dive of a session becomes one."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Meta

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.diving.judging import Judging
from fineparser_core.diving.outcomes import DiveOutcome
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.types import Frame, Measure, Moment, VideoInfo
from fineparser_gui.model.dive import LONGEST_DIVE_S, LONGEST_NAME, LONGEST_NOTE, Dive
from fineparser_gui.model.points import scored_points
from fineparser_gui.model.video_identity import VideoIdentity

#: Tags of a dive, and characters of one.
MOST_TAGS, LONGEST_TAG = 50, 60
#: What dives may be sorted by.
Order = Literal[
    "dived_on", "athlete", "dive_number", "board_m", "difficulty", "event", "title", "judged", "judged_score", "award",
    "score", "tags", "analysed_at",
]  # fmt: skip

_Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
_Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?\Z")]
_Tag = Annotated[str, Meta(min_length=1, max_length=LONGEST_TAG)]
_Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class HistoryMoment:
    """A moment of a dive, as `Moment`.

    Attributes:
        name: "take_off", "top", "come_out" or "contact".
        frame: first frame that shows it.
    """

    name: Annotated[str, Meta(max_length=20)]
    frame: Frame
    time_s: float
    deviation_s: float


@dataclass(frozen=True, kw_only=True)
class HistoryDive:
    """A dive of the history; attributes as in `Dive` where they have the same name.

    Attributes:
        id: of the row; 0: not kept yet.
        identity: of the video file, by which the same dive is known again and a moved file found.
        content: `content_digest` of the file; "" where it was never opened.
        in_frame, out_frame: None where the user has not set them.
        first_frame, last_frame: of the dive in the file.
        athlete: name of the diver, or "".
        dived_on: YYYY-MM-DD, or "".
        dive_number: "" where it is not known.
        judged: mean of the judges' awards that count; None without marks.
        judged_score: official score; None without marks or a DD.
        score, award: predicted, and the award that it implies; None without a score.
        score_range, award_range: ends of the interval; None where there is none.
        scored_by: "exemplars", "measures", or "" without a score.
        step_points: of the steps, relative to the exemplars; empty without.
        transitions: first frames of flight and entry; None before the analysis.
        session: path of the session file; "" where it was not saved.
        model_id: of the weights; "" before the analysis.
        parse_id: as of `Dive`, for the cache of results.
        analysed_at: UTC, ISO 8601; "": known by its details alone.
    """

    id: Annotated[int, Meta(ge=0)] = 0
    path: Path
    identity: VideoIdentity
    content: Annotated[str, Meta(max_length=64)] = ""
    in_frame: Frame | None = None
    out_frame: Frame | None = None
    first_frame: Frame
    last_frame: Frame
    title: _Name
    athlete: _Name = ""
    dived_on: _Day = ""
    event: _Name = ""
    dive_number: Annotated[str, Meta(max_length=8)] = ""
    board_m: float | None = None
    difficulty: float | None = None
    synchro: bool = False
    judging: Judging | None = None
    judged_score: float | None = None
    score: float | None = None
    score_range: _Range | None = None
    award: float | None = None
    award_range: _Range | None = None
    scored_by: Literal["", "exemplars", "measures"] = ""
    step_points: Annotated[tuple[float, ...], Meta(max_length=3)] = ()
    measures: Annotated[tuple[Measure, ...], Meta(max_length=200)] = ()
    moments: Annotated[tuple[HistoryMoment, ...], Meta(max_length=20)] = ()
    transitions: tuple[Frame, Frame] | None = None
    outcome: DiveOutcome = ""
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""
    tags: Annotated[tuple[_Tag, ...], Meta(max_length=MOST_TAGS)] = ()
    session: str = ""
    model_id: Annotated[str, Meta(max_length=200)] = ""
    parse_id: Annotated[str, Meta(max_length=64)] = ""
    analysed_at: Annotated[str, Meta(max_length=40)] = ""

    @property
    def judged(self) -> float | None:
        return self.judging.award if self.judging is not None else None

    @property
    def analysed(self) -> bool:
        """Whether it has results, or was taken in by its details alone."""
        return bool(self.analysed_at)

    @property
    def file_key(self) -> str:
        """What tells its file from others, whatever their paths."""
        return file_key(self.identity)

    def values(self) -> dict[str, tuple[float, float, float]]:
        """What there may be trends of, by name: the value, and the ends of its uncertainty."""
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

    def moment(self, name: str) -> HistoryMoment | None:
        """A moment by its name; None where it was not seen."""
        return next((one for one in self.moments if one.name == name), None)


@dataclass(frozen=True, kw_only=True)
class HistoryQuery:
    """Which dives are asked for: those that meet all that is given.

    Attributes:
        text: words, of each of which some word of the dive is the beginning or the whole: "anna 103b march".
        athlete, dive_number, board_m, event, tag: exactly; None: any.
        since, until: first and last day, YYYY-MM-DD; "": open.
        judged: with judges' marks, or without; None: either.
        order: dives without a value come last, whichever way is up.
        limit: how many.
    """

    text: str = ""
    athlete: str | None = None
    dive_number: str | None = None
    board_m: float | None = None
    event: str | None = None
    tag: str | None = None
    since: str = ""
    until: str = ""
    judged: bool | None = None
    order: Order = "dived_on"
    descending: bool = True
    limit: int = 500


class TrendPoint(NamedTuple):
    """One value of a trend.

    Attributes:
        id: of the dive.
        day: YYYY-MM-DD.
        low, high: its uncertainty (one standard deviation of a measure, the interval of an award or score); the value
            itself where none is known.
    """

    id: int
    day: str
    value: float
    low: float
    high: float


def file_key(identity: VideoIdentity) -> str:
    """What `VideoIdentity.same_file` compares, as text."""
    return f"{identity.size_bytes}-{identity.head_sha256}"


def history_dive(dive: Dive, session: str = "") -> HistoryDive | None:
    """The history's record of a dive of a session; None where it was not analysed, is no dive, or may be of
    somebody else.

    Args:
        session: path of the session file, or "".
    """
    found, info = dive.analysis, dive.info
    known = known_dive(dive, session)
    if found is None or info is None or known is None or dive.refused or dive.asks_diver:
        return None
    return replace(
        known,
        **_score(dive),  # type: ignore[arg-type]
        measures=measures_of(found),
        moments=_moments(dive, info),
        transitions=(found.parse.transitions.first_flight_frame, found.parse.transitions.first_entry_frame),
        model_id=found.parse.model.id,
        parse_id=dive.parse_id or "",
        analysed_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def known_dive(dive: Dive, session: str = "") -> HistoryDive | None:
    """As `history_dive`, of its details alone; None where its video was never opened, or it is a recording of more."""
    whole = dive.in_frame is None and dive.out_frame is None and dive.analysis is None
    file = dive.identity
    if file is None or (whole and file.n_frames > LONGEST_DIVE_S * file.fps):
        return None
    return HistoryDive(
        path=dive.path,
        identity=file,
        content=dive.content,
        in_frame=dive.in_frame,
        out_frame=dive.out_frame,
        first_frame=dive.first_frame,
        last_frame=dive.last_frame if dive.info is not None or dive.out_frame else file.n_frames - 1,
        title=dive.title[:LONGEST_NAME],
        athlete=dive.diver,
        dived_on=dive.dived_on or "",
        event=dive.event,
        dive_number=dive.dive_number or "",
        board_m=dive.known_board_m,
        difficulty=known_difficulty(*dive.known_details),
        synchro=dive.synchro,
        judging=dive.judging,
        judged_score=dive.judged_score,
        outcome=dive.outcome,
        note=dive.note,
        session=session,
    )


def _score(dive: Dive) -> dict[str, object]:
    assert dive.analysis is not None
    scoring, own = dive.analysis.scoring, dive.analysis.own_award
    scored = scoring or own
    if scored is None:
        return {}
    points, interval = 3 * scored.difficulty, scored.interval
    given: dict[str, object] = {"score": scored.score, "award": scored.award, "difficulty": scored.difficulty}
    if interval is not None:
        given |= {
            "score_range": (interval.low, interval.high),
            "award_range": (interval.low / points, interval.high / points),
        }
    if scoring is None:
        return given | {"scored_by": "measures"}
    return given | {"scored_by": "exemplars", "step_points": scored_points(scoring)}


def _moments(dive: Dive, info: VideoInfo) -> tuple[HistoryMoment, ...]:
    assert dive.analysis is not None
    moments = dive.analysis.parse.moments
    named: dict[str, Moment | None] = {
        "take_off": moments.take_off,
        "top": moments.top,
        "come_out": moments.come_out,
        "contact": moments.contact,
    }
    return tuple(
        HistoryMoment(
            name=name,
            frame=int(np.clip(np.searchsorted(info.pts_s, one.time_s - 1e-6), 0, info.n_frames - 1)),
            time_s=one.time_s,
            deviation_s=one.deviation_s,
        )
        for name, one in named.items()
        if one is not None
    )
