"""Content of the timeline, and the legend above it: names of its lines, and notes on it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fineparser_core.records import DiveParse, DiveSegment, StepSpan, VideoInfo
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.steps import duration_s, moment_texts, step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out
from fineparser_gui.timeline.handles import Handles


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


class Legend(QWidget):
    """Two texts in a line, of which the second is elided."""

    def __init__(self) -> None:
        super().__init__()
        self._moments, self._more = label(), ElidedLabel("muted")
        self._moments.setTextFormat(Qt.TextFormat.RichText)
        self._more.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=12), self._moments, (self._more, 1))

    def show_phases(self, content: TimelineContent, *, curves: bool) -> None:
        """Name the moments of a parse, or say where the phases are from; `curves`: the network's are shown."""
        self._moments.setText(self._moments_text(content.parse, content.steps))
        if content.parse is not None:
            self._more.set_text(
                self.tr("curves: how sure the network alone is of take-off and come-out") if curves else ""
            )
        else:
            from_library = self.tr("phases and durations from the library") if content.steps else ""
            self._more.set_text(self._pending_text(content) or from_library)

    def description(self, content: TimelineContent, handles: Handles) -> str:
        """Return all that the timeline shows in words."""
        if content.info is None:
            return ""
        text = self.tr("{0} from frame {1}, {2} s")
        parts = [handles.text(handles.chosen)] if handles.chosen is not None else []
        parts += [
            text.format(step_text(s.name), s.start_frame, decimal(duration_s(s, content.info), 2))
            for s in (() if content.stale else content.steps)
        ]
        parts += handles.accessible_text()
        n_proposals = len(content.proposals)
        if n_proposals > 1:
            found = self.tr("Dives found: {0}, in the list: {1}.")
            parts.append(found.format(n_proposals, len(content.accepted)))
        elif n_proposals:
            parts.append(self.tr("One dive was found."))
        return ", ".join(filter(None, (*parts, self._pending_text(content))))

    def _pending_text(self, content: TimelineContent) -> str:
        return self.tr("pending: the dive is being analysed again") if content.stale else ""

    def _moments_text(self, parse: DiveParse | None, steps: Sequence[StepSpan]) -> str:
        if parse is None:
            return ""
        colors = *(step_color(step.name) for step in steps[1:]), self.palette().highlight().color()
        marks = zip("◆◆●", colors, moment_texts(), strict=True)
        shown = list(marks)[: 2 if parse.first_water_contact_frame is None else 3]
        texts = (f'<span style="color:{color.name()}">{mark}</span>&nbsp;{name}' for mark, color, name in shown)
        return "&nbsp;&nbsp;&nbsp; ".join(texts)
