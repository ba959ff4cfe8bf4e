"""Validates that a clip shows a complete dive: the evidence, a refusal, and notes of what is doubtful."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fineparser_core.constants import N_SAMPLES
from fineparser_core.errors import CheckpointError
from fineparser_core.language import Phrase
from fineparser_core.records import Clip, ClipEvidence, IntervalRule, Moments, Note, NoteCode
from fineparser_core.support.codec import from_json

#: Minimum area of an athlete's mask as a share of the picture: about twelve pixels of 112 x 112.
MIN_AREA = 0.001
#: Standard deviation in real seconds below which a moment counts as visible.
_SURE_S = 0.08


@dataclass(frozen=True, kw_only=True)
class DomainThresholds:
    """Minimum values of `ClipEvidence` for a complete dive.

    The defaults apply to weights without a calibration; they refuse only clips without any sign of a dive.
    """

    take_off: float = 0.02
    entry: float = 0.02
    shown: float = 0.2
    after: float = 0.02


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Parameters that were fitted for weights on held-out dives.

    Attributes:
        domain: clips with less evidence are not scored.
        interval: rule of the prediction interval; None for no interval.
    """

    domain: DomainThresholds = DomainThresholds()
    interval: IntervalRule | None = None

    @classmethod
    def from_card(cls, stored: Mapping[str, Any], source: str) -> "Calibration":
        """Read the `calibration` object of a weights card, {domain: {...}, interval: {...}}; both are optional.

        Args:
            source: name of the card for the error message.

        Raises:
            CheckpointError: a value is missing or not a number.
        """
        try:
            return from_json(stored, cls)
        except ValueError as error:
            raise CheckpointError(
                "The card of {0} has a calibration that cannot be read ({1}): fit it again with "
                "`fineparser calibrate`.",
                source,
                error,
            ) from None


def clip_evidence(
    probabilities: np.ndarray,
    transition_samples: tuple[int, int],
    masks: np.ndarray,
    descent: float,
    n_valid: int = N_SAMPLES,
) -> ClipEvidence:
    """Measure the evidence of a parsed clip.

    Args:
        probabilities: (96, 2) transition probabilities.
        transition_samples: decoded transitions, indices of samples.
        masks: (96, 112, 112) athlete probability.
        descent: in free fall, in picture heights; 0 where no fall was found.
        n_valid: samples, the rest repeat the last of them.
    """
    st, ed = transition_samples
    flight = (masks[st:ed] >= 0.5).mean(axis=(1, 2)) >= MIN_AREA
    return ClipEvidence(
        take_off=float(probabilities[:, 0].max()),
        entry=float(probabilities[:, 1].max()),
        shown=float(flight.mean()),
        descent=descent,
        after=max(n_valid - ed, 0) / (ed - st),
    )


def refusal(evidence: ClipEvidence, least: DomainThresholds) -> str | None:
    """Return a sentence on why a clip should not be scored; None for a dive.

    A body in free fall is a dive whatever the network finds; without it both transitions must show.
    """
    if evidence.shown < least.shown:
        return Phrase("No diver is seen in the air in this clip: choose the stretch of the video that shows the dive.")
    if evidence.descent <= 0 and (evidence.take_off < least.take_off or evidence.entry < least.entry):
        return Phrase(
            "This does not look like a dive, nobody takes off and comes down: choose the stretch of the video that "
            "shows one."
        )
    return None


def clip_notes(clip: Clip, slowed: float) -> tuple[Note, ...]:
    """Return notes about the clip itself: who is followed in it, how it was cut out, whether it is slowed down.

    Args:
        slowed: how many times slower than real time the recording is.
    """
    found = []
    if clip.diver_is_unsure:
        found.append(Note(NoteCode.DIVER_UNSURE))
    if any(clip.n_cut):
        found.append(Note(NoteCode.CUT_OUT, (clip.in_frame, clip.out_frame, *clip.n_cut)))
    if slowed > 1:
        found.append(Note(NoteCode.SLOW_MOTION, (slowed,)))
    return tuple(found)


def doubts(
    evidence: ClipEvidence,
    least: DomainThresholds,
    moments: Moments | None = None,
    slowed: float = 1.0,
    approach_s: float = 0.0,
) -> tuple[Note, ...]:
    """Return notes about doubtful parts of a parse.

    Args:
        moments: a take-off and a come-out that masks and gravity determine well need no evidence of the network.
        slowed: how many times slower than real time the recording is.
        approach_s: seconds of the recording that the clip shows before the take-off.
    """
    found = []
    told = () if moments is None else (moments.take_off, moments.come_out)
    sure = [not one.conflict and one.deviation_s < _SURE_S * slowed for one in told] or [False, False]
    if evidence.descent <= 0:
        found.append(NoteCode.NO_FALL)
    if evidence.take_off < least.take_off and not sure[0]:
        found.append(NoteCode.TAKE_OFF_NEAR_START if approach_s < slowed else NoteCode.TAKE_OFF_UNSURE)
    # If a clip ends in the air, the entry is decoded at the last samples.
    if evidence.after < least.after:
        found.append(NoteCode.ENTRY_NEAR_END)
    elif evidence.entry < least.entry and not sure[1]:
        found.append(NoteCode.ENTRY_UNSURE)
    return tuple(map(Note, found))
