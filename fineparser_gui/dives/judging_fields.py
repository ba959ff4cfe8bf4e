"""Fields for the judges' marks of the shown dive."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit

from fineparser_core.diving.judging import Judging, PhaseMarks, read_judging
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import awards_text
from fineparser_gui.support.widgets import label, restyle

_LONGEST = 80


class JudgingFields(QObject):
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
        self.awards = QLineEdit(
            placeholderText=self.tr("6.5 or 6 6.5 7 …"),
            accessibleName=self.tr("Judges' marks"),
            toolTip=self.tr("The award, 6.5, or that of each judge, 6 6.5 7 6.5 6: the middle ones count"),
            maxLength=_LONGEST,
        )
        self.phases = QLineEdit(
            accessibleName=self.tr("Marks by phase"),
            toolTip=self.tr("Optional marks of take-off, flight and entry: 7 6.5 6, with - for one that has none"),
            maxLength=_LONGEST,
        )
        self.result = label(role="error", wrap=True)
        for field in (self.awards, self.phases):
            field.textEdited.connect(self._send)
            field.editingFinished.connect(self._on_finished)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        """Follow the session, without overwriting text that is being typed."""
        dive = self._session.current
        key, judging = (dive.key, dive.judging) if dive is not None else (None, None)
        if (key, judging) != self._shown:
            self._shown, self._finished, self._wrong = (key, judging), judging, None
            self.awards.setText(awards_text(judging.awards) if judging else "")
            self.phases.setText(
                awards_text(judging.phases.by_step) if judging and judging.phases != PhaseMarks() else ""
            )
        if self._wrong is None:
            self._say("")

    def _send(self) -> None:
        dive = self._session.current
        if dive is None:
            return
        judging, self._wrong, said = self._finished, None, ""
        awards, phases = self.awards.text(), self.phases.text()
        try:
            if awards.strip():
                self._wrong = self.awards
                read_judging(awards)
                self._wrong = self.phases
                judging = read_judging(awards, phases)
                self._wrong = None
            elif not self.awards.hasFocus():
                judging = None
        except ConfigError as error:
            said = translated(error)
        self._shown = dive.key, judging
        self._session.editing.set_judging(dive.key, judging)
        self._say(said)

    def _on_finished(self) -> None:
        if not (self.awards.isModified() or self.phases.isModified()):
            return
        self._send()
        self._finished = self._shown[1]

    def _say(self, text: str) -> None:
        self.result.setText(text)
        self.result.setVisible(bool(text))
        self.phases.setEnabled(bool(self.awards.text().strip()))
        for field in (self.awards, self.phases):
            restyle(field, valid=field is not self._wrong)
