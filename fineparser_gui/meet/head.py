"""Fields of what holds for a whole meet: its name, its judges, and the limits on an athlete's dives."""

from dataclasses import replace

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.judging import PANELS
from fineparser_core.diving.meet import Meet
from fineparser_gui.meet.table import MeetModel
from fineparser_gui.support.widgets import choice_box, inset, label, lay_out


class MeetHead(QWidget):
    """Fields over the list of a meet.

    Args:
        judges: their usual number, which a new meet has at first.
    """

    def __init__(self, model: MeetModel, judges: int) -> None:
        super().__init__()
        self._model, self._usual = model, judges
        self.title = QLineEdit(placeholderText=self.tr("name of the meet"), accessibleName=self.tr("Name of the meet"))
        self.title.setMaxLength(LONGEST_NAME)
        one, two = self.tr("{0} judges"), self.tr("{0} judges, synchro")
        panels = ((two if n > 7 else one).format(n) for n in PANELS)
        numbers = [(self.tr("any number of judges"), 0), *zip(panels, PANELS, strict=True)]
        self.judges = choice_box(numbers, accessibleName=self.tr("Judges"))
        self.groups = QSpinBox(minimum=0, maximum=6, specialValueText="–", accessibleName=self.tr("Groups, at least"))
        self.limit = QDoubleSpinBox(
            minimum=0, maximum=99, decimals=1, singleStep=0.1, specialValueText="–", accessibleName=self.tr("DD in all")
        )
        self.groups.setToolTip(self.tr("Of how many groups the dives of each athlete must be"))
        self.limit.setToolTip(self.tr("The most that the DDs of an athlete may be together"))
        for field in (self.title, self.groups, self.limit):
            field.editingFinished.connect(self._on_changed)
        self.judges.activated.connect(self._on_changed)
        row = lay_out(QHBoxLayout(self, contentsMargins=QMargins()), (self.title, 1), self.judges)
        for text, box in ((self.tr("groups ≥"), self.groups), (self.tr("DD in all ≤"), self.limit)):
            lay_out(row, label(text), inset(box))

    def refresh(self) -> None:
        """Show the meet as it is now."""
        meet = self._model.meet
        if self.title.text() != meet.title:
            self.title.setText(meet.title)
        self.judges.setCurrentIndex(self.judges.findData(self._usual if meet == Meet() else meet.judges))
        self.groups.setValue(meet.least_groups)
        self.limit.setValue(meet.most_difficulty)

    def _on_changed(self) -> None:
        values = {
            "title": self.title.text().strip(),
            "judges": self.judges.currentData(),
            "least_groups": self.groups.value(),
            "most_difficulty": round(self.limit.value(), 1),
        }
        self._model.take(replace(self._model.meet, **values))
