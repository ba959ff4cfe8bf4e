"""The coach's corrections of the model's analysis, and the analysis that results."""

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from fineparser_core.errors import ExemplarError
from fineparser_core.records import Analysis, DiveParse, Frame, Transitions, VerdictCode, VideoInfo
from fineparser_core.scoring.rescore import correct_contact, exclude_exemplars, transition_range, with_transitions


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The coach's corrections of a dive; a new analysis keeps them.

    Attributes:
        transitions: first frames of flight and entry; None: the model's.
        contact_frame: frame of the first contact with the water; None: the model's.
        left_out: ids of the exemplars whose votes do not count.
        is_dive: True if the coach declares the clip a whole dive, whatever the model finds.
        confirmed: dive number and board that the coach has confirmed although the video contradicts them.
    """

    transitions: tuple[Frame, Frame] | None = None
    contact_frame: Frame | None = None
    left_out: Annotated[frozenset[Annotated[str, Meta(max_length=255)]], Meta(max_length=100_000)] = frozenset()
    is_dive: bool = False
    confirmed: tuple[Annotated[str, Meta(max_length=8)], float | None] | None = None

    def overruled(self, dive_number: str | None, board_m: float | None) -> frozenset[VerdictCode]:
        """Return the verdicts on the dive of this number and board that the coach has overruled."""
        by_dive = (VerdictCode.NO_DIVE, VerdictCode.NO_EVIDENCE) if self.is_dive else ()
        by_number = (VerdictCode.OTHER_DIVE,) if self.confirmed == (dive_number, board_m) else ()
        return frozenset((*by_dive, *by_number))


def frames_of(transitions: Transitions) -> tuple[int, int]:
    """Return the first frames of flight and entry."""
    return transitions.first_flight_frame, transitions.first_entry_frame


def timed_transitions(frames: tuple[int, int], info: VideoInfo) -> Transitions:
    """Return transitions at frames, with their times from the frame table of the file."""
    flight, entry = frames
    return Transitions(
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_flight_s=float(info.pts_s[flight]),
        first_entry_s=float(info.pts_s[entry]),
    )


def fits(frames: tuple[int, int], parse: DiveParse) -> bool:
    """Return True if transitions lie within the analyzed range, which the in and out points change."""
    return parse.clip.in_frame < frames[0] < frames[1] <= parse.clip.out_frame


def contact_fits(frame: int, parse: DiveParse) -> bool:
    """Return True if a first contact with the water lies between the entry and the end of the analyzed range."""
    first, last = transition_range(parse, 2)
    return first <= frame <= last


def shown_analysis(
    model_analysis: Analysis, correction: Correction, rescored: Analysis | None, info: VideoInfo | None
) -> Analysis:
    """Return the model's analysis with the correction applied.

    Args:
        model_analysis: the model's own analysis, every exemplar voting.
        rescored: analysis with every exemplar's vote on what is corrected; None: nothing is, or it is not scored yet.

    Returns:
        The analysis to show, without measures as long as it has not been measured as corrected.
    """
    scored = rescored or model_analysis
    parse, scoring = model_analysis.parse, scored.scoring
    frames = correction.transitions
    if frames is not None and info is not None and fits(frames, parse):
        parse = with_transitions(parse, timed_transitions(frames, info))
    if correction.contact_frame is not None and contact_fits(correction.contact_frame, parse):
        parse = correct_contact(parse, correction.contact_frame)
    if scoring is not None:
        try:
            scoring = exclude_exemplars(scoring, correction.left_out)
        except ExemplarError:  # all exemplars are left out: there is no score
            scoring = None
    if _measured_by(scored.parse) != _measured_by(parse):
        return replace(scored, parse=parse, scoring=scoring, measures=None)
    # The measured moments are marked where gravity contradicts them.
    return replace(scored, parse=replace(parse, moments=scored.parse.moments), scoring=scoring)


def _measured_by(parse: DiveParse) -> tuple[object, ...]:
    return *frames_of(parse.transitions), parse.first_water_contact_frame
