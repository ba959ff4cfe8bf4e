"""Page of an athlete: awards, points of the phases and measures over the days, per dive number and board."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QComboBox, QHeaderView, QPushButton, QScrollArea, QTableWidget, QTableWidgetItem, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.measures import NAMES
from fineparser_core.measures.words import measure_name, unit_text
from fineparser_gui.dialogs.dives_dialog import DivesDialog, fill
from fineparser_gui.dialogs.season_dialog import SeasonDialog
from fineparser_gui.formatting import board_text, calibrated_text, decimal, signed
from fineparser_gui.model.athlete import AthleteDive, Histories, athletes
from fineparser_gui.model.dive import Dive
from fineparser_gui.services.session import Session
from fineparser_gui.steps import step_text, step_texts
from fineparser_gui.theme import step_color
from fineparser_gui.widgets import style_table

if TYPE_CHECKING:
    from fineparser_gui.plots.dive_plot import DivePlot, PlottedDive

_SIZE = (880, 690)
_COLUMNS = 2
_PLOT_LINES = 11
_TITLE = 1
_SYMBOLS = ("o", "s", "t")


class AthleteDialog(DivesDialog):
    """A click on a point or a row shows its dive."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        from fineparser_gui.plots.dive_plot import plot_canvas

        super().__init__(session, _SIZE, parent)
        self.setWindowTitle(self.tr("Athletes"))
        self._histories = Histories()
        self._rows: list[AthleteDive] = []
        self.athlete = QComboBox(accessibleName=self.tr("Athlete"))
        self.athlete.currentIndexChanged.connect(self._show_athlete)
        self.group.currentIndexChanged.connect(self._show_group)
        self.report = QPushButton(self.tr("Season report…"))
        self.report.setToolTip(self.tr("One document of the athlete's dives in a span of days, as PDF or HTML"))
        self.report.clicked.connect(self._on_report)
        self._layout = plot_canvas()
        self.plots: dict[str, DivePlot] = {}
        scroll = QScrollArea()
        scroll.setWidget(self._layout)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table = QTableWidget(accessibleName=self.tr("Dives of the athlete"))
        style_table(self.table)
        self.table.cellClicked.connect(self._on_row)
        self.table.cellActivated.connect(self._on_row)
        self._lay_out((self.athlete, self.group, None, self.report), (scroll, self.table), (400, 190))

    def show_athlete(self, name: str) -> None:
        """Choose an athlete."""
        place = self.athlete.findData(name, Qt.ItemDataRole.UserRole, Qt.MatchFlag.MatchFixedString)
        if place >= 0:
            self.athlete.setCurrentIndex(place)

    def show_dive(self, dive: Dive) -> None:
        """Choose the athlete, dive number and board of a dive."""
        self.show_athlete(dive.diver)
        group = (dive.dive_number, dive.board_m)
        if any(row.key == dive.key for row in self._groups.get(group, ())):
            self.group.setCurrentIndex(list(self._groups).index(group))

    def refresh(self) -> None:
        """See `DivesDialog`."""
        self._athletes = athletes(self._session.dive(key) for key in self._session.keys)
        fill(self.athlete, [(f"{name}  ({len(dives)})", name) for name, dives in self._athletes.items()])
        self._show_athlete()

    def _show_athlete(self) -> None:
        self._groups = self._histories.of(self._athletes.get(self.athlete.currentData(), ()))
        texts = []
        for (number, board_m), dives in self._groups.items():
            name = " ".join(filter(None, (number or self.tr("no dive number"), board_text(board_m))))
            texts.append((f"{name}  ({len(dives)})", (number, board_m)))
        fill(self.group, texts)
        self._show_group()

    def _show_group(self) -> None:
        self._rows = self._groups.get(self.group.currentData(), [])
        analysed = any(dive.analysis is not None for dive in self._athletes.get(self.athlete.currentData(), ()))
        self.report.setEnabled(analysed)
        self._fill_table()
        self._fill_plots()
        if not self._athletes:
            self.note.setText(self.tr("No dive has an athlete yet. Enter a name beside the dive."))
        elif not any(row.award is not None or row.measures for row in self._rows):
            self.note.setText(self.tr("These dives are not analysed yet."))
        else:
            text = self.tr(
                "Awards and points of the phases are predicted by the model, relative to its exemplars; measures "
                "are read from the video, with one standard deviation."
            )
            undated = sum(row.day is None for row in self._rows)
            if undated:
                missing = self.tr("Without a date, a dive is in the table alone ({0} here): enter it beside the dive.")
                text = f"{missing.format(undated)} {text}"
            self.note.setText(f"{text} {calibrated_text(self._session.profile and self._session.profile.identity)}")

    def _fill_table(self) -> None:
        names = [name for name in NAMES if any(row.measure(name) for row in self._rows)]
        units = {name: next(m.unit for row in self._rows if (m := row.measure(name))) for name in names}
        headers = [self.tr("day"), self.tr("dive"), self.tr("award"), *step_texts()]
        headers += [f"{measure_name(name)}{_in_brackets(units[name])}" for name in names]
        self.table.setColumnCount(len(headers))
        self.table.setRowCount(len(self._rows))
        self.table.setHorizontalHeaderLabels(headers)
        for place, row in enumerate(self._rows):
            cells = [_day_text(row), row.title, decimal(row.award, 2) if row.award is not None else ""]
            cells += [signed(points) for points in row.step_points] or [""] * len(STEP_NAMES)
            found = [row.measure(name) for name in names]
            cells += [decimal(one.value, 2) if one is not None else "" for one in found]
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column > _TITLE:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(place, column, item)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_TITLE, QHeaderView.ResizeMode.Stretch)
        place = next((place for place, row in enumerate(self._rows) if row.key == self._shown_key), None)
        if place is not None:
            self.table.selectRow(place)
        else:
            self.table.clearSelection()

    def _fill_plots(self) -> None:
        from fineparser_gui.plots.dive_plot import Series

        accent, halo = self.palette().highlight().color(), self.palette().base().color()
        rows = [row for row in self._rows if row.day is not None]
        shown = self._shown_key
        wanted: dict[str, tuple[str, list[Series]]] = {}
        if points := _points([row for row in rows if row.award is not None], lambda row: row.award):
            wanted["award"] = self.tr("implied award"), [Series(dives=points, color=accent, joined=True)]
        scored = [row for row in rows if row.step_points]
        if scored:
            phases = [
                Series(
                    dives=_points(scored, lambda row, place=place: row.step_points[place]),
                    color=step_color(step),
                    symbol=symbol,
                    joined=True,
                )
                for place, (step, symbol) in enumerate(zip(STEP_NAMES, _SYMBOLS, strict=True))
            ]
            marks = zip(STEP_NAMES, "●■▼", strict=True)
            legend = "  ".join(
                f'<span style="color:{step_color(s).name()}">{m}</span> {step_text(s)}' for s, m in marks
            )
            wanted["phases"] = self.tr("points of the phases: {0}").format(legend), phases
        for name in NAMES:
            if seen := [row for row in rows if row.measure(name) is not None]:
                title = f"{measure_name(name)}{_in_brackets(seen[0].measure(name).unit)}"
                points = _points(
                    seen,
                    lambda row, name=name: row.measure(name).value,
                    lambda row, name=name: row.measure(name).uncertainty,
                )
                wanted[name] = title, [Series(dives=points, color=accent, joined=True)]
        if list(wanted) != list(self.plots):
            self._arrange(list(wanted))
        for name, (title, series) in wanted.items():
            self.plots[name].show_series(title, series, shown, halo=halo)

    def _arrange(self, names: Sequence[str]) -> None:
        from fineparser_gui.plots.dive_plot import DivePlot

        self._layout.clear()
        self.plots = {}
        for place, name in enumerate(names):
            plot = self.plots[name] = DivePlot(by_day=True)
            plot.restyle(self.palette(), self.font())
            plot.chosen.connect(self._choose)
            if place:
                plot.setXLink(self.plots[names[0]])
            self._layout.addItem(plot, place // _COLUMNS, place % _COLUMNS)
        lines = -(-len(names) // _COLUMNS) * _PLOT_LINES
        self._layout.setMinimumHeight(lines * self.fontMetrics().height())

    def restyle(self) -> None:
        """See `DivesDialog`."""
        for plot in self.plots.values():
            plot.restyle(self.palette(), self.font())
        self._fill_plots()

    def _on_row(self, row: int) -> None:
        self._choose(self._rows[row].key)

    def _on_report(self) -> None:
        name = self.athlete.currentText().rpartition("  (")[0]
        dives = self._athletes.get(self.athlete.currentData(), [])
        SeasonDialog(self._session, name, dives, self.group.currentData(), self).open()


def _points(
    rows: Sequence[AthleteDive],
    value: Callable[[AthleteDive], float],
    error: Callable[[AthleteDive], float] = lambda row: 0.0,
) -> "list[PlottedDive]":
    from fineparser_gui.plots.dive_plot import PlottedDive, day_number

    return [
        PlottedDive(
            key=row.key,
            x=day_number(row.day),
            y=value(row),
            error=error(row),
            text=f"{row.title} · {_day_text(row)} · {decimal(value(row), 2)}",
        )
        for row in rows
    ]


def _day_text(row: AthleteDive) -> str:
    return QLocale().toString(row.day, QLocale.FormatType.ShortFormat) if row.day is not None else ""


def _in_brackets(unit: str) -> str:
    text = unit_text(unit)
    return f" ({text})" if text else ""
