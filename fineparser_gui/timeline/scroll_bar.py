"""Scroll bar of a zoomed timeline."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QScrollBar, QWidget

#: Thin and without arrow buttons.
_STYLE = """
QScrollBar:horizontal { background: palette(alternate-base); border: none; border-radius: 3px; margin: 0; }
QScrollBar::handle:horizontal { background: palette(mid); border-radius: 3px; min-width: 24px; }
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal { width: 0; border: none; }
QScrollBar::add-page:horizontal, QScrollBar::sub-page:horizontal { background: none; }
"""


class TimelineScrollBar(QScrollBar):
    """Scroll bar that is hidden while the timeline shows the whole file."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(self.tr("Part of the video that the timeline shows"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet(_STYLE)
        self.hide()

    def follow(self, shown: tuple[float, float], whole: tuple[float, float]) -> None:
        """Take its range from the view of the timeline, in frames, without emitting signals."""
        (left, right), (first, last) = shown, whole
        with QSignalBlocker(self):
            self.setRange(round(first), round(last - (right - left)))
            self.setPageStep(round(right - left))
            self.setSingleStep(max(round((right - left) / 20), 1))
            self.setValue(round(left))
