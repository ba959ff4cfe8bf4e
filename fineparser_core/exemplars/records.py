"""What is stored of an exemplar: the dive with its score, its masks, and its encoding by a model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from fineparser_core.types import DiveParse


@dataclass(frozen=True, kw_only=True)
class Exemplar:
    """A dive with a known score. Frames are of its clip; transitions are the first frame of the new step.

    Attributes:
        synthetic: rendered, not a real dive.
        diver: name of the diver, "" where it is not known.
        dived_on: day of the dive as YYYY-MM-DD; None where it is not known.
        synchro: two divers at once; compared with other dives of two alone.
        corrected: a person placed the transitions, so that no model moves them.
        removed_at: when it was moved to the bin; None where it was not.
    """

    id: str
    dive_number: str
    board_m: float | None
    score: float
    clip_path: Path
    in_frame: int
    out_frame: int
    first_flight_frame: int
    first_entry_frame: int
    synthetic: bool
    diver: str = ""
    dived_on: str | None = None
    synchro: bool = False
    corrected: bool = False
    removed_at: str | None = None

    @property
    def removed(self) -> bool:
        """Whether it lies in the bin: no candidate, but restorable."""
        return self.removed_at is not None


@dataclass(frozen=True, kw_only=True)
class ExemplarMask:
    """Masks of an exemplar, as in `DiveParse`: frames (96,), probability (96, 112, 112) float16, crop (96, 4)."""

    sampled_frames: np.ndarray = field(repr=False)
    mask_probability: np.ndarray = field(repr=False)
    crop_xyxy: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, parse: DiveParse) -> Self:
        """The masks of a clip."""
        return cls(
            sampled_frames=parse.sampled_frames, mask_probability=parse.mask_probability, crop_xyxy=parse.crop_xyxy
        )


@dataclass(frozen=True, kw_only=True)
class ExemplarEncoding:
    """What comparing with an exemplar needs: gated (9, 1024) and static_tokens (3, 4, 64) float32, (st, ed) samples."""

    gated: np.ndarray = field(repr=False)
    static_tokens: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]
