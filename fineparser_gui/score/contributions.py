"""The points that each phase adds to the score or takes from it, relative to the exemplars."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QWidget

from fineparser_core.export.dive_words import DIGITS, rounded_to_sum, scored_points
from fineparser_core.records import Contribution
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import decimal, signed
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import fill_with_card, keyboard_friendly, label, lay_out

#: Heights of a row, a row that is split by stream, its bars and the bars of the streams, and the width of a value, in
#: lines of text.
_ROW, _SPLIT_ROW = 1.5, 4.1
_BAR, _STREAM_BAR = 1.0, 0.65
_VALUE = 3.6
#: Fill patterns of the bars of the streams.
_PATTERNS = (Qt.BrushStyle.Dense4Pattern, Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.HorPattern)


class ContributionsPanel(QWidget):
    """Three diverging bars, a bar per phase, and their sum."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.by_stream = QCheckBox(
            self.tr("by stream"),
            toolTip=self.tr(
                "Split each bar by what its points come from: short windows of the video, single frames, and what was "
                "measured."
            ),
            toggled=self._refresh,
        )
        keyboard_friendly(self.by_stream)
        self._bars = ContributionBars()
        self._sum = label(wrap=True)
        meaning = label(self.tr("Model attribution, not judges' deductions."), "muted", wrap=True)
        head = lay_out(QHBoxLayout(), (label(self.tr("Points by the model"), "title"), 1), self.by_stream)
        fill_with_card(self, head, self._bars, self._sum, meaning)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        self.setVisible(scoring is not None)
        if scoring is None:
            return
        score = round(scoring.score, DIGITS)
        mean = round(sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars), DIGITS)
        total = round(score - mean, DIGITS)
        self._bars.show_contributions(scoring.contributions, scored_points(scoring), split=self.by_stream.isChecked())
        text = self.tr("Sum {0} = score {1} − mean of exemplars {2}")
        self._sum.setText(text.format(signed(total, DIGITS), decimal(score, DIGITS), decimal(mean, DIGITS)))


class ContributionBars(QWidget):
    """Bars to the right of the zero line are gained points, bars to the left are lost points."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Contributions of the phases"))
        self._contributions: tuple[Contribution, ...] = ()
        self._split = False
        self._values: tuple[float, ...] = ()  # rounded for the text; the bars show exact values

    def show_contributions(
        self, contributions: Sequence[Contribution], values: Sequence[float], *, split: bool = False
    ) -> None:
        """Show contributions with their values as text; `split`: each by stream as well."""
        self._contributions, self._values = tuple(contributions), tuple(values)
        self._split = split
        self._fit_height()
        values = zip(contributions, self._values, strict=True)
        self.setAccessibleDescription(", ".join(f"{step_text(part.step)} {signed(v, DIGITS)}" for part, v in values))
        self.update()

    def _fit_height(self) -> None:
        lines = len(self._contributions) * (_SPLIT_ROW if self._split else _ROW)
        self.setFixedHeight(round(lines * self.fontMetrics().height()) + 4)

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
        streams = self.tr("video"), self.tr("frames"), self.tr("measured")
        names = (*(step_text(c.step) for c in self._contributions), *streams)
        names_w = max(metrics.horizontalAdvance(name) for name in names) + 6
        line = metrics.height()
        value_w = _VALUE * line
        left, right = names_w + value_w, self.width() - value_w
        zero = (left + right) / 2
        parts = [(c.dynamic, c.static, c.measured) for c in self._contributions]
        shown = [
            (c.points, *(split if self._split else ())) for c, split in zip(self._contributions, parts, strict=True)
        ]
        scale = (right - left) / 2 / max(*(abs(v) for row in shown for v in row), 0.5)
        row_h = line * (_SPLIT_ROW if self._split else _ROW)
        for row, (part, value) in enumerate(zip(self._contributions, self._values, strict=True)):
            top = row * row_h + 2.0
            painter.setPen(self.palette().text().color())
            name_box = QRectF(0, top, names_w, _ROW * line)
            painter.drawText(name_box, Qt.AlignmentFlag.AlignVCenter, step_text(part.step))
            color = step_color(part.step)
            self._bar(
                painter,
                QRectF(zero, top + (_ROW - _BAR) / 2 * line, part.points * scale, _BAR * line),
                value,
                QBrush(color),
            )
            if self._split:
                values = rounded_to_sum(parts[row], value)
                for place, (name, points, pattern) in enumerate(zip(streams, parts[row], _PATTERNS, strict=True)):
                    below = (_ROW + _BAR) / 2 + 0.15 + (_STREAM_BAR + 0.2) * place
                    box = QRectF(zero, top + below * line, points * scale, _STREAM_BAR * line)
                    self._bar(painter, box, values[place], QBrush(color, pattern), name)
        painter.setPen(QPen(self.palette().placeholderText().color(), 1))
        painter.drawLine(QPointF(zero, 0), QPointF(zero, self.height()))

    def _bar(self, painter: QPainter, box: QRectF, shown: float, fill: QBrush, name: str = "") -> None:
        bar, half = box.normalized(), self.fontMetrics().height() / 2
        painter.setPen(Qt.PenStyle.NoPen if not name else QPen(QColor(fill.color()), 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(self.palette().placeholderText().color() if name else self.palette().text().color())
        if name:
            font = painter.font()
            font.setPointSizeF(self.font().pointSizeF() * 0.86)
            painter.setFont(font)
            place = QRectF(10, bar.center().y() - half, self.width(), 2 * half)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)
        value, width = signed(shown, DIGITS), _VALUE * 2 * half
        if box.width() >= 0:
            text = QRectF(bar.right() + 5, bar.center().y() - half, width, 2 * half)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, value)
        else:
            text = QRectF(bar.left() - 5 - width, bar.center().y() - half, width, 2 * half)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)
        if name:
            painter.setFont(self.font())
