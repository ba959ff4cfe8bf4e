"""The line above the timeline: the meaning of its curves, and the origin of its phases."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from fineparser_core.records import DiveParse, StepSpan
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out

#: A peak that is farther from its line lies beside it.
_BESIDE_FRAMES = 2


class Legend(QWidget):
    """Two texts in a line; without room, the first omits the heights of the peaks and the second is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._parse: DiveParse | None = None
        self._steps: Sequence[StepSpan] = ()
        self._text = ""
        self._curves, self._whose = label(), ElidedLabel("muted")
        self._curves.setTextFormat(Qt.TextFormat.RichText)
        self._curves.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._curves.setMinimumWidth(1)
        self._whose.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._whose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=12), self._curves, (self._whose, 1))

    def show_phases(self, parse: DiveParse | None, steps: Sequence[StepSpan], pending: str) -> None:
        """Explain the curves of a parse, or the origin of the phases.

        Args:
            pending: text for phases from before the dive was trimmed, or "".
        """
        self._parse, self._steps = parse, steps
        if parse is not None:
            self._text = self.tr("phases and durations as divided by the model")
            if _peaks_apart(parse):
                self._text = self.tr("lines by body, gravity and network; curves by the network alone")
        else:
            self._text = pending or (self.tr("phases and durations from the library") if steps else "")
        self._curves.setToolTip(self._text)  # where there is no room for it
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._curves.setText(self._curves_text())
        if self._curves.sizeHint().width() > self.width():
            self._curves.setText(self._curves_text(short=True))
        room = self.width() - self._curves.sizeHint().width() - 20
        self._whose.set_text(self._text if self._whose.fontMetrics().horizontalAdvance(self._text) <= room else "")

    def _curves_text(self, *, short: bool = False) -> str:
        """Return the text on the curves, their peaks and the mark of the water; `short`: without the peaks."""
        if self._parse is None:
            return ""
        peaks = self._parse.probabilities.max(axis=0)
        texts = [
            f'<span style="color:{step_color(step).name()}">{line}</span>&nbsp;'
            + (text if short else self.tr("{0} (peak probability {1})").format(text, decimal(peak, 2)))
            for line, text, step, peak in (
                ("━━━", self.tr("flight begins"), self._steps[1].name, peaks[0]),
                ("╍╍╍", self.tr("entry begins"), self._steps[2].name, peaks[1]),
            )
        ]
        if self._parse.first_water_contact_frame is not None:
            dot = f'<span style="color:{self.palette().highlight().color().name()}">●</span>&nbsp;'
            texts.append(dot + self.tr("first water contact"))
        return "&nbsp;&nbsp;&nbsp; ".join(texts)


def _peaks_apart(parse: DiveParse) -> bool:
    """Return True if a curve has its peak beside the line of its transition."""
    peaks = parse.sampled_frames[parse.probabilities.argmax(axis=0)]
    lines = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    return any(abs(int(peak) - line) > _BESIDE_FRAMES for peak, line in zip(peaks, lines, strict=True))
