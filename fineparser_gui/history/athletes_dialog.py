"""Dialog that gives an athlete of the history another name; the name of another athlete merges both."""

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QCompleter, QDialog, QLineEdit, QVBoxLayout, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_gui.dives.session import Session
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import choice_box, form_of, label, lay_out


class AthletesDialog(QDialog):
    """Dialog with the athlete, the new name, and the number of dives that change.

    Args:
        athlete: athlete chosen at first; None: the first by name.
    """

    def __init__(self, session: Session, athlete: str | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._counts = session.history.read(lambda store: store.counts("athlete"), {})
        self.setWindowTitle(self.tr("Rename or merge athletes"))
        self.setMinimumWidth(420)
        self.athlete = choice_box((f"{name}  ({n_dives})", name) for name, n_dives in self._counts.items())
        self.name, self.said = QLineEdit(maxLength=LONGEST_NAME), label(wrap=True)
        self.name.setCompleter(QCompleter(list(self._counts), self, caseSensitivity=Qt.CaseSensitivity.CaseInsensitive))
        form = form_of((self.tr("&Athlete"), self.athlete), (self.tr("&New name"), self.name))
        buttons, self.go = deciding_buttons(self, self.tr("Rename"), self._on_accepted)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=12), form, self.said, buttons)
        self.athlete.currentIndexChanged.connect(lambda: self.name.setText(self.athlete.currentData()))
        self.name.textChanged.connect(self._say)
        self.athlete.setCurrentIndex(max(self.athlete.findData(athlete), 0))
        self.name.setText(self.athlete.currentData())
        self.name.selectAll()
        self.name.setFocus()
        self._say()

    def _say(self) -> None:
        old, new = self.athlete.currentData(), self.name.text().strip()
        others = self._counts.get(new, 0)
        self.go.setEnabled(bool(new) and new != old)
        self.go.setText(self.tr("Merge") if others else self.tr("Rename"))
        if not self.go.isEnabled():
            self.said.setText(self.tr("Write a new name, or that of another athlete to make both one."))
        elif others:
            text = self.tr("{0} has {1} dives already: those of {2} ({3}) are added to them.")
            self.said.setText(text.format(new, others, old, self._counts[old]))
        else:
            self.said.setText(self.tr("Dives that get the new name: {0}").format(self._counts[old]))

    def _on_accepted(self) -> None:
        self._session.history_editing.rename(self.athlete.currentData(), self.name.text())
        self.accept()
