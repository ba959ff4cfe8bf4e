"""Fields for the judges' marks of the shown dive, with the award and the points that they give below."""

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fineparser_core.diving.judging import Judging, PhaseMarks, counting, read_judging
from fineparser_core.errors import ConfigError
from fineparser_core.language import text, translated
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import awards_text, decimal, shortest
from fineparser_gui.support.widgets import label, lay_out, restyle

_LONGEST = 80


class JudgingFields(QWidget):
    """Fields of the judges' marks, which send every valid change to the session at once.

    While it is typed, an empty or invalid text leaves the marks unchanged; once the field is left, an empty field
    clears them.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[str | None, Judging | None] = (None, None)
        self._finished: Judging | None = None  # marks before the text that is being typed
        self._wrong: QLineEdit | None = None
        self._awards = QLineEdit(
            placeholderText=self.tr("judges' marks"),
            accessibleName=self.tr("Judges' marks"),
            toolTip=self.tr("The award, 6.5, or that of each judge, 6 6.5 7 6.5 6: the middle ones count"),
            maxLength=_LONGEST,
        )
        self._phases = QLineEdit(
            placeholderText=self.tr("by phase"),
            accessibleName=self.tr("Marks by phase"),
            toolTip=self.tr("Optional marks of take-off, flight and entry: 7 6.5 6, with - for one that has none"),
            maxLength=_LONGEST,
        )
        self._result = label(role="muted", wrap=True)
        row = QHBoxLayout(spacing=8)
        for field, share in ((self._awards, 3), (self._phases, 2)):
            row.addWidget(field, share)
            field.textEdited.connect(self._send)
            field.editingFinished.connect(self._on_finished)
            field.returnPressed.connect(field.clearFocus)  # gives the keyboard back to the player
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=6), row, self._result)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        """Follow the session, without overwriting text that is being typed."""
        dive = self._session.current
        key, judging = (dive.key, dive.judging) if dive is not None else (None, None)
        if (key, judging) != self._shown:
            self._shown, self._finished, self._wrong = (key, judging), judging, None
            self._awards.setText(awards_text(judging.awards) if judging else "")
            self._phases.setText(
                awards_text(judging.phases.by_step) if judging and judging.phases != PhaseMarks() else ""
            )
        if self._wrong is None:
            self._say(_result(dive) if dive is not None else "")

    def _send(self) -> None:
        dive = self._session.current
        if dive is None:
            return
        judging, self._wrong, said = self._finished, None, ""
        awards, phases = self._awards.text(), self._phases.text()
        try:
            if awards.strip():
                self._wrong = self._awards
                read_judging(awards)
                self._wrong = self._phases
                judging = read_judging(awards, phases)
                self._wrong = None
            elif not self._awards.hasFocus():
                judging = None
        except ConfigError as error:
            said = translated(error)
        self._shown = dive.key, judging
        self._session.editing.set_judging(dive.key, judging)
        self._say(said or _result(self._session.dive(dive.key)))

    def _on_finished(self) -> None:
        if not (self._awards.isModified() or self._phases.isModified()):
            return
        self._send()
        self._finished = self._shown[1]

    def _say(self, text: str) -> None:
        self._result.setTextFormat(Qt.TextFormat.PlainText if self._wrong else Qt.TextFormat.RichText)
        self._result.setText(text)
        self._result.setVisible(bool(text))
        self._phases.setEnabled(bool(self._awards.text().strip()))
        restyle(self._result, role="error" if self._wrong else "muted")
        for field in (self._awards, self._phases):
            restyle(field, valid=field is not self._wrong)


def _result(dive: Dive) -> str:
    """Return the awards, struck where they do not count, then the award and the points: rich text."""
    if dive.judging is None:
        return ""
    awards, points = dive.judging.awards, dive.judged_score
    award = decimal(dive.judging.award, 2)
    result = text("award {0}", award) if points is None else text("{0} · {1} points", award, decimal(points, 2))
    counts = counting(awards)
    if all(counts):
        return result
    marks = [
        shortest(one) if counted else f"<s>{shortest(one)}</s>" for one, counted in zip(awards, counts, strict=True)
    ]
    return f"{' '.join(marks)} → {result}"
