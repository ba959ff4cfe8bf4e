"""The verdict on a dive: whether it is scored, or the first reason why not. The window and the commands show it."""

from collections.abc import Collection, Iterator

from fineparser_core.diving.difficulty import unknown_board
from fineparser_core.language import Phrase
from fineparser_core.recognition.contradictions import contradiction_text, contradictions
from fineparser_core.records import NOT_ASKED, DiveParse, Moment, Verdict, VerdictCode
from fineparser_core.scoring.measured_stream import MOST_S
from fineparser_core.video.preprocess import FullFrame, get_preprocessing

#: A take-off that is fewer standard deviations after the clip's first picture may lie before it.
_AFTER_START = 2.0


def verdict_of(
    parse: DiveParse,
    dive_number: str | None,
    board_m: float | None,
    overruled: Collection[VerdictCode] = NOT_ASKED,
    *,
    has_difficulty: bool = True,
) -> Verdict:
    """Return the verdict on a parsed dive before it is compared: of the doubts that nobody has overruled, the first.

    Args:
        dive_number: number to score the dive by; None: not known.
        board_m: board that was given; None: none was.
        overruled: verdicts that a person has overruled.
        has_difficulty: False if no DD is known.

    Returns:
        The verdict; "scored" tells the reason of the first doubt that was overruled.
    """
    reason = ""
    for doubt in _doubts(parse, dive_number, board_m, has_difficulty):
        if doubt.code not in overruled:
            return doubt
        reason = reason or doubt.reason
    return Verdict(code=VerdictCode.SCORED, reason=reason)


def _doubts(
    parse: DiveParse, dive_number: str | None, board_m: float | None, has_difficulty: bool
) -> Iterator[Verdict]:
    """Yield everything that speaks against a score, in the order of `VerdictCode`."""
    if parse.refusal is not None:
        yield Verdict(code=VerdictCode.NO_DIVE, reason=parse.refusal)
    if parse.clip.diver_is_unsure:
        yield Verdict(code=VerdictCode.DIVER_UNSURE)
    if dive_number is None:
        yield Verdict(code=VerdictCode.NO_NUMBER)
        return
    if not has_difficulty:
        yield Verdict(code=VerdictCode.NO_DIFFICULTY, reason=unknown_board(dive_number))
    if lacks := missing_evidence(parse):
        yield Verdict(code=VerdictCode.NO_EVIDENCE, reason=lacks)
    if other := other_dive(parse, dive_number, board_m):
        yield Verdict(code=VerdictCode.OTHER_DIVE, reason=other)


def other_dive(parse: DiveParse, dive_number: str, board_m: float | None) -> Phrase | None:
    """Return why a dive is not scored as the entered dive, with the way out; None where no contradiction is certain."""
    found = () if parse.recognition is None else contradictions(parse.recognition, dive_number, board_m)
    certain = next((one for one in found if one.certain), None)
    if certain is None:
        return None
    why = contradiction_text(certain)
    return Phrase("{0} is not scored: {1} Correct the entry, or confirm it.", dive_number, why)


def missing_evidence(parse: DiveParse) -> Phrase | None:
    """Return a sentence about the evidence that a dive lacks for a score, and the way out; None where it lacks none.

    With weights that see whole pictures no diver is followed, and no evidence is required.
    """
    if isinstance(get_preprocessing(parse.model.preprocessing), FullFrame):
        return None
    if parse.motion is None:
        return Phrase(
            "Nobody was seen to fall freely, so there is no score: point at the diver, or choose the stretch of the "
            "video that shows the dive."
        )
    take_off, contact = parse.moments.take_off, parse.moments.contact
    if wrong := _contradicted(take_off) or _contradicted(contact):
        return wrong
    start_s = float(parse.sampled_times_s[0])
    begins = "hand" in take_off.sources or take_off.time_s - start_s > _AFTER_START * take_off.deviation_s
    if not begins or not _is_sure(take_off, parse.motion.slowed):
        return Phrase(
            "The take-off does not show clearly, so there is no score: let the clip begin about a second before it, or "
            "set it by hand."
        )
    if contact is None or not _is_sure(contact, parse.motion.slowed):
        return Phrase(
            "It does not show clearly when the water is touched, so there is no score: let the clip end about a second "
            "and a half after the entry, or set the contact by hand."
        )
    return None


def _contradicted(moment: Moment | None) -> Phrase | None:
    if moment is None or not moment.conflict or "hand" not in moment.sources:
        return None
    return Phrase(
        "The body's fall contradicts a moment that was set by hand, so there is no score: move it, or take the "
        "correction back."
    )


def _is_sure(moment: Moment, slowed: float) -> bool:
    return not moment.conflict and moment.deviation_s <= MOST_S * slowed
