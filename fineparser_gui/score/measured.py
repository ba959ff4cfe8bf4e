"""Measures of the shown dive: by phase the worst deviations from good dives, and the moments as pictures."""

from PySide6.QtCore import QMargins, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.report.moments import ShownMoment, moments_of_parse
from fineparser_core.language import translated
from fineparser_core.measures.explanation import MOST_FINDINGS, Band, band_for, worst_first
from fineparser_core.measures.words import finding_text, good_text, measure_about, measure_name, measured_text
from fineparser_core.records import Measure
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.score.explanation import Explanation, Explanations
from fineparser_gui.score.moment_strip import MomentStrip
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import fill_with_card, keyboard_friendly, label, lay_out, tool_tip

#: Moments of a dive that are shown, of `moments_of`.
_SHOWN = (1, 3, 4)
_SETTLED_MS = 120


class MeasuredPanel(QWidget):
    """Measured values in seconds, meters and degrees; the contributions show the model's points.

    Signals:
        frame_requested: (int) source frame of a measure or picture that was chosen.
    """

    frame_requested = Signal(int)

    def __init__(self, session: Session, explanations: Explanations) -> None:
        super().__init__()
        self._session, self._explanations = session, explanations
        self.every = QCheckBox(self.tr("all"))
        self.every.setToolTip(self.tr("Show every measure, not the three of each phase that say most"))
        self.every.toggled.connect(self._refresh)
        keyboard_friendly(self.every)
        head = lay_out(QHBoxLayout(), (label(self.tr("Measured"), "title"), 1), self.every)
        self.strip = MomentStrip()
        self.strip.frame_requested.connect(self.frame_requested)
        self._rows = QVBoxLayout(spacing=2)
        self._note = label(role="muted", wrap=True)
        fill_with_card(self, head, self.strip, self._rows, self._note)
        self._shown: tuple[object, bool] | None = None
        # A transition that is dragged changes the dive many times a second.
        self._refresh_timer = QTimer(self, singleShot=True, interval=_SETTLED_MS, timeout=self._refresh)
        session.shown_changed.connect(self._refresh_timer.start)
        self._refresh()

    def rows(self) -> list["MeasureRow"]:
        """Return the rows that are shown."""
        widgets = (self._rows.itemAt(at).widget() for at in range(self._rows.count()))
        return [widget for widget in widgets if isinstance(widget, MeasureRow)]

    def close_video(self) -> None:
        """Release the file before the window closes."""
        self._session.shown_changed.disconnect(self._refresh_timer.start)
        self._refresh_timer.stop()
        self.strip.close_file()

    def _refresh(self) -> None:
        dive = self._session.current
        explanation = self._explanations.of(dive) if dive is not None else Explanation()
        # A clip without a dive, or of another person, has nothing to measure, whatever was read.
        parsed = dive is not None and dive.analysis is not None and dive.info is not None
        parsed = parsed and not (dive.refused or dive.asks_diver)
        self.setVisible(parsed)
        if dive is None or dive.analysis is None or dive.info is None or not parsed:
            self.strip.show_moments(None, None, (), ())
            self._shown = None
            return
        shown = (dive.analysis, self.every.isChecked())
        # Compared by identity: an analysis holds arrays, which cannot be compared as a whole.
        if self._shown is not None and self._shown[0] is shown[0] and self._shown[1] == shown[1]:
            return
        self._shown = shown
        self._fill(dive, explanation)
        parse = dive.analysis.parse
        moments = moments_of_parse(parse, dive.info.pts_s, explanation.measures)
        self.strip.show_moments(
            parse, dive.info, [(moments[at], self._moment_text(moments[at])) for at in _SHOWN], explanation.measures
        )
        self.updateGeometry()

    def _moment_text(self, moment: ShownMoment) -> str:
        texts = {"take-off": self.tr("take-off"), "come-out": self.tr("come-out"), "entry": self.tr("entry")}
        return texts[moment.name]

    def _fill(self, dive: Dive, explanation: Explanation) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for step in STEP_NAMES:
            rows = self._rows_of(dive, explanation, step)
            if rows:
                self._rows.addWidget(_phase_label(step))
            for row in rows:
                row.chosen.connect(self.frame_requested)
                self._rows.addWidget(row)
        self._note.setText(self._note_text(dive, explanation))

    def _rows_of(self, dive: Dive, explanation: Explanation, step: str) -> list["MeasureRow"]:
        findings = explanation.findings.get(step, ())
        rows = [MeasureRow(finding_text(finding), finding.measure, finding.band, against=True) for finding in findings]
        against = [finding.measure for finding in findings]
        rest = [one for one in explanation.measures if one.step == step and one not in against]
        if not self.every.isChecked():
            rest = worst_first(rest, explanation.bands)
        most = len(rest) if self.every.isChecked() else max(MOST_FINDINGS - len(rows), 0)
        for measure in rest[:most]:
            rows.append(MeasureRow(measure_name(measure.name), measure, band_for(measure, explanation.bands)))
        return rows

    def _note_text(self, dive: Dive, explanation: Explanation) -> str:
        if not explanation.measures:
            return self.tr("Nothing could be measured: the dive was not seen well enough.")
        text = self.tr("Read from the video, with one standard deviation; the model's points are told apart above.")
        if dive.dive_number is not None:
            return text
        unnamed = self.tr("With the dive number more of them have a range beside them.")
        return f"{text} {unnamed}"


class MeasureRow(QFrame):
    """A measure, or a sentence on a deviation from good dives; a click shows its frame.

    Signals:
        chosen: (int) its source frame.
    """

    chosen = Signal(int)

    def __init__(self, text: str, measure: Measure, band: Band | None, *, against: bool = False) -> None:
        super().__init__()
        self.text, self.against, self._frame = text, against, measure.frame
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        good = good_text(measure.name, band) if band is not None and not against else ""
        source = translated(band.source.about) if band is not None else ""
        told = measure_about(measure.name), source, self.tr("Go to frame {0}").format(measure.frame)
        self.setToolTip(tool_tip("\n".join(filter(None, told))))
        grid = QGridLayout(self, contentsMargins=QMargins(6, 2, 4, 2), verticalSpacing=0)
        grid.setColumnStretch(0, 1)
        value = measured_text(measure)
        grid.addWidget(label(f"▸ {text}" if against else text, wrap=True, bold=float(against)), 0, 0)
        if not against:
            grid.addWidget(label(value), 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        if good:
            grid.addWidget(label(good, "muted"), 1, 0, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.setAccessibleName(text if against else f"{text} {value} {good}".rstrip())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._frame)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._frame)
        else:
            super().keyPressEvent(event)


def _phase_label(step: str) -> QWidget:
    made = label(step_text(step), "title")
    made.setStyleSheet(f"border-left: 4px solid {step_color(step).name()}; padding-left: 6px; margin-top: 4px;")
    return made
