"""The library beside the dives: its table in a dock, and what fills it."""

from collections.abc import Callable, Sequence
from math import nan
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QHideEvent, QShowEvent, QUndoStack
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenuBar,
    QStackedWidget,
    QWidget,
)

from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.exemplars.records import Exemplar, ExemplarFacts
from fineparser_gui.commands.registry import ActionRegistry
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.library.add_exemplars import AddExemplarsPage
from fineparser_gui.library.exemplar_form import ExemplarForm, official_text
from fineparser_gui.library.panel import LibraryPanel
from fineparser_gui.store.save_path import videos_filter
from fineparser_gui.support.formatting import name_of
from fineparser_gui.support.icons import icon
from fineparser_gui.support.widgets import follow_palette, icon_button, label, lay_out

#: Place of the page that adds many dives, behind the table and the form.
_MANY = 2


class LibraryDock(QDockWidget):
    """Dock that is hidden until it is opened; it can be moved to another side, or out of the window.

    Attributes:
        form: fields of the exemplar that is added or edited.
    """

    def __init__(self, session: Session, window: QMainWindow, actions: ActionRegistry) -> None:
        super().__init__(window)
        self.setWindowTitle(self.tr("Exemplar library"))
        self.setObjectName("library")
        self._session, self._window = session, window
        self.panel = LibraryPanel(session)
        self.panel.add_clip_requested.connect(self.add_clip)
        self.panel.add_dive_requested.connect(self.add_dive)
        self.panel.edit_requested.connect(self._edit)
        self.form = ExemplarForm(session.library.numbers)
        self.form.over.connect(self._show_page)
        self._pages = QStackedWidget()
        for page in (self.panel, self.form):
            self._pages.addWidget(page)
        self.setWidget(self._pages)
        actions["sort_library"].setMenu(self.panel.sorting)
        self._close = icon_button(self.tr("Close the library"), self.close)
        title = QWidget(objectName="dockTitle")
        title.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(title, contentsMargins=QMargins(14, 3, 8, 3))
        lay_out(row, (label(self.windowTitle(), "title"), 1), self._close)
        self.setTitleBarWidget(title)
        follow_palette(self, self._color_icons)
        self._color_icons()
        self._edits = session.library.edits, session.editing.edits
        for edits in self._edits:
            edits.indexChanged.connect(lambda _, edits=edits: self._on_edited(edits))
        QApplication.instance().focusChanged.connect(self._on_focus_changed)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self)
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._session.library.entries:  # the first list comes from the worker unasked
            self._session.library.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._session.edits.setActiveStack(self._session.editing.edits)

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        """Undo applies to the library while it has the focus; the focus of a menu is ignored."""
        if now is not None and not isinstance(now, QMenuBar):
            own, others = self._edits
            self._session.edits.setActiveStack(own if self.isAncestorOf(now) else others)

    def _on_edited(self, edits: QUndoStack) -> None:
        """Activate the history of the latest edit: a drag edits a dive without taking the focus from the library."""
        focused = QApplication.focusWidget()
        if edits is self._session.editing.edits or (focused is not None and self.isAncestorOf(focused)):
            self._session.edits.setActiveStack(edits)

    def _color_icons(self) -> None:
        self._close.setIcon(icon("close", self.palette().text().color().name()))

    def show_number(self, dive_number: str) -> None:
        """Open the library at a dive number."""
        self.show()
        self.panel.show_number(dive_number)

    def add_clip(self) -> None:
        """Ask for videos and the facts of their dives, and add them; several are shown first, each with its phases."""
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Clips of dives"), "", videos_filter())
        if len(names) == 1:
            self.ask_about(Path(names[0]))
        elif names:
            self.preview([Path(name) for name in names])

    def preview(self, paths: list[Path]) -> AddExemplarsPage:
        """Open clips in the session, and ask for the scores of all of them."""
        there = {dive.path: dive.key for dive in self._session.dives}
        coming = [path for path in paths if path not in there]
        page = self._add_many([there[path] for path in paths if path in there], coming)
        self._session.open(coming)
        return page

    def add_dives(self, keys: list[str]) -> None:
        """Ask for the official scores of dives of the session, or of the current dive, and add them."""
        if len(keys) > 1:
            self._add_many(keys)
        else:
            self.add_dive()

    def _add_many(self, keys: Sequence[str], coming: Sequence[Path] = ()) -> AddExemplarsPage:
        """Show the page that adds many dives, in place of the table and of an earlier page."""
        page = AddExemplarsPage(self._session, keys, coming=coming)
        page.over.connect(lambda: self._remove(page))
        if (earlier := self._pages.widget(_MANY)) is not None:
            self._remove(earlier)
        self._pages.addWidget(page)
        self._show_page()
        self.show()
        return page

    def _remove(self, page: QWidget) -> None:
        self._pages.removeWidget(page)
        page.deleteLater()
        self._show_page()

    def _show_page(self) -> None:
        """Show the page that adds many dives, or the table where there is none."""
        self._pages.setCurrentIndex(_MANY if self._pages.count() > _MANY else 0)

    def ask_about(self, path: Path) -> ExemplarForm:
        """Ask for the facts of a clip, and add it."""
        named = parse_file_name(path.stem)
        known = ExemplarFacts(
            dive_number=named.dive_number or "", board_m=named.board_m, score=nan, diver=named.diver or ""
        )
        return self._ask(
            self.tr("Add a clip to the library"),
            lambda facts: self._session.library.add_clip(path, *self.form.frames, facts),
            known,
            clip=path,
        )

    def add_dive(self) -> ExemplarForm | None:
        """Ask for the official score of the current dive, and add it."""
        dive = self._session.current
        if dive is None or dive.state is not DiveState.READY:
            return None
        key = dive.key
        known = ExemplarFacts(
            dive_number=dive.dive_number or "",
            board_m=dive.board_m,
            score=nan,
            diver=dive.diver,
            dived_on=dive.dived_on or None,
            synchro=dive.synchro,
        )
        title = self.tr("Add {0} to the library").format(dive.path.name)
        return self._ask(title, lambda facts: self._add(key, facts), known, marks=official_text(dive))

    def _add(self, key: str, facts: ExemplarFacts) -> None:
        if key in self._session.keys:
            self._session.library.add_dive(self._session.dive(key), facts)

    def _edit(self, exemplar: Exemplar) -> None:
        title = self.tr("Edit {0}").format(name_of(exemplar))
        self._ask(title, lambda facts: self._session.library.edit(exemplar.id, facts), exemplar.facts)

    def _ask(
        self, title: str, accept: Callable[[ExemplarFacts], None], known: ExemplarFacts, **more: Any
    ) -> ExemplarForm:
        self.show()
        self._pages.setCurrentWidget(self.form)
        self.form.ask(title, accept, known, **more)
        return self.form
