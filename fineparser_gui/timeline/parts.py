"""What the handles of the timeline have in common."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen

from fineparser_core.types import StepSpan, VideoInfo

#: Pixels between the mouse and what it takes hold of.
REACH_PX = 7

ToX = Callable[[float], float]


def draw_text(painter: QPainter, area: QRectF, x: float, text: str, palette: QPalette) -> None:
    """A boxed text beside x, on whichever side there is room."""
    width = painter.fontMetrics().horizontalAdvance(text) + 14
    left = x + 10 if x + 10 + width <= area.right() else max(x - 10 - width, area.left())
    box = QRectF(left, area.top() + 3, width, painter.fontMetrics().height() + 6)
    painter.setPen(QPen(palette.mid().color(), 1))
    painter.setBrush(palette.base())
    painter.drawRoundedRect(box, 5, 5)
    painter.setPen(palette.text().color())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def nearest(x: float, places: list[float]) -> int | None:
    """Which of the places lies within reach of x, the nearest; None: none does."""
    distance, place = min(((abs(x - at), place) for place, at in enumerate(places)), default=(REACH_PX + 1.0, 0))
    return place if distance <= REACH_PX else None


def duration_s(step: StepSpan, info: VideoInfo) -> float:
    """From the first frame of a step to the first of the next, or to the end of the file's last frame."""
    start = min(step.start_frame, info.n_frames - 1)
    if step.end_frame < info.n_frames:
        return float(info.pts_s[step.end_frame] - info.pts_s[start])
    return float(info.pts_s[-1] - info.pts_s[start] + 1 / max(info.fps, 1e-6))
