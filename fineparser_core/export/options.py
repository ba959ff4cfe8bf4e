"""What an exported clip or picture shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.palette import MASK_COLOUR, STEP_COLOURS
from fineparser_core.types import ComparedDive

#: Least speed of a clip.
SLOWEST = 1 / 16


@dataclass(frozen=True, kw_only=True)
class MaskStyle:
    """How masks are drawn.

    Attributes:
        color: #rrggbb.
        opacity: 0 is invisible, 1 hides the athlete.
        outline: the edge alone, so that the athlete stays in sight.
    """

    color: str = MASK_COLOUR
    opacity: float = 0.6
    outline: bool = False


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is shown.

    Attributes:
        mask: the athlete's mask on the video.
        mask_style: how it is drawn.
        panels: step names above; timeline, score and contributions below.
        step_colours: #rrggbb by the names of the steps; made lighter where they would not show on the dark panels.
        marks: what the coach drew on the dive, each shown on its frame and on those next to it.
        beside: another dive, aligned by step.
        beside_marks: what was drawn on that one.
        title: what this dive is called beside another one; None: the name of its file.
        speed: below 1, it is said that the video is slowed down.
    """

    mask: bool = True
    mask_style: MaskStyle = field(default_factory=MaskStyle)
    panels: bool = True
    step_colours: Mapping[str, str] = field(default_factory=lambda: STEP_COLOURS)
    marks: tuple[Mark, ...] = ()
    beside: ComparedDive | None = None
    beside_marks: tuple[Mark, ...] = ()
    title: str | None = None
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """What becomes of the clip.

    Attributes:
        whole_file: the file from its first frame to its last instead of the dive alone.
    """

    look: Look = field(default_factory=Look)
    whole_file: bool = False
