"""Dialog that tags dives of the history: each tag ticked, not ticked, or left as it is where the dives differ."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fineparser_gui.dives.session import Session
from fineparser_gui.store.records import LONGEST_TAG
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import label, lay_out

_TICKED, _NOT, _SOME = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


class TagsDialog(QDialog):
    """Dialog with the existing tags, and a field for a new tag.

    Args:
        ids: ids of the dives.
    """

    def __init__(self, session: Session, ids: Sequence[int], parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._ids = session, list(ids)
        self.setWindowTitle(self.tr("Tags"))
        self.setMinimumWidth(320)
        dives = session.history.read(lambda store: store.dives(ids), [])
        self.tags = QListWidget(accessibleName=self.tr("Tags"))
        for tag in session.history.read(lambda store: store.tags(), {}):
            n_tagged = sum(tag in dive.tags for dive in dives)
            item = QListWidgetItem(tag, self.tags)
            item.setCheckState(_TICKED if n_tagged == len(dives) else _SOME if n_tagged else _NOT)
        self.tags.setVisible(self.tags.count() > 0)
        self.new = QLineEdit(accessibleName=self.tr("New tag"), maxLength=LONGEST_TAG)
        self.new.setPlaceholderText(self.tr("new tag, e.g. meet"))
        buttons, self.go = deciding_buttons(self, self.tr("Tag"), self._on_accepted)
        layout = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=10)
        what = label(self.tr("Dives that are tagged: {0}").format(len(ids)), "muted")
        lay_out(layout, what, self.tags, self.new, buttons)
        self.new.setFocus()

    def _on_accepted(self) -> None:
        items = [self.tags.item(place) for place in range(self.tags.count())]
        given = [item.text() for item in items if item.checkState() == _TICKED]
        new = [" ".join(self.new.text().split())]
        taken = [item.text() for item in items if item.checkState() == _NOT]
        self._session.history_editing.tag(self._ids, [*given, *filter(None, new)], taken)
        self.accept()
