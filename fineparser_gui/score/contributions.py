"""Where the points went: those that each phase adds to the score or takes from it, relative to the exemplars."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.dive_words import DIGITS, rounded_to_sum, scored_points
from fineparser_core.measures.words import fault_text
from fineparser_core.records import Contribution
from fineparser_gui.score.explanation import Explanations
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.formatting import decimal, signed
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import label, lay_out, literal

#: Heights of a row and its bar, and the width of a value, in lines of text.
_ROW, _BAR, _VALUE = 1.3, 0.9, 3.6


class ContributionsPanel(QWidget):
    """Three diverging bars, a bar per phase, and their sum; visible for a dive with a score."""

    def __init__(self, session: Session, explanations: Explanations) -> None:
        super().__init__()
        self._session, self._explanations = session, explanations
        self._bars = ContributionBars()
        self._sum, self._why = label(role="muted"), label(role="muted", wrap=True)
        head = lay_out(QHBoxLayout(), (label(self.tr("Where the points went"), "title"), 1), self._sum)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=4), head, self._bars, self._why)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        self.setVisible(scoring is not None)
        if dive is None or scoring is None:
            return
        score = round(scoring.score, DIGITS)
        mean = round(sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars), DIGITS)
        total = round(score - mean, DIGITS)
        points = scored_points(scoring)
        self._bars.show_contributions(scoring.contributions, points)
        self._sum.setText(self.tr("{0} in all").format(signed(total, DIGITS)))
        text = self.tr(
            "{0} = score {1} − mean of the dives to compare with {2}.\nThe program's estimate, not judges' deductions."
        )
        values = signed(total, DIGITS), decimal(score, DIGITS), decimal(mean, DIGITS)
        self._sum.setToolTip(literal(text.format(*values)))
        self._why.setText("\n".join(self._reasons(dive, points)))
        self._why.setVisible(bool(self._why.text()))

    def _reasons(self, dive: Dive, points: Sequence[float]) -> list[str]:
        """Return why a phase with a named fault gains all the same: its faults are relative to good dives."""
        faults = {one.measure.step: fault_text(one) for one in reversed(self._explanations.of(dive).worst)}
        text = self.tr("{0}: “{1}” beside good dives, and still better than the dives below.")
        gains = (step for step, value in zip(STEP_NAMES, points, strict=True) if value > 0 and step in faults)
        return [text.format(step_text(step), faults[step]) for step in gains]


class ContributionBars(QWidget):
    """Bars to the right of the zero line are gained points, bars to the left are lost points."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Contributions of the phases"))
        self._contributions: tuple[Contribution, ...] = ()
        self._values: tuple[float, ...] = ()  # rounded for the text; the bars show exact values

    def show_contributions(self, contributions: Sequence[Contribution], values: Sequence[float]) -> None:
        """Show contributions with their values as text; the tool tip splits each by what its points come from."""
        self._contributions, self._values = tuple(contributions), tuple(values)
        self._fit_height()
        sums, split = [], []
        for part, value in zip(contributions, self._values, strict=True):
            sums.append(f"{step_text(part.step)} {signed(value, DIGITS)}")
            streams = rounded_to_sum((part.dynamic, part.static, part.measured), value)
            text = self.tr("{0}: video {1}, frames {2}, measured {3}")
            split.append(text.format(sums[-1], *(signed(one, DIGITS) for one in streams)))
        self.setAccessibleDescription(", ".join(sums))
        self.setToolTip(literal("\n".join(split)))
        self.update()

    def _fit_height(self) -> None:
        self.setFixedHeight(round(len(self._contributions) * _ROW * self.fontMetrics().height()) + 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._contributions:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        names_w = max(metrics.horizontalAdvance(step_text(c.step)) for c in self._contributions) + 6
        line = metrics.height()
        value_w = _VALUE * line
        left, right = names_w + value_w, self.width() - value_w
        zero = (left + right) / 2
        scale = (right - left) / 2 / max(*(abs(c.points) for c in self._contributions), 0.5)
        for row, (part, value) in enumerate(zip(self._contributions, self._values, strict=True)):
            top = row * line * _ROW + 2.0
            painter.setPen(self.palette().text().color())
            centered = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, names_w, _ROW * line), centered, step_text(part.step))
            bar = QRectF(zero, top + (_ROW - _BAR) / 2 * line, part.points * scale, _BAR * line).normalized()
            if part.points >= 0:
                text, side = bar.translated(bar.width() + 5, 0), Qt.AlignmentFlag.AlignLeft
            else:
                text, side = bar.translated(-5 - value_w, 0), Qt.AlignmentFlag.AlignRight
            text.setWidth(value_w)
            painter.drawText(text, centered | side, signed(value, DIGITS))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(step_color(part.step))
            painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(QPen(self.palette().placeholderText().color(), 1))
        painter.drawLine(QPointF(zero, 0), QPointF(zero, self.height()))
