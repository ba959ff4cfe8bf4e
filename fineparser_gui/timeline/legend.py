"""The line above the timeline: the names of its lines, and what else is to be said of it."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fineparser_core.records import DiveParse, StepSpan
from fineparser_gui.support.steps import moment_texts
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out


class Legend(QWidget):
    """Two texts in a line, of which the second is elided."""

    def __init__(self) -> None:
        super().__init__()
        self._moments, self._more = label(), ElidedLabel("muted")
        self._moments.setTextFormat(Qt.TextFormat.RichText)
        self._more.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=12), self._moments, (self._more, 1))

    def show_phases(
        self, parse: DiveParse | None, steps: Sequence[StepSpan], pending: str, *, curves: bool = False
    ) -> None:
        """Name the moments of a parse, or say where the phases are from.

        Args:
            pending: text for phases from before the dive was trimmed, or "".
            curves: the network's curves are shown.
        """
        self._moments.setText(self._moments_text(parse, steps))
        if parse is not None:
            self._more.set_text(
                self.tr("curves: how sure the network alone is of take-off and come-out") if curves else ""
            )
        else:
            self._more.set_text(pending or (self.tr("phases and durations from the library") if steps else ""))

    def _moments_text(self, parse: DiveParse | None, steps: Sequence[StepSpan]) -> str:
        if parse is None:
            return ""
        colors = *(step_color(step.name) for step in steps[1:]), self.palette().highlight().color()
        marks = zip("◆◆●", colors, moment_texts(), strict=True)
        shown = list(marks)[: 2 if parse.first_water_contact_frame is None else 3]
        texts = (f'<span style="color:{color.name()}">{mark}</span>&nbsp;{name}' for mark, color, name in shown)
        return "&nbsp;&nbsp;&nbsp; ".join(texts)
