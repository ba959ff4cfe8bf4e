"""What an exported clip or picture shows."""

from dataclasses import dataclass, field

from fineparser_core.types import ComparedDive

#: Least speed of a clip.
SLOWEST = 1 / 16


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is shown.

    Attributes:
        mask: the athlete's mask on the video.
        panels: step names above; timeline, score and contributions below.
        beside: another dive, aligned by step.
        title: what this dive is called beside another one; None: the name of its file.
        speed: below 1, it is said that the video is slowed down.
    """

    mask: bool = True
    panels: bool = True
    beside: ComparedDive | None = None
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
