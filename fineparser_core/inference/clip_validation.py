"""Validates that a clip shows a complete dive: measures the evidence and explains a refusal to the user."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fineparser_core.errors import CheckpointError
from fineparser_core.inference.fall_detection import MIN_AREA, MotionTrack, longest_descent
from fineparser_core.types import ClipEvidence, IntervalRule


@dataclass(frozen=True, kw_only=True)
class DomainThresholds:
    """Least values of `ClipEvidence` for a complete dive.

    The defaults apply to weights without a calibration; they refuse only clips without any sign of a dive.
    """

    take_off: float = 0.02
    entry: float = 0.02
    shown: float = 0.2
    descent: float = 0.05
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
            domain = DomainThresholds(**_numbers(stored.get("domain") or {}, DomainThresholds))
            rule = stored.get("interval")
            interval = IntervalRule(**_numbers(rule, IntervalRule)) if rule else None
        except (TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"The card of {source} has a calibration that cannot be read ({error}): fit it again with "
                "`fineparser calibrate`."
            ) from None
        return cls(domain=domain, interval=interval)


def clip_evidence(
    probabilities: np.ndarray, transition_samples: tuple[int, int], masks: np.ndarray, motion: MotionTrack
) -> ClipEvidence:
    """Measure the evidence of a parsed clip.

    Args:
        probabilities: (96, 2) transition probabilities.
        transition_samples: decoded transitions, indices of samples.
        masks: (96, 112, 112) athlete probability.
        motion: motion of athlete and camera in whole frames.
    """
    st, ed = transition_samples
    flight = (masks[st:ed] >= 0.5).mean(axis=(1, 2)) >= MIN_AREA
    return ClipEvidence(
        take_off=float(probabilities[:, 0].max()),
        entry=float(probabilities[:, 1].max()),
        shown=float(flight.mean()),
        descent=longest_descent(motion),
        after=(len(masks) - ed) / (ed - st),
    )


def refusal(evidence: ClipEvidence, least: DomainThresholds) -> str | None:
    """Why a clip should not be scored, a sentence for the user; None for a complete dive."""
    no_take_off, no_entry = evidence.take_off < least.take_off, evidence.entry < least.entry
    # In a clip that ends in the air the entry is decoded at the last samples.
    ends_early = evidence.after < least.after
    if evidence.shown < least.shown:
        return "No diver is seen in the air in this clip: choose the stretch of the video that shows the dive."
    if evidence.descent < least.descent or (no_take_off and no_entry):
        return (
            "This does not look like a dive, nobody takes off and comes down: choose the stretch of the video that "
            "shows one."
        )
    if no_take_off:
        return "No take-off was found in this clip: let it begin about a second before the take-off."
    if no_entry or ends_early:
        return "No entry was found in this clip: let it end about a second and a half after the entry."
    return None


def _numbers(stored: Mapping[str, Any], of: type) -> dict[str, float]:
    """The stored values of the fields of a dataclass of numbers; other stored values are ignored."""
    if not isinstance(stored, Mapping):
        raise ValueError(f"{stored!r}")
    values = {field.name: stored[field.name] for field in fields(of) if field.name in stored}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise ValueError(f"{name} {value!r}")
    return values
