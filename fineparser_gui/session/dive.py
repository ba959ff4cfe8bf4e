"""A dive of the session: its clip, details, analysis, and the state of each."""

from dataclasses import dataclass, field, fields
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from fineparser_core.constants import LONGEST_DIVE_S, LONGEST_NAME
from fineparser_core.diving.details import DiveDetails, details_of
from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.progress import Progress
from fineparser_core.recognition.boards import seen_board
from fineparser_core.recognition.contradictions import contradictions
from fineparser_core.recognition.numbers import seen_number, told_numbers
from fineparser_core.records import (
    NOT_ASKED,
    Analysis,
    AthletePoint,
    Contradiction,
    DiveSegment,
    ExemplarVote,
    Frame,
    Recognition,
    Verdict,
    VerdictCode,
    VideoInfo,
)
from fineparser_core.scoring.verdict import verdict_of
from fineparser_core.support.codec import shown
from fineparser_gui.session.correction import Correction, contact_fits, fits
from fineparser_gui.session.drawings import Drawings
from fineparser_gui.session.video_files import VideoIdentity


class DiveState(Enum):
    """State of a dive's video and analysis."""

    OPENING = auto()
    MISSING = auto()  # the video cannot be opened, or is not the video of the session file: needs the user
    NEEDS_TRIM = auto()  # too long to be a single dive: needs the user
    QUEUED = auto()
    ANALYSING = auto()
    READY = auto()
    CANCELLED = auto()
    FAILED = auto()


class ScoreState(Enum):
    """State of the score of a dive whose steps are known."""

    NONE = auto()  # cannot be scored yet: no dive number, no steps, or not a complete dive
    SCORING = auto()
    SCORED = auto()
    NO_EXEMPLARS = auto()
    CANCELLED = auto()
    FAILED = auto()


class SearchState(Enum):
    """State of the search for dives in a recording."""

    NONE = auto()
    WAITING = auto()
    SEARCHING = auto()
    CANCELLED = auto()
    FOUND = auto()
    FAILED = auto()


#: Attributes of a dive that has not been analyzed.
NOT_ANALYZED = {
    "progress": None,
    "fraction": 0.0,
    "problem": None,
    "score_state": ScoreState.NONE,
    "model_analysis": None,
    "rescored": None,
    "rescored_for": None,
    "parse_id": None,
}


#: Verdicts of a measured dive that other moments may change.
_MAY_CHANGE = (VerdictCode.NO_EVIDENCE, VerdictCode.OTHER_DIVE)

#: Path and identity of a video; None: not known yet.
Place = tuple[Path, VideoIdentity | None]

#: Transitions and first contact with the water, each None where the model's is shown, and masks.
Corrected = tuple[tuple[int, int] | None, int | None]


def checked_day(text: str | None) -> str | None:
    """Return a day as YYYY-MM-DD; keep "" (no day) and None. Raises: ValueError."""
    try:
        return date.fromisoformat(text).isoformat() if text else text
    except (TypeError, ValueError):
        raise ValueError(f"{shown(text)} where a day such as 2026-05-31 belongs") from None


@dataclass(frozen=True, kw_only=True)
class SavedDive(DiveDetails):
    """The part of a dive that a session keeps: its video and range, its details, and what the coach has corrected.

    `day` is read from the file until the coach enters another; `board_m` is the board that the coach chose.

    Attributes:
        in_frame, out_frame: the dive within the file, both included; None: the file's ends, between which the analysis
            cuts the dive out where neither is set.
        rule: rule that chooses which exemplars may vote.
        point: point at which the coach has marked the diver where another person was followed; None: the diver is
            found by the analysis.
        correction: the coach's corrections.
        exemplar_id: id of the exemplar that the starred dive votes as; "": it does not vote.
        drawings: lines, angles and notes on its frames.
        cancelled: True if the user canceled the analysis or the search, which then starts only on request, also in a
            reopened session.
        segments: dives found in the file, to be confirmed; None: not searched.
        dismissed: True if the user has hidden them.
        identity: identity of the video file; None until the file was opened.
    """

    path: Path
    in_frame: Frame | None = None
    out_frame: Frame | None = None
    rule: CandidateRule = field(default_factory=CandidateRule)
    point: AthletePoint | None = None
    correction: Correction = field(default_factory=Correction)
    exemplar_id: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    drawings: Drawings = ()
    cancelled: bool = False
    segments: Annotated[tuple[DiveSegment, ...], Meta(max_length=2000)] | None = None
    dismissed: bool = False
    identity: VideoIdentity | None = None


@dataclass(frozen=True, kw_only=True)
class Dive(SavedDive):
    """A dive of the session: what is kept of it, and its analysis with its state.

    Dives are immutable; the session replaces a dive when something changes.

    Attributes:
        model_analysis: the model's own steps and masks, and its score once it is computed, every exemplar voting.
        thumbnail: picture of a frame, (H, W, 4) uint8, BGRA; None until the file is open.
        progress, fraction: present stage of the analysis or search in progress, and the share of all work done.
        rescored: analysis with every exemplar's vote on what is corrected; None: nothing is, or it is not scored yet.
        rescored_for: what was `corrected` for `rescored`; it lags behind while a moment is dragged.
        analysis: the analysis that is shown: `model_analysis` with `correction` applied.
        parse_id: name under which the encoding of `model_analysis` is kept.
        problem: a sentence that explains why there is no analysis or no score.
        caught: True if a camera caught the dive: the coach is not asked who the diver is. Not kept in a session file.
        content: `content_digest` of the file; "" until the file was opened.
        conflicting_video: another video found at this dive's path; used only if the coach agrees.
    """

    key: str
    info: VideoInfo | None = None
    model_analysis: Analysis | None = None
    state: DiveState = DiveState.OPENING
    score_state: ScoreState = ScoreState.NONE
    search_state: SearchState = SearchState.NONE
    thumbnail: np.ndarray | None = field(default=None, compare=False)
    progress: Progress | None = None
    fraction: float = 0.0
    rescored: Analysis | None = None
    rescored_for: Corrected | None = None
    analysis: Analysis | None = None
    parse_id: str | None = None
    problem: str | None = None
    caught: bool = False
    content: str = ""
    conflicting_video: Place | None = None

    @property
    def title(self) -> str:
        """Name of the file, for a dive in a long recording with the time at which it begins."""
        first, _ = self.trimmed_range
        if self.info is None or first is None or self.info.duration_s <= LONGEST_DIVE_S:
            return self.path.stem
        minutes, seconds = divmod(int(first / self.info.n_frames * self.info.duration_s), 60)
        return f"{self.path.stem} {minutes}:{seconds:02d}"

    @property
    def too_long(self) -> bool:
        """True if the range to analyze is longer than a dive and the user has neither set it nor pointed into it."""
        if self.info is None or None not in (self.in_frame, self.out_frame) or self.followed_point is not None:
            return False
        last = self.info.n_frames - 1 if self.out_frame is None else self.out_frame
        share = (last - (self.in_frame or 0) + 1) / self.info.n_frames
        return share * self.info.duration_s > LONGEST_DIVE_S

    @property
    def followed_point(self) -> AthletePoint | None:
        """The point on the diver, unless In and Out point leave it out."""
        point, last = self.point, self.out_frame
        if point is None or point.frame < (self.in_frame or 0) or (last is not None and point.frame > last):
            return None
        return point

    @property
    def whole(self) -> bool:
        """True if the user has set the range to the whole file."""
        return self.info is not None and (self.in_frame, self.out_frame) == (0, self.info.n_frames - 1)

    @property
    def trimmed_range(self) -> tuple[int | None, int | None]:
        """Frames of the In and Out point as set by the user, or else of the clip that the analysis cut out."""
        clip = self.model_analysis.parse.clip if self.model_analysis is not None else None
        if clip is not None and any(clip.n_cut) and (self.in_frame, self.out_frame) == (None, None):
            return clip.in_frame, clip.out_frame
        return self.in_frame, self.out_frame

    @property
    def first_frame(self) -> int:
        first, _ = self.trimmed_range
        return first if first is not None else 0

    @property
    def last_frame(self) -> int:
        _, last = self.trimmed_range
        if last is not None:
            return last
        return self.info.n_frames - 1 if self.info else 0

    @property
    def is_recording(self) -> bool:
        """True if the file holds several dives, each of which gets its own row once confirmed."""
        return self.state is DiveState.NEEDS_TRIM and self.segments is not None and len(self.segments) > 1

    @property
    def proposals(self) -> tuple[DiveSegment, ...]:
        """Dives found in the file, unless the user has hidden them."""
        return () if self.dismissed else self.segments or ()

    @property
    def scoring(self) -> bool:
        """True if the model's own score is being computed."""
        return self.score_state is ScoreState.SCORING

    @property
    def searching(self) -> bool:
        """True if its file is searched for dives, or waits to be."""
        return self.search_state in (SearchState.WAITING, SearchState.SEARCHING)

    @property
    def busy(self) -> bool:
        return self.scoring or self.searching or self.state in (DiveState.QUEUED, DiveState.ANALYSING)

    @property
    def details(self) -> tuple[str | None, float | None, float | None]:
        """Dive number, board and DD, as the user gave them."""
        return self.dive_number, self.board_m, self.difficulty

    @property
    def saved(self) -> SavedDive:
        """The part of the dive that a session keeps."""
        return SavedDive(**{one.name: getattr(self, one.name) for one in fields(SavedDive)})

    @property
    def known(self) -> DiveDetails:
        """The details, with the number and board that the dive is scored by."""
        return details_of(self, dive_number=self.known_number, board_m=self.known_board_m)

    @property
    def recognition(self) -> Recognition | None:
        """Dive recognized in the video; None if it is not known, or while the coach is asked who the diver is."""
        own = self.model_analysis
        return own.parse.recognition if own is not None and not self.asks_diver else None

    @property
    def seen_numbers(self) -> dict[str, float]:
        """Dive numbers that the video may show with their probabilities, the likeliest first."""
        return {} if self.recognition is None else told_numbers(self.recognition)

    @property
    def seen_number(self) -> str | None:
        """Dive number that the video surely shows; None if it is uncertain."""
        return seen_number(self.recognition)

    @property
    def known_number(self) -> str | None:
        """Dive number that the user entered, or else the number that the video surely shows."""
        return self.dive_number or self.seen_number

    @property
    def seen_board_m(self) -> float | None:
        """Board measured from the fall; None if it is uncertain, or if the dive is not done from this board."""
        board_m = seen_board(self.recognition)
        number = self.known_number
        if board_m is None or number is None:
            return board_m
        return None if known_difficulty(number, board_m, self.difficulty) is None else board_m

    @property
    def known_board_m(self) -> float | None:
        """Board that the user chose, or else the board measured from the fall."""
        return self.seen_board_m if self.board_m is None else self.board_m

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """Contradictions of the video with the dive number and board that the user gave, the surest first."""
        seen, number = self.recognition, self.known_number
        return () if seen is None or number is None else contradictions(seen, number, self.board_m)

    @property
    def asks_diver(self) -> bool:
        """True if the user is asked which of several people is the diver."""
        return not self.caught and self.model_analysis is not None and self.model_analysis.parse.clip.diver_is_unsure

    @property
    def verdict(self) -> Verdict:
        """The verdict before the dive is measured and compared; `analysis.verdict` goes on from there."""
        analysis = self.analysis or self.model_analysis
        if analysis is None:
            return Verdict()
        number, board_m = self.known_number, self.board_m
        overruled = {*self.correction.overruled(number, board_m), VerdictCode.NO_EVIDENCE}  # once it is measured
        return verdict_of(analysis.parse, number, board_m, overruled | (NOT_ASKED if self.caught else set()))

    @property
    def refused(self) -> bool:
        """True if the clip does not show a complete dive, and the coach has not overruled that."""
        return self.verdict.code is VerdictCode.NO_DIVE

    @property
    def scorable(self) -> bool:
        """True if there is all that a score needs, and nothing to be asked before."""
        return self.parse_id is not None and self.verdict.code is VerdictCode.SCORED

    @property
    def judged_score(self) -> float | None:
        """The official score, points; None without marks or a DD."""
        difficulty = known_difficulty(self.known_number, self.known_board_m, self.difficulty)
        return self.judging.score(difficulty) if self.judging is not None and difficulty is not None else None

    @property
    def synchro(self) -> bool:
        """True for a synchronized dive, which is compared only with synchronized dives."""
        return self.rule.synchro

    @property
    def corrected_frames(self) -> tuple[int, int] | None:
        """The corrected transitions; None where the model's are shown."""
        frames = self.correction.transitions
        if frames is None or self.model_analysis is None or not fits(frames, self.model_analysis.parse):
            return None
        return frames

    @property
    def contact_corrected(self) -> bool:
        """True if the first contact with the water that is shown is the coach's."""
        placed = self.correction.contact_frame
        return placed is not None and self.analysis is not None and contact_fits(placed, self.analysis.parse)

    @property
    def moments_corrected(self) -> bool:
        """True if a moment that is shown is the coach's."""
        return self.corrected_frames is not None or self.contact_corrected

    @property
    def corrected(self) -> Corrected | None:
        """Corrected moments, on which the score depends; None where nothing is corrected."""
        contact = self.correction.contact_frame if self.contact_corrected else None
        return (self.corrected_frames, contact) if self.moments_corrected else None

    @property
    def stopped(self) -> bool:
        """True if the analysis, score or search failed or was canceled, so that retrying may help."""
        if self.state is DiveState.NEEDS_TRIM:
            return self.search_state in (SearchState.FAILED, SearchState.CANCELLED)
        if self.state is not DiveState.READY:
            return self.state in (DiveState.FAILED, DiveState.CANCELLED)
        return self.score_state in (ScoreState.FAILED, ScoreState.CANCELLED) and self.scorable

    @property
    def rescoring(self) -> bool:
        """True if the score of what is corrected is still being computed."""
        own = self.model_analysis
        scored = own is not None and bool(own.scoring or own.own_award or own.verdict.code in _MAY_CHANGE)
        return scored and self.corrected != self.rescored_for

    @property
    def votes(self) -> tuple[ExemplarVote, ...]:
        """Votes of all exemplars on what is corrected, including exemplars that are left out."""
        scored = self.rescored or self.model_analysis
        return scored.scoring.exemplars if scored is not None and scored.scoring is not None else ()


def restored_attributes(saved: SavedDive) -> dict[str, Any]:
    """Return the attributes of the `Dive` of which a session keeps `saved`."""
    search = SearchState.NONE if saved.segments is None else SearchState.FOUND
    return {one.name: getattr(saved, one.name) for one in fields(SavedDive)} | {"search_state": search}
