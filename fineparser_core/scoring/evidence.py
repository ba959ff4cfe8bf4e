"""Evidence that a score needs: a diver who falls freely, a take-off and an entry, each clear enough."""

from fineparser_core.language import Phrase
from fineparser_core.records import DiveParse, Moment
from fineparser_core.scoring.measured_stream import MOST_S
from fineparser_core.video.preprocess import FullFrame, get_preprocessing

#: A take-off that is fewer standard deviations after the clip's first picture may lie before it.
_AFTER_START = 2.0


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
