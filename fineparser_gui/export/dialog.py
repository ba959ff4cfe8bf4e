"""Dialog for exports of the shown dive or of the session; they run in the background."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from PySide6.QtCore import QMargins, QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.export.jobs import ClipJob, Job, StillJob, StrobeJob
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.records import ComparedDive
from fineparser_gui.export.picture_choices import BesideBox, PictureChoices
from fineparser_gui.services.exporting import (
    dive_title,
    file_stem,
    is_named,
    named_file,
    reported_dive,
    season_of,
    session_stem,
)
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.support.formatting import speed_text
from fineparser_gui.support.save_path import LAST_FOLDER, ask_save_path, free_path, report_formats
from fineparser_gui.support.widgets import (
    add_form_row,
    choice_box,
    deciding_buttons,
    form_of,
    label,
    lay_out,
    note_field,
    resize_within_screen,
)

_SPEEDS = (1.0, 0.5, 0.25, 0.125)
_ROW_PX = 34
#: Extents of a clip.
_DIVE, _BRIEF, _FILE = "dive", "brief", "file"
_CLIP, _STILL, _TABLE, _REPORT, _STROBE = range(5)


#: Types of which several dives give a file each.
_EACH = (_CLIP, _STROBE)
_NOTE_LINES = 3


class ReportPage(QWidget):
    """Page that chooses the kind of file, the dive beside and the note.

    Args:
        dive: the shown dive.
        chosen: returns the dives of the report.
        beside: choice of the dive beside the shown dive.
    """

    def __init__(self, session: Session, dive: Dive, chosen: Callable[[], Sequence[Dive]], beside: BesideBox) -> None:
        super().__init__()
        self._session, self._dive, self._chosen = session, dive, chosen
        self.format = report_formats()
        self.beside = beside
        self.note = note_field(_NOTE_LINES, plainText=self._dive.note, accessibleName=self.tr("Note"))
        self.note.textChanged.connect(lambda: session.editing.set_note(self._dive.key, self.note.toPlainText()))
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)
        form = form_of(
            (self.tr("&Format"), self.format),
            (self.tr("&Compare with"), self.beside),
            wide=True,
            horizontalSpacing=14,
            verticalSpacing=8,
        )
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(self.tr("&Note"), self.note)
        form.addRow(self.tr("On the frames"), self.drawings)
        self.strobe = QCheckBox(self.tr("Strobe picture"))
        form.addRow(self.tr("Add"), self.strobe)
        column = QVBoxLayout(self, contentsMargins=QMargins(0, 4, 0, 0), spacing=12)
        what = self.tr(
            "A page for each dive: six frames, what was measured of each phase, what the model attributes to it, "
            "earlier dives of the number, your note."
        )
        lay_out(column, label(what, "muted", wrap=True), form)
        column.addStretch(1)

    @property
    def suffix(self) -> str:
        """Suffix of the chosen kind of file."""
        return str(self.format.currentData())

    @property
    def title(self) -> str:
        """Title of a report of several dives; "" for a single dive."""
        dives = self._chosen()
        divers = {dive.athlete.strip() for dive in dives}
        if len(dives) < 2:
            return ""
        return self.tr("Dives of {0}").format(", ".join(sorted(divers - {""})) or self.tr("the session"))

    def dives(self) -> list[ReportedDive]:
        """Return the chosen dives, of several each beside the athlete's last of its number or else an exemplar."""
        dives, every = self._chosen(), [self._session.dive(key) for key in self._session.keys]
        return [
            reported_dive(
                dive,
                every,
                drawings=self.drawings.isChecked(),
                comparison=self.beside.dive if len(dives) < 2 else self._beside(dive),
                strobe=self.strobe.isChecked(),
                club=self._session.club,
            )
            for dive in dives
        ]

    def _beside(self, dive: Dive) -> ComparedDive | None:
        if (last := self._session.comparing.last_time(dive)) is not None:
            return last
        number, library = dive.known_number, self._session.library
        best = library.best(number, dive.known_board_m, synchro=dive.synchro) if number is not None else None
        return best.compared(library.mask(best.id)) if best is not None else None

    def follow(self, n_dives: int) -> None:
        """Offer what fits a number of dives: note and comparison are those of one."""
        for field in (self.note, self.beside):
            field.setEnabled(n_dives < 2)


class ExportDialog(QDialog):
    """A list of export types, and the options of the selected type beside it.

    Args:
        frame: frame at the playhead.
        preferences: for the style of the masks.
        selected: keys of the dives that are selected in the list.
    """

    def __init__(
        self, session: Session, frame: int, preferences: Preferences, parent: QWidget, selected: Sequence[str] = ()
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export"))
        self._session, self._frame = session, frame
        assert session.current is not None
        self._dive = session.current
        comparing = session.comparing
        candidates = comparing.candidates()  # once for all pages: it searches the history
        if comparing.beside is not None and comparing.beside not in candidates:  # a dive of the history
            candidates.insert(0, comparing.beside)
        self.kinds = QListWidget(accessibleName=self.tr("Export type"))
        self.kinds.setFixedWidth(168)
        self.kinds.addItems([self.tr("Annotated clip"), self.tr("This frame")])
        self.kinds.addItems([self.tr("Table or data"), self.tr("Report"), self.tr("Strobe picture")])
        for row in range(self.kinds.count()):
            self.kinds.item(row).setSizeHint(QSize(0, _ROW_PX))
        self.scope = choice_box(self._scopes(selected))
        self.scope.setCurrentIndex(min(int(len(selected) > 1), self.scope.count() - 1))
        self.pages = QStackedWidget()
        shown = ("mask", "skeleton")
        self.pictures = {
            kind: PictureChoices(session, preferences, shown, BesideBox(session, candidates))
            for kind in (_CLIP, _STILL)
        }
        best = BesideBox(session, candidates, best=True)
        self.report = ReportPage(session, self._dive, lambda: self._dives(_REPORT), best)
        for page in (self._clip_page(), self._still_page(), self._table_page(), self.report, self._strobe_page()):
            self.pages.addWidget(page)
        self.kinds.currentRowChanged.connect(self._on_kind)
        self.buttons, self.go = deciding_buttons(self, self.tr("Export…"), self._on_accepted)
        middle = lay_out(QHBoxLayout(spacing=16), self.kinds, (self.pages, 1))
        column = QVBoxLayout(self, contentsMargins=QMargins(14, 14, 14, 14), spacing=12)
        lay_out(column, form_of((self.tr("&Dives"), self.scope), wide=True), (middle, 1), self.buttons)
        self.scope.currentIndexChanged.connect(lambda: self._on_kind(self.kinds.currentRow()))
        resize_within_screen(self, 720, max(420, self.sizeHint().height()))
        self.kinds.setCurrentRow(_CLIP if self._dive.analysis is not None else _TABLE)

    def _scopes(self, selected: Sequence[str]) -> list[tuple[str, list[str]]]:
        """Return the choices of dives with their keys: the shown dive, the selected, those of its diver, all."""
        keys, diver = self._session.keys, self._dive.athlete.strip()
        own = [one.key for one in season_of(self._dive, self._session.dives) if one.analysis is not None]
        return [
            (self.tr("this dive"), [self._dive.key]),
            *(
                (text.format(len(of), diver), of)
                for text, of in (
                    (self.tr("the selected dives ({0})"), list(selected)),
                    (self.tr("every dive by {1} ({0})"), own),
                    (self.tr("all dives of the session ({0})"), list(keys)),
                )
                if len(of) > 1
            ),
        ]

    def _dives(self, kind: int) -> list[Dive]:
        """Return the dives of an export; without analysis they are in tables alone."""
        keys = [self._dive.key] if kind == _STILL else self.scope.currentData()
        dives = [self._session.dive(key) for key in keys]
        return [dive for dive in dives if dive.analysis is not None or kind in (_TABLE, _STILL)]

    def _clip_page(self) -> QWidget:
        brief = self.tr("6 to 10 s to send, held at faults and drawings")
        self.extent = choice_box([(self.tr("this dive"), _DIVE), (brief, _BRIEF), (self.tr("the whole file"), _FILE)])
        usual, slow = self.tr("normal"), self.tr("slow motion, {0}")
        self.speed = choice_box((usual if one == 1 else slow.format(speed_text(one)), one) for one in _SPEEDS)
        self.extent.currentIndexChanged.connect(
            lambda: self.speed.setEnabled(self.extent.currentData() != _BRIEF)  # which sets its own
        )
        what = self.tr("An MP4 video with name, number and award above it, and faults below it where they happen.")
        rows = self.pictures[_CLIP].rows()
        speed = (self.tr("S&peed"), self.speed)
        return self._page(what, (self.tr("&Frames"), self.extent), *rows, speed)

    def _still_page(self) -> QWidget:
        what = self.tr("A picture of frame {0}, at the playhead.").format(self._frame)
        if self._dive.analysis is None:
            for box in self.pictures[_STILL].boxes.values():
                box.setChecked(False)
            bare = self.tr("The dive is not analysed yet, so only the frame and its drawings are written.")
            return self._page(f"{what} {bare}", (self.tr("Show"), self.pictures[_STILL].drawings))
        return self._page(what, *self.pictures[_STILL].rows())

    def _table_page(self) -> QWidget:
        csv = self.tr("CSV: a spreadsheet table, one row per dive"), ".csv"
        self.table_format = choice_box([csv, (self.tr("JSON: all numbers, for other programs"), ".json")])
        what = self.tr(
            "Dive, diver, phases, score, spread and contributions. Points of different dive numbers or boards cannot "
            "be compared."
        )
        return self._page(what, (self.tr("&Format"), self.table_format))

    def _strobe_page(self) -> QWidget:
        what = self.tr(
            "The diver at equal times along the path on one background, from the take-off to the water. The camera may "
            "follow the dive."
        )
        return self._page(what)

    def _page(self, what: str, *rows: tuple) -> QWidget:
        """Return a page: a description, and below it captions, each with a choice or with a column of check boxes."""
        page, form = QWidget(), form_of(horizontalSpacing=14, verticalSpacing=8)
        for name, *fields in rows:
            if isinstance(fields[0], QComboBox):
                add_form_row(form, name, fields[0], wide=True)
                continue
            for place, box in enumerate(fields):
                form.addRow("" if place else name, box)
        column = QVBoxLayout(page, contentsMargins=QMargins(0, 4, 0, 0), spacing=12)
        lay_out(column, label(what, "muted", wrap=True), form).addStretch(1)
        return page

    def _on_kind(self, kind: int) -> None:
        self.pages.setCurrentIndex(kind)
        dives = self._dives(kind)
        self.scope.setEnabled(kind != _STILL)
        self.go.setEnabled(bool(dives) and (kind != _STILL or self._dive.info is not None))
        self.go.setToolTip("" if self.go.isEnabled() else self.tr("The dive is not analysed yet."))
        if kind in self.pictures:
            self.pictures[kind].beside.setEnabled(len(dives) < 2)
        self.report.follow(len(dives))

    def _speed(self) -> float:
        """Return the chosen speed; the brief cut has its own."""
        return 1.0 if self.extent.currentData() == _BRIEF else float(self.speed.currentData())

    def _on_accepted(self) -> None:
        kind = self.kinds.currentRow()
        dives = self._dives(kind)
        if len(dives) > 1 and kind in _EACH:
            self._export_each(kind, dives)
            return
        suffix = self._suffix(kind)
        if kind in (_TABLE, _REPORT):
            stem = session_stem(dives) if len(dives) > 1 else file_stem(self._dive)
            stem = stem or self.tr("dives")
            stem = named_file(self.tr("{0} report").format(stem)) if kind == _REPORT else stem
        else:
            stem = self._stem(kind, dives[0])
        suffixes = (".png", ".jpg", ".jpeg") if suffix == ".png" else (suffix,)
        path = ask_save_path(self, dives[0].path.absolute().parent / f"{stem}{suffix}", suffixes)
        if path is not None:
            self._start(kind, path, dives)
            self.accept()

    def _export_each(self, kind: int, dives: Sequence[Dive]) -> None:
        """Ask for a folder, and write a file for each dive; no file there is replaced."""
        proposed = LAST_FOLDER.proposed(dives[0].path).parent
        if not (name := QFileDialog.getExistingDirectory(self, self.windowTitle(), str(proposed))):
            return
        taken: set[Path] = set()
        for dive in dives:
            stem, numbers = self._stem(kind, dive), count(2)
            path = free_path(Path(name) / f"{stem}{self._suffix(kind)}")
            while path in taken:
                path = free_path(path.with_stem(f"{stem} {next(numbers)}"))
            taken.add(path)
            self._start(kind, path, [dive])
        LAST_FOLDER.remember(Path(name) / "file")
        self.accept()

    def _suffix(self, kind: int) -> str:
        chosen = {_CLIP: ".mp4", _TABLE: self.table_format.currentData(), _REPORT: self.report.suffix}
        return str(chosen.get(kind, ".png"))

    def _stem(self, kind: int, dive: Dive) -> str:
        stem = file_stem(dive)
        if kind == _CLIP and is_named(dive):
            return stem
        if kind == _STILL:
            return self.tr("{0} frame {1}").format(stem, self._frame)
        names = {_CLIP: self.tr("{0} annotated"), _STROBE: self.tr("{0} strobe")}
        return names[kind].format(stem)

    def _start(self, kind: int, path: Path, dives: Sequence[Dive]) -> None:
        exports = self._session.exports
        if kind == _REPORT:
            exports.report(self.report.dives(), path, self.report.title)
        elif kind == _TABLE:
            exports.table([one.key for one in dives], path)
        else:
            exports.add(replace(self._job(kind, dives[0]), path=path))

    def _job(self, kind: int, dive: Dive) -> Job:
        """Return the job of a file with a picture of a dive, whose path is not chosen yet."""
        path, analysis = dive.path, dive.analysis
        if analysis is not None and kind == _STROBE:
            return StrobeJob(path=path, analysis=analysis, title=dive_title(dive))
        options = self._options(kind, dive)
        if analysis is not None and kind == _CLIP:
            return ClipJob(path=path, analysis=analysis, options=options, whole_file=self.extent.currentData() == _FILE)
        return StillJob(path=path, video=dive.path, frame=self._frame, analysis=analysis, options=options)

    def _options(self, kind: int, dive: Dive) -> RenderOptions:
        """Return the choices for a picture of a dive."""
        brief = self.extent.currentData() == _BRIEF
        clip = {"speed": self._speed(), "brief": brief} if kind == _CLIP else {}
        return self.pictures[kind].options(dive, alone=len(self._dives(kind)) < 2, **clip)
