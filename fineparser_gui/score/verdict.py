"""The faults of the shown dive in a coach's words, each with its picture, and the measures behind them as bars."""

from PySide6.QtCore import QMargins, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.export.report.moments import COME_OUT, moments_of_parse
from fineparser_core.language import translated
from fineparser_core.measures.explanation import Band, band_for, gauge, worst_first
from fineparser_core.measures.words import (
    FIRST_MEASURES,
    fault_text,
    good_text,
    measure_about,
    measure_name,
    measured_text,
    rounded_text,
    short_name,
)
from fineparser_core.records import Measure
from fineparser_gui.score.explanation import Explanation, Explanations
from fineparser_gui.score.moment_strip import MomentStrip, ShownPicture
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import clear, fill_with_card, label, lay_out, literal

#: Maximum number of bars.
_MOST_BARS = 5
_SETTLED_MS = 120
#: Size of a bar's band and of the mark of the value, in pixels.
_BAND_PX, _MARK_PX = 8, 3


class VerdictPanel(QWidget):
    """The worst findings of the dive as captions of their pictures.

    Signals:
        frame_requested: (int) source frame of a picture or bar that was chosen.

    Attributes:
        measures: card with bars of the dive's measures, which stands farther below.
    """

    frame_requested = Signal(int)

    def __init__(self, session: Session, explanations: Explanations) -> None:
        super().__init__()
        self._session, self._explanations = session, explanations
        self._line = label(wrap=True, bold=1.1)
        self.strip = MomentStrip()
        self.strip.frame_requested.connect(self.frame_requested)
        self._bars, self.measures = QVBoxLayout(spacing=0), QWidget()
        fill_with_card(self, self._line, self.strip)
        fill_with_card(self.measures, self._bars)
        self._shown: Explanation | None = None
        # A transition that is dragged changes the dive many times a second.
        self._refresh_timer = QTimer(self, singleShot=True, interval=_SETTLED_MS, timeout=self._refresh)
        session.shown_changed.connect(self._follow)
        self._refresh()

    def bars(self) -> list["MeasureBar"]:
        """Return the bars that are shown."""
        widgets = (self._bars.itemAt(at).widget() for at in range(self._bars.count()))
        return [widget for widget in widgets if isinstance(widget, MeasureBar)]

    def close_video(self) -> None:
        """Release the file before the window closes."""
        self._session.shown_changed.disconnect(self._follow)
        self._refresh_timer.stop()
        self.strip.close_file()

    def _follow(self) -> None:
        """Appear at once, as what is below moves down, under the mouse; change when the dive is at rest."""
        if self.isHidden() == (measured_dive(self._session) is None):
            self._refresh_timer.start()
        else:
            self._refresh()

    def _refresh(self) -> None:
        dive = measured_dive(self._session)
        self.setVisible(dive is not None)
        self.measures.setVisible(dive is not None and bool(_barred(self._explanations.of(dive))))
        if dive is None or dive.analysis is None or dive.info is None:
            self.strip.show_pictures(None, None, (), ())
            self._shown = None
        elif self._shown is not (explanation := self._explanations.of(dive)):
            self._shown = explanation
            praise = explanation.praise
            faultless = "" if explanation.worst else explanation.faultless
            self._line.setText(self.tr("Good: {0}").format(praise) if praise else faultless)
            self._line.setVisible(bool(self._line.text()))
            self._show_pictures(dive, explanation)
            self._show_bars(explanation)
            self.updateGeometry()

    def _show_pictures(self, dive: Dive, explanation: Explanation) -> None:
        """Show the frames of the findings, the worst first, and of moments where there are fewer."""
        assert dive.analysis is not None
        assert dive.info is not None
        parse = dive.analysis.parse
        moments = moments_of_parse(parse, dive.info.pts_s, explanation.measures)
        # Where fewer lines are said, these fill the strip.
        names = {"take-off": self.tr("take-off"), COME_OUT: self.tr("come-out"), "entry": self.tr("entry")}
        pictures = [ShownPicture(one.measure.frame, fault_text(one), fault=True) for one in explanation.worst]
        frames = {picture.frame for picture in pictures}
        rest = [ShownPicture(moments[at], name, opens=at == COME_OUT) for at, name in names.items()]
        pictures += [picture for picture in rest if picture.frame not in frames]
        self.strip.show_pictures(parse, dive.info, pictures[: len(names)], explanation.measures)

    def _show_bars(self, explanation: Explanation) -> None:
        clear(self._bars)
        against = {one.measure.name for one in explanation.worst}
        bars = [MeasureBar(one, band, against=one.name in against) for one, band in _barred(explanation)]
        names_px = max((bar.name.sizeHint().width() for bar in bars), default=0)
        values_px = max((bar.value.sizeHint().width() for bar in bars), default=0)
        for bar in bars:
            bar.name.setFixedWidth(names_px)
            bar.value.setFixedWidth(values_px)
            bar.chosen.connect(self.frame_requested)
            self._bars.addWidget(bar)


def measured_dive(session: Session) -> Dive | None:
    """Return the shown dive if there is something to measure; None for a clip without a dive or of another person."""
    dive = session.current
    if dive is None or dive.analysis is None or dive.info is None or not dive.verdict.shows_dive:
        return None
    return dive


def _barred(explanation: Explanation) -> list[tuple[Measure, Band]]:
    """Return the measures that say most, with their bands: what speaks against the dive, the first ones, the rest."""
    measures, bands = explanation.measures, explanation.bands
    first = [one for one in measures if one.name in FIRST_MEASURES]
    chosen: dict[str, tuple[Measure, Band]] = {}
    for measure in (*(one.measure for one in explanation.worst), *first, *worst_first(measures, bands)):
        band = band_for(measure, bands)
        if band is not None and (measure in first or band.tells_faults):
            chosen.setdefault(measure.name, (measure, band))
    return list(chosen.values())[:_MOST_BARS]


class ChosenRow(QFrame):
    """A row of a measure; a click or Enter shows its frame.

    Signals:
        chosen: (int) its source frame.
    """

    chosen = Signal(int)

    def __init__(self, measure: Measure, *tips: str) -> None:
        super().__init__()
        self._frame = measure.frame
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        told = *tips, measure_about(measure.name), self.tr("Go to frame {0}").format(measure.frame)
        self.setToolTip(literal("\n".join(filter(None, told))))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._frame)
        else:
            super().keyPressEvent(event)


class MeasureBar(ChosenRow):
    """A measure as a mark beside the band of good values: name, bar, value."""

    def __init__(self, measure: Measure, band: Band, *, against: bool) -> None:
        good, exact = good_text(measure.name, band), measured_text(measure)
        super().__init__(measure, f"{measure_name(measure.name)}: {exact}", good, translated(band.source.about))
        self.against = against
        self.name = label(short_name(measure.name))
        self.value = label(rounded_text(measure.value, measure.name, measure.unit), bold=float(against))
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self, contentsMargins=QMargins(4, 1, 4, 1), spacing=8)
        lay_out(row, self.name, (_Gauge(measure, band, against=against), 1), self.value)
        self.setAccessibleName(f"{measure_name(measure.name)} {exact} {good}")


class _Gauge(QWidget):
    """The band of good values, the value as a mark with its uncertainty; a band of rendered dives is an outline."""

    def __init__(self, measure: Measure, band: Band, *, against: bool) -> None:
        super().__init__()
        self._place, self._told, self._against = gauge(measure, band), band.tells_faults, against
        self._color = step_color(measure.step)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(90, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, place, palette = QPainter(self), self._place, self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, middle = self.width(), self.height() / 2
        painter.fillRect(QRectF(0, middle - 0.5, width, 1), palette.mid())
        band = QRectF(place.low * width, middle - _BAND_PX / 2, (place.high - place.low) * width, _BAND_PX)
        fill = QColor(self._color)
        fill.setAlpha(110)
        painter.setPen(Qt.PenStyle.NoPen if self._told else QPen(self._color, 1, Qt.PenStyle.DashLine))
        painter.setBrush(fill if self._told else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(band, 3, 3)
        ink = palette.text().color()
        left, right = ((place.value + sign * place.deviation) * width for sign in (-1, 1))
        painter.fillRect(QRectF(left, middle - 0.75, right - left, 1.5), ink)
        mark = QRectF(place.value * width - _MARK_PX / 2, middle - _BAND_PX, _MARK_PX, 2 * _BAND_PX)
        painter.fillRect(mark, ink)
        if self._against:  # a dot, so that color and place are not the only carriers
            painter.setBrush(ink)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(mark.center(), _MARK_PX + 1.5, _MARK_PX + 1.5)
