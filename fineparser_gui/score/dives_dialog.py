"""Base of the dialogs of ranking and learning: a table and plots of dives that follow the session."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from fineparser_gui.dives.session import Session
from fineparser_gui.support.soon import Soon
from fineparser_gui.support.text_dialog import closing_buttons
from fineparser_gui.support.widgets import follow_palette, label, lay_out, resize_within_screen

_REFRESH_MS = 100


class DivesDialog(QDialog):
    """Non-modal dialog; a subclass fills it in `refresh`, which follows the session, and draws its plots in `restyle`.

    Attributes:
        group: choice of dive number and board.
        note: below everything.
    """

    def __init__(self, session: Session, size_px: tuple[int, int], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, *size_px)
        self._session = session
        self.group = QComboBox(accessibleName=self.tr("Dive number and board"))
        self.note = label(role="muted", wrap=True)
        Soon(self, _REFRESH_MS, self.refresh, session.dive_changed, session.dive_removed, session.current_changed)

    def _lay_out(self, head: Sequence[QWidget | None], parts: Sequence[QWidget], heights_px: Sequence[int]) -> None:
        """Place the widgets and fill them.

        Args:
            head: widgets in a row above; None: a stretch.
            parts: widgets below, separated by splitters.
        """
        row = lay_out(QHBoxLayout(), *head)
        splitter = QSplitter(Qt.Orientation.Vertical)
        for part in parts:
            splitter.addWidget(part)
        splitter.setSizes(heights_px)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        lay_out(layout, row, (splitter, 1), self.note, closing_buttons(self))
        self.refresh()
        follow_palette(self, self.restyle, QEvent.Type.FontChange)

    def refresh(self) -> None:
        """Show the dives of the session as they are now."""
        raise NotImplementedError

    def restyle(self) -> None:
        """Draw the plots in other colors or another font."""
        raise NotImplementedError

    def _choose(self, key: str) -> None:
        """Show a dive in the window."""
        if key in self._session.keys:
            self._session.select(key)

    @property
    def _shown_key(self) -> str | None:
        return self._session.current.key if self._session.current is not None else None
