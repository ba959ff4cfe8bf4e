"""Why a clip is not scored as a complete dive, and a button that scores it anyway."""

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from fineparser_gui.model.dive import Dive
from fineparser_gui.panels.widgets import keyboard_friendly, label
from fineparser_gui.services.session import Session


class RefusalNote(QWidget):
    """Visible where the shown dive was refused, also after the coach has overruled that.

    Attributes:
        overrule: button that scores anyway.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._text = label(wrap=True)
        self.overrule = QPushButton(self.tr("Score anyway"))
        self.overrule.setToolTip(self.tr("Score this clip although it may not be a complete dive"))
        self.overrule.clicked.connect(self._on_overrule)
        keyboard_friendly(self.overrule)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._text)
        column.addWidget(self.overrule)

    @property
    def text(self) -> str:
        return self._text.text()

    def show_dive(self, dive: Dive | None) -> None:
        """Show the refusal of a dive, or hide."""
        refusal = dive.model_analysis.parse.refusal if dive and dive.model_analysis else None
        self.setVisible(refusal is not None)
        if dive is None or refusal is None:
            return
        overruled = dive.correction.is_dive
        self._text.setText(self.tr("Scored anyway. {0}").format(refusal) if overruled else refusal)
        self.overrule.setVisible(not overruled and dive.dive_number is not None)

    def _on_overrule(self) -> None:
        if self._session.current is not None:
            self._session.editing.declare_dive(self._session.current.key)
