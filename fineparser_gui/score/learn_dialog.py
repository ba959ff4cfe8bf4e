"""Dialog that learns from judged dives how the judges of a club mark, shows whether it helps, and applies it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMargins, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.export.judged import results_file
from fineparser_core.export.notes import pairs_in_order
from fineparser_core.language import translated
from fineparser_core.scoring.profile import Profile
from fineparser_gui.score.learning import LearningDive, LearningService, Lesson
from fineparser_gui.services.session import Session
from fineparser_gui.support.background import Soon
from fineparser_gui.support.formatting import decimal, signed
from fineparser_gui.support.widgets import (
    Question,
    closing_buttons,
    follow_palette,
    keyboard_friendly,
    label,
    lay_out,
    literal,
    resize_within_screen,
    style_table,
)

_SIZE = (1060, 690)
_LONGEST_NAME = 60
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_REFRESH_MS = 100


class LearnDialog(QDialog):
    """Non-modal dialog with the dives that count above and the result below; a click on a point shows its dive."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Learn from judged dives"))
        resize_within_screen(self, *_SIZE)
        self._session = session
        self.note, self.question = label(role="muted", wrap=True), Question()
        Soon(self, _REFRESH_MS, self.refresh, session.dive_changed, session.dive_removed, session.current_changed)
        self._service = LearningService(session, self)
        self._of_sets: list[LearningDive] = []
        self._listed: list[LearningDive] = []
        self._unticked: set[str] = set()
        self._lesson: Lesson | None = None
        self._busy = False
        self.add_set = QPushButton(self.tr("Add a set of dives…"))
        self.add_set.setToolTip(self.tr("Judged dives and what fineparser score has found of them"))
        self.add_set.clicked.connect(self._on_add_set)
        self.count = label()
        self.table = QTableWidget(0, 4, accessibleName=self.tr("Judged dives"))
        style_table(self.table, 0)
        self.table.setHorizontalHeaderLabels(
            [self.tr("dive"), self.tr("athlete"), self.tr("mark"), self.tr("why it cannot count")]
        )
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.itemChanged.connect(self._on_ticked)
        self._service.progressed.connect(self._on_progress)
        self._service.learned.connect(self._on_learned)
        self._service.set_read.connect(self._on_set_read)
        self._service.ended.connect(self._on_ended)
        session.profiles.changed.connect(self._show_profile)
        splitter = QSplitter(Qt.Orientation.Vertical)
        for part in (self.table, self._build_result()):
            splitter.addWidget(part)
        splitter.setSizes((200, 400))
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        row = lay_out(QHBoxLayout(), self.count, None, self.add_set)
        lay_out(layout, row, (splitter, 1), self.question, self.note, closing_buttons(self))
        self.refresh()
        follow_palette(self, self.restyle, QEvent.Type.FontChange)

    def _build_result(self) -> QWidget:
        from fineparser_gui.support.dive_plot import DivePlot, plot_canvas

        self.name = QLineEdit(self.tr("My judges"), accessibleName=self.tr("Name of the profile"))
        self.name.setMaxLength(_LONGEST_NAME)
        self.learn = QPushButton(self.tr("Learn"), clicked=self._on_learn)
        self.learn.setProperty("role", "primary")
        self.stop = QPushButton(self.tr("Cancel"), clicked=self._service.cancel)
        self.bar = QProgressBar(textVisible=False, accessibleName=self.tr("Dives that are read"))
        self.bar.setFixedHeight(4)
        row = lay_out(
            QHBoxLayout(), label(self.tr("Name of the profile")), self.name, self.learn, self.stop, (self.bar, 1), None
        )
        self.title, self.said = label(role="title", wrap=True), label(wrap=True)
        self.how = label(role="muted", wrap=True)
        self.worth = QTableWidget(4, 5, accessibleName=self.tr("What it is worth"))
        style_table(self.worth)
        self.worth.setHorizontalHeaderLabels(
            [
                self.tr("award by"),
                self.tr("off by"),
                self.tr("pairs in order, of 10"),
                self.tr("profile is better by"),
                self.tr("90 % interval"),
            ]
        )
        self.worth.setFixedHeight(round(5.4 * self.worth.verticalHeader().defaultSectionSize()))
        self.use = QPushButton(self.tr("Use this profile"), clicked=self._on_use)
        self.use_anyway = QPushButton(self.tr("Use it all the same…"), clicked=self._on_use_anyway)
        self.back = QPushButton(self.tr("Switch back to the shipped score"), clicked=self._session.profiles.switch_back)
        self.delete = QPushButton(self.tr("Delete…"), clicked=self._on_delete)
        buttons = QHBoxLayout()
        for button in (self.use, self.use_anyway, self.back, self.delete):
            buttons.addWidget(button)
            keyboard_friendly(button)
        buttons.addStretch()
        left = lay_out(QVBoxLayout(spacing=8), self.title, self.said, self.worth, self.how, None)
        self.plot = DivePlot(by_day=False)
        self.plot.name_axes(self.tr("judges"), self.tr("predicted award"))
        self.plot.restyle(self.palette(), self.font())
        self.plot.chosen.connect(self._choose)
        self._canvas = plot_canvas()
        self._canvas.addItem(self.plot)
        self._canvas.setMinimumSize(300, 200)
        page = lay_out(QHBoxLayout(spacing=12), (left, 3), (self._canvas, 2))
        part = QWidget()
        lay_out(QVBoxLayout(part, contentsMargins=QMargins(0, 6, 0, 0), spacing=10), row, (page, 1), buttons)
        return part

    @property
    def _profile(self) -> Profile | None:
        """Return the shown profile: just learned, in use, or kept."""
        return self._lesson.profile if self._lesson else self._session.profile or self._session.profiles.unused

    def refresh(self) -> None:
        """Show the dives of the session as they are now, but not while dives are read."""
        if self._busy:
            return
        self._listed = [*self._service.of_session(), *self._of_sets]
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(self._listed))
            for place, one in enumerate(self._listed):
                award = decimal(one.award, 2) if one.award is not None else ""
                for column, text in enumerate((one.title, one.athlete, award, one.why_not)):
                    item = QTableWidgetItem(text)
                    item.setToolTip(literal(one.why_not))
                    if column == 2:
                        item.setTextAlignment(_RIGHT)
                    if column == 0:
                        ticked = not one.why_not and one.key not in self._unticked
                        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
                    if one.why_not:
                        item.setFlags(Qt.ItemFlag.ItemIsSelectable)
                    self.table.setItem(place, column, item)
        self._show_count()
        self._show_profile()

    def _counting(self) -> list[LearningDive]:
        return [one for one in self._listed if not one.why_not and one.key not in self._unticked]

    def _show_count(self) -> None:
        counting = len(self._counting())
        self.count.setText(self.tr("{0} of {1} judged dives count.").format(counting, len(self._listed)))
        self.learn.setEnabled(counting > 0 and not self._busy)
        self.note.setText(
            self.tr("Type the judges' marks, the dive number and the athlete beside each dive.")
            + " "
            + self.tr("Five dives are the least, forty of several athletes are a good number.")
        )

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        key = self._listed[item.row()].key
        (self._unticked.discard if item.checkState() is Qt.CheckState.Checked else self._unticked.add)(key)
        self._show_count()

    def _on_add_set(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self.tr("Set of judged dives"), "", self.tr("Sets of dives (*.json);;All files (*)")
        )
        if not chosen:
            return
        path, results = Path(chosen), results_file(Path(chosen))
        if not results.is_file():
            found, _ = QFileDialog.getOpenFileName(
                self,
                self.tr("Results of fineparser score"),
                str(path.parent),
                self.tr("Results (*.jsonl);;All files (*)"),
            )
            results = Path(found) if found else results
        self._be_busy(True)
        self._service.read_set(path, results)

    def _on_set_read(self, dives: Sequence[LearningDive]) -> None:
        known = {one.key for one in dives}
        self._of_sets = [one for one in self._of_sets if one.key not in known] + list(dives)
        self._be_busy(False)
        self.refresh()

    def _on_learn(self) -> None:
        self.refresh()  # dives may have been scored meanwhile
        self._be_busy(True)
        self._service.learn(self._counting(), self.name.text().strip() or self.tr("My judges"))

    def _on_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _on_learned(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._be_busy(False)
        self.refresh()

    def _on_ended(self, message: str) -> None:
        self._lesson = None
        self._be_busy(False)
        self.refresh()
        if message:
            self.said.setText(message)
            self.said.show()

    def _be_busy(self, busy: bool) -> None:
        self._busy = busy
        self.bar.setRange(0, 0)
        for widget in (self.bar, self.stop):
            widget.setVisible(busy)
        for widget in (self.table, self.name, self.learn, self.add_set):
            widget.setEnabled(not busy)

    def _show_profile(self) -> None:
        """Show the quality of the profile and the commands on it; a question was about what it was before."""
        self.question.hide()
        if not self._busy:
            self._be_busy(False)
            self._show_count()
        profile, used = self._profile, self._session.profile
        for widget in (self.said, self.how, self.worth):
            widget.setVisible(profile is not None)
        self._canvas.setVisible(self._lesson is not None)
        in_use, helped = profile is not None and _same(profile, used), profile is not None and profile.checked.helped
        self.use.setEnabled(helped and not in_use)
        self.use_anyway.setVisible(profile is not None and not helped)
        self.use_anyway.setEnabled(not in_use)
        self.back.setEnabled(used is not None)
        self.delete.setEnabled(used is not None or self._session.profiles.unused is not None)
        if profile is None:
            self.title.setText(self.tr("Standard scoring."))
            return
        state = self.tr("in use") if in_use else self.tr("not in use")
        dives = self.tr("calibrated on {0} of your dives").format(profile.dives)
        self.title.setText(f"{profile.name}: {dives} ({state})")
        self.said.setText(translated(profile.checked.said))
        self._fill_worth(profile)
        left_out = {"athlete": self.tr("athlete"), "event": self.tr("event")}
        how = self.tr(
            "Each dive is predicted by the others, {0} times without one {1}. The mean of the athlete knows the "
            "athlete's other dives."
        ).format(profile.checked.times, left_out.get(profile.checked.left_out, self.tr("dive")))
        if profile.athletes == 1:
            how += " " + self.tr("They are of one athlete, or name none: of others this says nothing.")
        self.how.setText(how)
        self._plot()

    def _fill_worth(self, profile: Profile) -> None:
        checked = profile.checked
        others = (self.tr("standard"), self.tr("mean of the number"), self.tr("mean of the athlete"))
        rows = [
            (
                name,
                decimal(one.off, 2),
                decimal(pairs_in_order(one.rank_correlation), 0),
                signed(one.gain, 2),
                self.tr("{0} to {1}").format(signed(one.low, 2), signed(one.high, 2)),
            )
            for name, one in zip(others, checked.gains, strict=True)
        ]
        rows.append(
            (
                self.tr("the profile"),
                decimal(checked.off, 2),
                decimal(pairs_in_order(checked.rank_correlation), 0),
                "",
                "",
            )
        )
        for place, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_RIGHT)
                self.worth.setItem(place, column, item)

    def _plot(self) -> None:
        from fineparser_gui.support.dive_plot import PlottedDive, Series

        if self._lesson is None:
            return
        predicted, palette = self._lesson.predicted, self.palette()
        series, legend = [], []
        for name, awards, color, symbol, mark in (
            (self.tr("standard"), predicted.others[0], palette.placeholderText().color(), "t", "▼"),
            (self.tr("the profile"), predicted.calibrated, palette.highlight().color(), "o", "●"),
        ):
            found = list(zip(self._lesson.dives, predicted.award.tolist(), awards.tolist(), strict=True))
            points = [PlottedDive(one.key, x, y) for one, x, y in found]
            texts = {one.key: f"{one.title} · {decimal(x, 2)} → {decimal(y, 2)} ({name})" for one, x, y in found}
            series.append(Series(dives=points, color=color, tell=texts.__getitem__, symbol=symbol))
            legend.append(f'<span style="color:{color.name()}">{mark}</span> {name}')
        self.plot.show_series("  ".join(legend), series, self._shown_key, halo=palette.base().color())
        self.plot.show_diagonal(palette.placeholderText().color())

    def restyle(self) -> None:
        """Draw the plots in other colors or another font."""
        self.plot.restyle(self.palette(), self.font())
        self._plot()

    def _on_use(self) -> None:
        self.question.hide()
        if self._profile is not None:
            self._session.profiles.use(self._profile)

    def _on_use_anyway(self) -> None:
        profile = self._profile
        if profile is None:
            return
        asked = self.tr("{0} Scores will say that they are by this profile. Use it all the same?")
        asked = asked.format(translated(profile.checked.said))
        self.question.ask(asked, self.tr("Use this profile"), lambda: self._use_forced(profile))

    def _use_forced(self, profile: Profile) -> None:
        profile = replace(profile, forced=True)
        self._lesson = self._lesson and replace(self._lesson, profile=profile)
        self._session.profiles.use(profile)

    def _on_delete(self) -> None:
        asked = self.tr("Delete the profile? Scoring is standard then.")
        self.question.ask(asked, self.tr("Delete"), self._delete)

    def _delete(self) -> None:
        self._lesson = None
        self._session.profiles.delete()

    def _choose(self, key: str) -> None:
        """Show a dive in the window."""
        if key in self._session.keys:
            self._session.select(key)

    @property
    def _shown_key(self) -> str | None:
        return self._session.current.key if self._session.current is not None else None

    def done(self, result: int) -> None:
        self._service.close()
        super().done(result)


def _same(profile: Profile, used: Profile | None) -> bool:
    return used is not None and replace(profile, forced=used.forced) == used
