"""Rendering options of exported clips and images."""

from dataclasses import dataclass, field

from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.dive_words import DiveWords
from fineparser_core.export.palette import MASK_COLOR
from fineparser_core.records import ComparedDive, Frame
from fineparser_core.video.alignment import Alignment

#: Minimum playback speed of a clip.
MIN_SPEED = 1 / 16


@dataclass(frozen=True, kw_only=True)
class MaskStyle:
    """Style of drawn masks.

    Attributes:
        color: #rrggbb.
        opacity: 0 (invisible) to 1 (opaque).
        outline: draw the edge only.
    """

    color: str = MASK_COLOR
    opacity: float = 0.6
    outline: bool = False


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """Options of an exported clip or image.

    Attributes:
        mask: whether to draw the athlete's mask.
        mask_style: how to draw it.
        skeleton: whether to draw the athlete's joints and bones.
        words: who, what, award and faults to draw around the video with a thin line of phases; None for none.
        brief: the dive alone, 6 to 10 s, held at the faults of `words` and at `marks`, upright where the diver fits.
        marks: drawings of the coach, each shown on its frame and on the frames next to it.
        comparison: another dive to show beside this dive.
        alignment: of the two in time.
        together: frames of both that coincide, for MANUAL.
        ghost: whether the other dive's athlete is outlined over this one.
        comparison_marks: drawings on the other dive.
        title: who dived what and when: the caption above the video and the title in a clip's metadata; None: there is
            no caption, and beside another dive it is the file's name.
        speed: playback speed, from `MIN_SPEED` to 1.
    """

    mask: bool = True
    mask_style: MaskStyle = field(default_factory=MaskStyle)
    skeleton: bool = False
    words: DiveWords | None = None
    brief: bool = False
    marks: tuple[Mark, ...] = ()
    comparison: ComparedDive | None = None
    alignment: Alignment = Alignment.STEPS
    together: tuple[Frame, Frame] | None = None
    ghost: bool = False
    comparison_marks: tuple[Mark, ...] = ()
    title: str | None = None
    speed: float = 1.0
