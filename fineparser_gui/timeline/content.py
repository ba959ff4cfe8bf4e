"""Content of the timeline: a dive, its phases, marked frames and proposals."""

from collections.abc import Hashable
from dataclasses import dataclass

from fineparser_core.records import DiveParse, DiveSegment, StepSpan, VideoInfo


@dataclass(frozen=True, kw_only=True)
class TimelineContent:
    """Content of the timeline.

    Attributes:
        key: key that identifies the dive and its file.
        stale: whether the phases are those from before the dive was trimmed.
        accepted: indices of proposals that were added to the list.
    """

    key: Hashable = None
    info: VideoInfo | None = None
    parse: DiveParse | None = None
    steps: tuple[StepSpan, ...] = ()
    stale: bool = False
    drawn: frozenset[int] = frozenset()
    proposals: tuple[DiveSegment, ...] = ()
    accepted: frozenset[int] = frozenset()

    @property
    def last_frame(self) -> int:
        """Last frame of the file; 0 without a file."""
        return self.info.n_frames - 1 if self.info is not None else 0
