"""Records of an exemplar: the dive with its score, its masks, and its encoding by a model."""

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from fineparser_core.exemplars.facts import ExemplarFacts
from fineparser_core.types import ComparedDive, MaskTrack, step_spans


@dataclass(frozen=True, kw_only=True)
class Exemplar(ExemplarFacts):
    """A dive with a known score. Frames are of its clip; transitions are the first frame of the new step.

    Attributes:
        synthetic: rendered, not a real dive.
        corrected: a person placed the transitions, so that no model moves them.
        removed_at: when it was moved to the bin; None where it was not.
    """

    id: str
    clip_path: Path
    in_frame: int
    out_frame: int
    first_flight_frame: int
    first_entry_frame: int
    synthetic: bool
    corrected: bool = False
    removed_at: str | None = None

    @property
    def facts(self) -> ExemplarFacts:
        """Facts that a person entered."""
        return ExemplarFacts(**{one.name: getattr(self, one.name) for one in fields(ExemplarFacts)})

    @property
    def removed(self) -> bool:
        """Whether it lies in the bin: no candidate, but restorable."""
        return self.removed_at is not None

    def compared(self, masks: MaskTrack | None) -> ComparedDive:
        """Return the record to show beside a dive, with masks if known; its title says whether it is rendered."""
        steps = step_spans(self.in_frame, self.first_flight_frame, self.first_entry_frame, self.out_frame + 1)
        who = f"{self.diver} · " if self.diver else ""
        title = f"{who}{self.id} · exemplar of {self.score:.1f} points{', rendered' if self.synthetic else ''}"
        return ComparedDive(path=self.clip_path, title=title, steps=steps, masks=masks)


@dataclass(frozen=True, kw_only=True)
class ExemplarEncoding:
    """Encoding for a comparison: gated (9, 1024) and static_tokens (3, 4, 64) float32, (st, ed) samples."""

    gated: np.ndarray = field(repr=False)
    static_tokens: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]
