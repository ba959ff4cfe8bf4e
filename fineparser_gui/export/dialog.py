"""Dialog for exports of the shown dive or of the session; they run in the background."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QMargins, QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.export.options import RenderOptions, StrobeOptions
from fineparser_core.records import ComparedDive
from fineparser_core.video.alignment import Alignment
from fineparser_gui.dives.session import Session
from fineparser_gui.export.exports import dive_title, file_stem, is_named, named_file
from fineparser_gui.export.report_page import ReportPage
from fineparser_gui.player.drawings import Drawing
from fineparser_gui.preferences.records import Preferences
from fineparser_gui.store.save_path import ask_save_path
from fineparser_gui.support.formatting import alignment_text, speed_text
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import add_form_row, choice_box, form_of, label, lay_out, show_whole_entries

_SPEEDS = (1.0, 0.5, 0.25, 0.125)
_ROW_PX = 34
_CLIP, _SHEET, _STILL, _TABLE, _REPORT, _STROBE = range(6)
#: Numbers of bodies that can be chosen beside the usual number.
_BODIES = (4, 5, 6, 8, 10, 12, 16, 20)


class _Picture(NamedTuple):
    """Choices for a picture; `boxes` by the names of `RenderOptions`."""

    boxes: dict[str, QCheckBox]
    drawings: QCheckBox
    beside: QComboBox
    arranged: QComboBox | None


class ExportDialog(QDialog):
    """A list of export types, and the options of the selected type beside it.

    Args:
        frame: frame at the playhead.
        preferences: style of masks and colors of steps.
        selected: keys of the dives that are selected in the list.
        strobe: whether the strobe picture is chosen first.
    """

    def __init__(
        self,
        session: Session,
        frame: int,
        preferences: Preferences,
        parent: QWidget,
        selected: Sequence[str] = (),
        *,
        strobe: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export"))
        self._session, self._frame, self._preferences = session, frame, preferences
        assert session.current is not None
        self._dive = session.current
        self.kinds = QListWidget(accessibleName=self.tr("Export type"))
        self.kinds.setFixedWidth(168)
        self.kinds.addItems([self.tr("Annotated clip"), self.tr("Contact sheet"), self.tr("This frame")])
        self.kinds.addItems([self.tr("Table or data"), self.tr("Report"), self.tr("Strobe picture")])
        for row in range(self.kinds.count()):
            self.kinds.item(row).setSizeHint(QSize(0, _ROW_PX))
        self.pages, self.pictures = QStackedWidget(), dict[int, _Picture]()
        self.report = ReportPage(session, selected, self._beside_box(best=True))
        for page in (
            self._clip_page(),
            self._sheet_page(),
            self._still_page(),
            self._table_page(),
            self.report,
            self._strobe_page(),
        ):
            self.pages.addWidget(page)
        self.kinds.currentRowChanged.connect(self._on_kind)
        self.buttons, self.go = deciding_buttons(self, self.tr("Export…"), self._on_accepted)
        middle = lay_out(QHBoxLayout(spacing=16), self.kinds, (self.pages, 1))
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(14, 14, 14, 14), spacing=12), (middle, 1), self.buttons)
        self.resize(QSize(690, 360).expandedTo(self.sizeHint()))
        first = _STROBE if strobe else _CLIP
        self.kinds.setCurrentRow(first if self._dive.analysis is not None else _TABLE)

    def _clip_page(self) -> QWidget:
        self.whole_file = choice_box([(self.tr("this dive"), False), (self.tr("the whole file"), True)])
        usual, slow = self.tr("normal"), self.tr("slow motion, {0}")
        self.speed = choice_box((usual if one == 1 else slow.format(speed_text(one)), one) for one in _SPEEDS)
        self.clip_sound = QCheckBox(self.tr("Sound of the video"), checked=True)
        self.clip_sound.setToolTip(self.tr("In time with the picture, where the video has any. Slow motion is silent."))
        self.speed.currentIndexChanged.connect(lambda: self.clip_sound.setEnabled(self.speed.currentData() == 1))
        what = self.tr("An MP4 video with every frame at its original time. The model's name is written on it.")
        rows = self._rows(_CLIP, self._picture("mask", "skeleton", "panels"))
        speed = (self.tr("S&peed"), self.speed)
        return self._page(what, (self.tr("&Frames"), self.whole_file), *rows, speed, ("", self.clip_sound))

    def _sheet_page(self) -> QWidget:
        what = self.tr(
            "A picture with three moments of each phase, cropped to the diver, and the score below. A frame with "
            "drawings replaces the moment nearest to it."
        )
        return self._page(what, *self._rows(_SHEET, self._picture("skeleton", best=True)))

    def _still_page(self) -> QWidget:
        what = self.tr("A picture of frame {0}, at the playhead.").format(self._frame)
        rows = self._rows(_STILL, self._picture("mask", "skeleton", "panels"))
        if self._dive.analysis is None:
            for box in self.pictures[_STILL].boxes.values():
                box.setChecked(False)
            bare = self.tr("The dive is not analysed yet, so only the frame and its drawings are written.")
            return self._page(f"{what} {bare}", (self.tr("Show"), self.pictures[_STILL].drawings))
        return self._page(what, *rows)

    def _picture(self, *shown: str, best: bool = False) -> _Picture:
        """Return the choices of a picture; with the `best` exemplar, both are always shown side by side."""
        texts = {
            "mask": self.tr("Mask on the diver"),
            "skeleton": self.tr("Skeleton and path"),
            "panels": self.tr("Phases, timeline, score and contributions"),
        }
        boxes = {
            name: QCheckBox(texts[name], checked=name != "skeleton" or self._preferences.skeleton) for name in shown
        }
        beside = self._beside_box(best=best)
        return _Picture(boxes, self._drawings_box(beside), beside, None if best else self._arranged_box(beside))

    def _rows(self, kind: int, picture: _Picture) -> list[tuple]:
        """Return the rows of a page for the choices of a picture."""
        self.pictures[kind] = picture
        shown = (self.tr("Show"), *picture.boxes.values(), picture.drawings)
        if picture.arranged is None:
            return [shown, (self.tr("&Side by side with"), picture.beside)]
        return [shown, (self.tr("&Compare with"), picture.beside), (self.tr("Sho&wn"), picture.arranged)]

    def _table_page(self) -> QWidget:
        every = self.tr("all dives of the session ({0})").format(len(self._session.keys))
        self.scope = choice_box([(every, True), (self.tr("this dive"), False)])
        self.table_drawings = self._drawings_box()
        csv = self.tr("CSV: a spreadsheet table, one row per dive"), ".csv"
        self.table_format = choice_box([csv, (self.tr("JSON: all numbers, for other programs"), ".json")])
        what = self.tr(
            "Dive, diver, phases, score, spread and contributions. Points of different dive numbers or boards cannot "
            "be compared."
        )
        dives, form = (self.tr("&Dives"), self.scope), (self.tr("&Format"), self.table_format)
        return self._page(what, dives, form, (self.tr("Include"), self.table_drawings))

    def _strobe_page(self) -> QWidget:
        forms = [(self.tr("one picture"), ".png"), (self.tr("a clip in which it builds up"), ".mp4")]
        self.strobe_format = choice_box(forms)
        self.bodies = choice_box([(self.tr("as many as can be told apart"), None), *((str(n), n) for n in _BODIES)])
        self.strobe_shown = {
            "path": QCheckBox(self.tr("Path of the body's centre"), checked=True),
            "heights": QCheckBox(self.tr("Heights over the water"), checked=True),
            "rotation": QCheckBox(self.tr("Somersaults so far"), checked=True),
            "outline": QCheckBox(self.tr("Outline of each body"), checked=True),
        }
        what = self.tr(
            "The diver at equal times along the path on one background, from the take-off to the water. The camera may "
            "follow the dive."
        )
        form, bodies = (self.tr("&Format"), self.strobe_format), (self.tr("&Bodies"), self.bodies)
        return self._page(what, form, bodies, (self.tr("Show"), *self.strobe_shown.values()))

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

    def _beside_box(self, *, best: bool = False) -> QComboBox:
        """Return the choice of the dive beside; at first the compared dive or, with `best`, the best exemplar."""
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(28)
        box.addItem(self.tr("nothing"), None)
        comparing = self._session.comparing
        compared = comparing.sides[1] if comparing.others else None
        exemplar = self._session.best_exemplar() if best and compared is None else None
        candidates = comparing.candidates()
        if compared is not None and compared not in candidates:  # a dive of the history
            candidates.insert(0, compared)
        for candidate in candidates:
            box.addItem(candidate.title, candidate)
            if candidate == compared or (exemplar and candidate.exemplar_id == exemplar.id):
                box.setCurrentIndex(box.count() - 1)
        show_whole_entries(box)
        return box

    def _drawings_box(self, beside: QComboBox | None = None) -> QCheckBox:
        """Return the check box for drawings, enabled if the dive, the dive beside, or any dive has drawings."""
        box = QCheckBox(self.tr("Drawings and notes"), enabled=False)

        def follow() -> None:
            if beside is not None:
                drawn = bool(self._dive.drawings or self._drawn_beside(beside))
            else:
                drawn = any(self._session.dive(key).drawings for key in self._session.keys)
            if drawn != box.isEnabled():  # else keeps the user's choice
                box.setEnabled(drawn)
                box.setChecked(drawn)
                box.setToolTip("" if drawn else self.tr("There are no drawings."))

        if beside is not None:
            beside.currentIndexChanged.connect(follow)
        follow()
        return box

    def _drawn_beside(self, beside: QComboBox) -> tuple[Drawing, ...]:
        """Return the drawings on the dive that is chosen in `beside`."""
        candidate = beside.currentData()
        if candidate is not None and candidate.exemplar_id is not None:
            return self._session.exemplar_drawings.get(candidate.exemplar_id, ())
        known = candidate is not None and candidate.key in self._session.keys
        return self._session.dive(candidate.key).drawings if known else ()

    def _on_kind(self, kind: int) -> None:
        self.pages.setCurrentIndex(kind)
        analyzed = self._dive.analysis is not None
        self.go.setEnabled(analyzed or kind == _TABLE or (kind == _STILL and self._dive.info is not None))
        self.go.setToolTip("" if self.go.isEnabled() else self.tr("The dive is not analysed yet."))

    def _on_accepted(self) -> None:
        kind = self.kinds.currentRow()
        if kind == _TABLE:
            suffix = self.table_format.currentData()
            stem = self.tr("dives") if self.scope.currentData() else file_stem(self._dive)
        elif kind == _REPORT:
            suffix = self.report.suffix
            stem = named_file(self.tr("{0} report").format(self.report.file_stem))
        elif kind == _STROBE:
            suffix = self.strobe_format.currentData()
            stem = self.tr("{0} strobe").format(self._dive.path.stem)
        else:
            suffix = ".mp4" if kind == _CLIP else ".png"
            stem = self._stem(kind)
        suffixes = (".png", ".jpg", ".jpeg") if suffix == ".png" else (suffix,)
        path = ask_save_path(self, self._dive.path.absolute().parent / f"{stem}{suffix}", suffixes)
        if path is not None:
            self._start(kind, path)
            self.accept()

    def _stem(self, kind: int) -> str:
        stem = file_stem(self._dive)
        if kind == _CLIP and is_named(self._dive):
            return stem
        if kind == _STILL:
            return self.tr("{0} frame {1}").format(stem, self._frame)
        return (self.tr("{0} annotated") if kind == _CLIP else self.tr("{0} phases")).format(stem)

    def _start(self, kind: int, path: Path) -> None:
        exports, key = self._session.exports, self._dive.key
        if kind == _CLIP:
            how = {"speed": self.speed.currentData(), "sound": self.clip_sound.isChecked()}
            exports.clip(key, path, self._options(kind, **how), whole_file=self.whole_file.currentData())
        elif kind == _SHEET:
            exports.contact_sheet(key, path, self._options(kind))
        elif kind == _STILL:
            exports.still(key, self._frame, path, self._options(kind))
        elif kind == _REPORT:
            exports.report(self.report.dives(self._beside(self.report.beside)), path, self.report.title)
        elif kind == _STROBE:
            shown = {name: box.isChecked() for name, box in self.strobe_shown.items()}
            strobe = StrobeOptions(bodies=self.bodies.currentData(), title=dive_title(self._dive), **shown)
            exports.strobe(key, path, strobe)
        else:
            keys = self._session.keys if self.scope.currentData() else [key]
            exports.table(keys, path, drawings=self.table_drawings.isChecked())

    def _arranged_box(self, beside: QComboBox) -> QComboBox:
        """Return the choice of the arrangement with the dive beside; at first as in the window."""
        comparing = self._session.comparing
        names = self.tr("side by side, {0}"), self.tr("bodies over one another, {0}")
        box = choice_box(
            (name.format(alignment_text(alignment)), (bool(overlaid), alignment))
            for overlaid, name in enumerate(names)
            for alignment in Alignment
            if alignment is not Alignment.MANUAL
        )
        shown = (comparing.overlaid, comparing.alignment)
        box.setCurrentIndex(next((at for at in range(box.count()) if box.itemData(at) == shown), 0))
        beside.currentIndexChanged.connect(lambda at: box.setEnabled(at > 0))
        box.setEnabled(beside.currentIndex() > 0)
        return box

    def _options(self, kind: int, **others: object) -> RenderOptions:
        """Return the choices for a picture, and other options."""
        picture = self.pictures[kind]
        drawn = picture.drawings.isChecked()
        overlaid, alignment = picture.arranged.currentData() if picture.arranged else (False, Alignment.STEPS)
        return RenderOptions(
            mask_style=self._preferences.mask_style,
            step_colors=self._preferences.step_colors,
            marks=self._dive.drawings if drawn else (),
            comparison=self._beside(picture.beside),
            comparison_marks=self._drawn_beside(picture.beside) if drawn else (),
            alignment=alignment,
            overlaid=overlaid,
            title=dive_title(self._dive),
            **{name: box.isChecked() for name, box in picture.boxes.items()},
            **others,
        )

    def _beside(self, box: QComboBox) -> ComparedDive | None:
        candidate = box.currentData()
        return self._session.comparing.compared(candidate) if candidate is not None else None
