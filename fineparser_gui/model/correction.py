"""The coach's corrections of the model's analysis, and the analysis that results."""

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from fineparser_core.errors import ExemplarError
from fineparser_core.scoring.rescore import correct_contact, exclude_exemplars, transition_range, with_transitions
from fineparser_core.types import Analysis, DiveParse, Frame, Transitions, VideoInfo


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The coach's corrections of one dive; a new analysis keeps them.

    Attributes:
        transitions: first frames of flight and entry; None: the model's.
        contact_frame: of the first contact with the water; None: the model's.
        left_out: ids of the exemplars whose votes do not count.
        is_dive: the coach says that it is a whole dive, whatever the model finds.
        confirmed: dive number and board that the coach has confirmed though the video speaks against them.
    """

    transitions: tuple[Frame, Frame] | None = None
    contact_frame: Frame | None = None
    left_out: Annotated[frozenset[Annotated[str, Meta(max_length=255)]], Meta(max_length=100_000)] = frozenset()
    is_dive: bool = False
    confirmed: tuple[Annotated[str, Meta(max_length=8)], float | None] | None = None


def frames_of(transitions: Transitions) -> tuple[int, int]:
    """First frames of flight and entry."""
    return transitions.first_flight_frame, transitions.first_entry_frame


def timed_transitions(frames: tuple[int, int], info: VideoInfo) -> Transitions:
    """Transitions at frames, with their times from the frame table of the file."""
    flight, entry = frames
    return Transitions(
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_flight_s=float(info.pts_s[flight]),
        first_entry_s=float(info.pts_s[entry]),
    )


def fits(frames: tuple[int, int], parse: DiveParse) -> bool:
    """Whether transitions lie within the analysed range, which the in and out points change."""
    return parse.clip.in_frame < frames[0] < frames[1] <= parse.clip.out_frame


def contact_fits(frame: int, parse: DiveParse) -> bool:
    """Whether a first contact with the water is in its place: not before the entry, nor after the analysed range."""
    first, last = transition_range(parse, 2)
    return first <= frame <= last


def shown_analysis(
    model_analysis: Analysis, correction: Correction, rescored: Analysis | None, info: VideoInfo | None
) -> Analysis:
    """The model's analysis with the correction in it.

    Args:
        model_analysis: as the model has it, every exemplar voting.
        rescored: with every exemplar's vote on the corrected moments; None where there are none, or not yet.

    Returns:
        Without measures, where the moments that are shown have not been measured yet.
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
    if _moments(scored.parse) != _moments(parse):
        return replace(scored, parse=parse, scoring=scoring, measures=None)
    # The measured moments are marked where gravity contradicts them.
    return replace(scored, parse=replace(parse, moments=scored.parse.moments), scoring=scoring)


def _moments(parse: DiveParse) -> tuple[int, int, int | None]:
    return *frames_of(parse.transitions), parse.first_water_contact_frame
