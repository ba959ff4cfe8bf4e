"""Scroll bar of a zoomed timeline."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QScrollBar, QWidget

from fineparser_gui.timeline.time_scale import TimeScale

#: Thin and without arrow buttons.
_STYLE = """
QScrollBar:horizontal { background: palette(alternate-base); border: none; border-radius: 3px; margin: 0; }
QScrollBar::handle:horizontal { background: palette(mid); border-radius: 3px; min-width: 24px; }
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal { width: 0; border: none; }
QScrollBar::add-page:horizontal, QScrollBar::sub-page:horizontal { background: none; }
"""


class TimelineScrollBar(QScrollBar):
    """Hidden while the timeline shows the whole file."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(self.tr("Part of the video that the timeline shows"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet(_STYLE)
        self.hide()

    def follow(self, scale: TimeScale, place: QRect) -> None:
        """Take geometry and range from the timeline without emitting signals."""
        self.setVisible(not scale.whole)
        self.setGeometry(place)
        self.blockSignals(True)
        self.setRange(0, round(scale.n_frames - scale.shown))
        self.setPageStep(round(scale.shown))
        self.setSingleStep(max(round(scale.shown / 20), 1))
        self.setValue(round(scale.left))
        self.blockSignals(False)
