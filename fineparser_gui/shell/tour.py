"""Introduction for the first start, in three steps over a corner of the window; it can be skipped."""

from PySide6.QtCore import QMargins, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from fineparser_gui.support.widgets import label, lay_out, push_button


class Tour(QFrame):
    """Tour, hidden until `begin`; each step is a heading and two sentences.

    Signals:
        over: it was read to its end, or skipped.
        sample_requested: the button for the sample dive was pressed.
    """

    over = Signal()
    sample_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("offer")
        self._steps = (
            (
                self.tr("Open a dive"),
                self.tr(
                    "Drop clips, folders or a long recording on the window. The sample dive shows what comes out of "
                    "it. Everything stays on this computer."
                ),
            ),
            (
                self.tr("Look and correct"),
                self.tr(
                    "Three coloured bands below the picture are the phases: drag a border where it is wrong, and the "
                    "score follows. Beside it stand what was measured and the exemplars; C shows one beside the dive."
                ),
            ),
            (
                self.tr("Keep and show"),
                self.tr(
                    "Ctrl+S saves the session, Ctrl+E writes clips, tables and reports. Enter dive number and board to "
                    "get a score; it does not replace judges. F1 opens the user guide."
                ),
            ),
        )
        self._at = 0
        self._heading, self._text = label(bold=1.0), label(wrap=True)
        self.sample = push_button(self.tr("Open the sample dive"), self.sample_requested)
        self.skip = push_button(self.tr("Skip"), self._end)
        self.next = push_button(self.tr("Next"), self.advance)
        row = lay_out(QHBoxLayout(), self.sample, self.skip, self.next)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(12, 10, 12, 10)), self._heading, self._text, row)
        self.hide()

    @property
    def step(self) -> int:
        """Index of the shown step, from 0."""
        return self._at

    def begin(self) -> None:
        """Show the first step."""
        self._at = 0
        self._show()
        self.show()

    def advance(self) -> None:
        """Show the next step; end the tour after the last."""
        if self._at + 1 == len(self._steps):
            self._end()
        else:
            self._at += 1
            self._show()

    def dive_opened(self) -> None:
        """Advance if the first step is shown, as its dive was opened."""
        if self.isVisible() and self._at == 0:
            self.advance()

    def _show(self) -> None:
        heading, text = self._steps[self._at]
        self._heading.setText(self.tr("{0} of {1}: {2}").format(self._at + 1, len(self._steps), heading))
        self._text.setText(text)
        self.sample.setVisible(self._at == 0)
        self.next.setText(self.tr("Done") if self._at + 1 == len(self._steps) else self.tr("Next"))
        self.setAccessibleName(self._heading.text())
        self.updateGeometry()

    def _end(self) -> None:
        self.hide()
        self.over.emit()
