"""Presses everything that can be pressed, and tells what failed.

What there is to press is found in the tree of widgets. A dialog or a menu that opens is pressed through before the next
thing, and opened again until nothing in it is left.
"""

import functools
import re
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCalendarWidget,
    QComboBox,
    QFileDialog,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QListView,
    QMenu,
    QMenuBar,
    QMessageBox,
    QTabBar,
    QTableView,
    QWidget,
)
from shiboken6 import isValid

from fineparser_core.language import without_mnemonic
from fineparser_core.video.files import VIDEO_SUFFIXES
from fineparser_gui.poolside.window import PoolsideWindow
from fineparser_gui.score.moment_strip import MomentStrip
from fineparser_gui.shell.catalog import CATALOG

#: The same in each menu that has them.
COMMANDS = {spec.id for spec in CATALOG}
_OWN = "fineparser_gui"
_PRESSED = ("mousePressEvent", "mouseReleaseEvent", "mouseDoubleClickEvent")
#: Of a list that is longer than the second: so many at its beginning, and the last.
_ENTRIES, _FEW = 2, 5
_TIME = r"\d\d:\d\d(:\d\d)?"
_TRIES, _WAIT_MS = 8, 20
_LEFT = Qt.MouseButton.LeftButton
#: Place of the page of the history.
_HISTORY = 2
_SCHEMES = ("http", "https", "file", "mailto")


@dataclass(frozen=True)
class Control:
    """Something to press: its name, which is the same in each run, its widget, and what presses it."""

    name: str
    widget: QWidget
    press: Callable[[], object]


#: What can be pressed of a widget: what is written on it, and what presses it.
Place = tuple[str, Callable[[], object]]


def windows():
    """Windows that can be pressed: the popup above all others, else the modal one."""
    if popup := QApplication.activePopupWidget():
        return [popup]
    modal = QApplication.activeModalWidget()
    return [modal] if modal is not None else shown()


def shown():
    """Windows on the screen."""
    return [one for one in QApplication.topLevelWidgets() if one.isVisible() and not _is_tip(one)]


def _is_tip(window):
    return window.windowType() in (Qt.WindowType.ToolTip, Qt.WindowType.SplashScreen)


def controls(window, opener=""):
    """Everything in a window that can be pressed now.

    Args:
        opener: name of what has opened it; of a window that has no class of our own it is part of the names.
    """
    counted: Counter[str] = Counter()
    found = []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.window() is not window or not widget.isVisible() or not widget.isEnabled() or _is_part(widget):
            continue
        for text, act in _places(widget):
            command = isinstance(widget, QMenu) and text in COMMANDS
            name = f"command {text}" if command else f"{_path(widget, opener)} › {text}"
            counted[name] += 1
            found.append(Control(name if counted[name] == 1 else f"{name} ({counted[name]})", widget, act))
    return found


def _is_part(widget):
    """Whether it belongs to a larger widget of Qt's, which is pressed as a whole."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QCalendarWidget):
            return True
        parent = parent.parentWidget()
    return type(widget).__name__ == "QTableCornerButton"


def _path(widget, opener):
    """The window and the widgets of our own around a widget."""
    own: list[str] = []
    at: QWidget | None = widget
    while at is not None:
        if at.isWindow() or type(at).__module__.startswith(_OWN):
            own.append(type(at).__name__ if _own_kinds(type(at)) or not opener else opener)
        if at.isWindow():
            break
        at = at.parentWidget()
    return "/".join(reversed(own))


def _said(widget):
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    name = text or widget.accessibleName() or widget.objectName() or widget.toolTip() or type(widget).__name__
    return without_mnemonic(name).strip()


def _click(widget, at=None, button=_LEFT):
    surface = widget.viewport() if isinstance(widget, QAbstractItemView | QGraphicsView) else widget
    QTest.mouseClick(surface, button, Qt.KeyboardModifier.NoModifier, at() if at else surface.rect().center())


def _places(widget):
    if isinstance(widget, QAbstractButton):
        yield _said(widget), widget.click
    elif isinstance(widget, QComboBox):
        for place in _some(widget.count()):
            yield f"{_said(widget)} {widget.itemText(place)}", functools.partial(_choose, widget, place)
    elif isinstance(widget, QAbstractSpinBox):
        if not widget.isReadOnly():
            yield f"{_said(widget)} up", widget.stepUp
            yield f"{_said(widget)} down", widget.stepDown
    elif isinstance(widget, QTabBar):
        for tab in range(widget.count()):
            if widget.isTabEnabled(tab) and widget.isTabVisible(tab):
                yield f"tab {widget.tabText(tab)}", functools.partial(widget.setCurrentIndex, tab)
    elif isinstance(widget, QMenuBar | QMenu):
        can = [one for one in widget.actions() if one.isVisible() and one.isEnabled() and not one.isSeparator()]
        if isinstance(widget, QMenu) and not any(one.objectName() for one in can):
            can = [can[place] for place in _some(len(can))]
        for action in can:
            text = action.objectName() or without_mnemonic(action.text().partition("\t")[0])
            yield text, functools.partial(_click, widget, lambda action=action: widget.actionGeometry(action).center())
    elif isinstance(widget, QHeaderView):
        if widget.sectionsClickable() and widget.isSortIndicatorShown():
            for section in (one for one in range(widget.count()) if not widget.isSectionHidden(one)):
                title = widget.model().headerData(section, widget.orientation())
                yield f"header {title or section}", functools.partial(widget.sectionClicked.emit, section)
    elif isinstance(widget, QAbstractItemView):
        yield from _entries(widget)
    elif isinstance(widget, QLabel):
        for link in re.findall('<a href="([^"]*)"', widget.text()):
            yield f"link {link}", functools.partial(widget.linkActivated.emit, link)
    elif isinstance(widget, QGraphicsView):
        yield from _items(widget)
    elif isinstance(widget, MomentStrip):
        for at in range(len(widget.pictures)):
            yield (
                f"{_said(widget)} {at}",
                functools.partial(_click, widget, lambda at=at: widget._place(at).center().toPoint()),
            )
    elif any(name in vars(kind) for kind in _own_kinds(type(widget)) for name in _PRESSED):
        yield _said(widget), functools.partial(_click, widget)
    own_menu = any("contextMenuEvent" in vars(kind) for kind in _own_kinds(type(widget)))
    if own_menu or widget.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu:
        yield f"{_said(widget)}, right button", functools.partial(_click, widget, button=Qt.MouseButton.RightButton)


def _choose(box, place):
    box.setCurrentIndex(place)
    box.activated.emit(place)


@functools.cache
def _own_kinds(kind):
    return [one for one in kind.__mro__ if one.__module__.startswith(_OWN)]


def _some(count):
    """Places of a few of many."""
    return sorted({*range(min(count, _ENTRIES)), count - 1}) if count > _FEW else list(range(count))


def _entries(view):
    model = view.model()
    if model is None:
        return
    root = view.rootIndex()
    if isinstance(view, QTableView):
        column = next((one for one in range(model.columnCount()) if not view.isColumnHidden(one)), 0)
        rows = [row for row in range(model.rowCount()) if not view.isRowHidden(row)]
    else:
        column = view.modelColumn() if isinstance(view, QListView) else 0
        rows = list(range(model.rowCount(root)))
    for place in _some(len(rows)):
        index = model.index(rows[place], column, root)
        if not index.flags() & Qt.ItemFlag.ItemIsEnabled:
            continue
        text = str(index.data() or "").splitlines()
        name = re.sub(_TIME, "time", f"{_said(view)} row {text[0] if text else ''}".rstrip())
        yield name, functools.partial(_click, view, lambda index=index: _entry(view, index))


def _entry(view, index):
    view.scrollTo(index)
    return view.visualRect(index).intersected(view.viewport().rect()).center()


def _items(view):
    """Items of our own that take presses or drags."""
    taken = (*_PRESSED, "mouseClickEvent", "mouseDragEvent")
    for item in view.items():
        kinds = _own_kinds(type(item))
        if not kinds or not any(name in vars(kind) for kind in kinds for name in taken) or not item.isVisible():
            continue

        def at(item=item):
            shown = view.mapFromScene(item.sceneBoundingRect()).boundingRect().intersected(view.viewport().rect())
            return shown.center()

        if view.viewport().rect().contains(at()):
            yield type(item).__name__, functools.partial(_click, view, at)


@dataclass
class Presses:
    """What was pressed, and what came of it.

    Attributes:
        pressed: names of controls.
        faults: what was raised or warned of, by the name of a control.
        via: all that was seen, each with the control whose press has brought it; "" where it was there before.
        tries: how often something was pressed for the sake of a control.
    """

    pressed: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)

    def next(self, found):
        """What is to be pressed next of what is found: what came last first, or what brings it again."""
        there = {one.name: one for one in found}
        for name in reversed([one for one in self.via if one not in self.pressed and self.tries[one] < _TRIES]):
            at = name
            while at and at not in there:
                at = self.via.get(at, "")
            if at:
                self.tries[name] += 1
                return there[at]
        return None


class Spoilt(Exception):
    """The window is no more in the state in which all is to be pressed."""


#: What was pressed in another state.
_pressed_elsewhere: set[str] = set()


def facts(studio, base):
    """What a state consists of: what can be pressed depends on it."""
    session, window = studio.session, studio.window
    current, pools = session.current, window.findChildren(PoolsideWindow)
    return (
        base.isVisible(),
        window._pages.currentIndex(),
        [dive.state for dive in session.dives],
        current is not None and (current.key, current.analysis is not None, current.busy, current.corrected),
        session.comparing.beside,
        window.full_screen.on,
        [(pool.recording, pool.stage.tile is not None) for pool in pools],
        len(session.meet.rows),
        len(session.exports.exports),
    )


class Presser:
    """Presses everything in the windows of one state.

    Args:
        studio: the program, in that state.
        base: the window in which all is pressed.
        done: the presses so far, which go on in another window of the same state.
        qtbot, qtlog: those of the test.
        within: what the names of controls of the base begin with.
    """

    def __init__(self, studio, base, done, qtbot, qtlog, within=("",)):
        self._within = within
        self._studio, self._base, self._done = studio, base, done
        self._qtbot, self._qtlog = qtbot, qtlog
        self._openers: dict[int, str] = {}
        self._facts = facts(studio, base)
        session = studio.session
        self._keys = session.keys
        self._n_edits = session.editing.edits.n_done
        self._key = session.current.key if session.current is not None else None
        self._comparing = session.comparing.beside is not None
        self._page = studio.window._pages.currentIndex()

    def explore(self, window, opener=""):
        """Press what is in a window, and what opens by that, until it is gone or nothing is left.

        Raises:
            Spoilt: of the state's own window, which has no opener.
        """
        via = opener
        while isValid(window) and window in windows():
            found = controls(window, opener)
            self._meet(window, found, via)
            if (control := self._done.next(found)) is None:
                return
            self._press(control)
            via = control.name
            if not opener and not self._holds() and not self._restored():
                raise Spoilt

    def _holds(self):
        return isValid(self._base) and facts(self._studio, self._base) == self._facts

    def _restored(self):
        """Undo what was done and show what was shown; returns whether that brings the state back."""
        if not isValid(self._base) or self._base.isHidden():
            return False
        studio, stack = self._studio, self._studio.session.editing.edits
        window, session = studio.window, studio.session
        while stack.n_done > self._n_edits:
            stack.undo()
        window.full_screen.use(False)
        if window._pages.currentIndex() != self._page:
            window.show_history(self._page == _HISTORY)
        if not self._comparing:
            session.comparing.end()
        for key in session.keys:
            if key not in self._keys:
                session.remove(key)
        if self._key is not None and session.find(self._key) is not None:
            session.select(self._key)
        QTest.qWait(_WAIT_MS)
        return self._holds()

    def _press(self, control):
        done, name, there = self._done, control.name, {id(one) for one in shown()}
        n_said, depth, looked = len(self._qtlog.records), QThread.currentThread().loopLevel(), False
        done.pressed.add(name)

        def see():
            """Press what has opened; within the event loop of what has opened, if it has one."""
            nonlocal looked
            if looked:
                return
            looked = True
            opened = [one for one in shown() if id(one) not in there]
            self._openers |= {id(one): name for one in opened}
            for window in opened:
                self._meet(window, controls(window, name), name)
            for window in reversed(opened):
                if isValid(window) and window.isVisible():
                    self.explore(window, name)
                    if isValid(window) and window.isVisible():
                        close(window)

        timer = QTimer(interval=0)
        timer.timeout.connect(lambda: (timer.stop(), see()) if QThread.currentThread().loopLevel() > depth else None)
        timer.start()
        with self._qtbot.capture_exceptions() as raised:
            try:
                control.press()
                timer.stop()
                QTest.qWait(_WAIT_MS)
                see()
            except Spoilt:
                raise
            except Exception:  # of a method that Qt has called
                done.faults[name] = traceback.format_exc()
            finally:
                timer.stop()
        if raised:
            done.faults[name] = "; ".join(repr(error) for _, error, _ in raised)
        said = [one.message for one in self._qtlog.records[n_said:] if one.matches_level("WARNING") and not one.ignored]
        if said:
            done.faults.setdefault(name, "; ".join(said))

    def _meet(self, window, found, via):
        """Note what there is to press; in dialogs, only what was not pressed in another state."""
        in_base = window is self._base or (
            _is_popup(window) and via.startswith((type(self._base).__name__, "command "))
        )
        if in_base and not self._holds():
            return
        known = _pressed_elsewhere if window is not self._base and _own_kinds(type(window)) else set[str]()
        beginnings = self._within if window is self._base else ("",)
        names = [one.name for one in found if one.name not in known and one.name.startswith(beginnings)]
        for name in names:
            self._done.via.setdefault(name, via)


def press_everything(make, qtbot, qtlog, within=("",)):
    """Press everything of a state, which is made anew whenever a press has spoilt it.

    Args:
        make: a context of the program and the window to press in.
        within: see `Presser`.
    """
    done = Presses()
    while True:
        tried = done.tries.total()
        with make() as (studio, window), suppress(Spoilt):
            Presser(studio, window, done, qtbot, qtlog, within).explore(window)
        if tried == done.tries.total():
            _pressed_elsewhere.update(done.pressed)
            return done


def _is_popup(window):
    return window.windowType() == Qt.WindowType.Popup


def close(window):
    """Close a window, whatever it asks."""
    window.close()
    if isValid(window) and window.isVisible() and isinstance(window, QMessageBox):
        window.done(0)


class Desktop(QObject):
    """Stands for what the desktop is asked for: files and colours, which are chosen, and pages in a browser.

    Args:
        folder: of what is chosen.
        video: which is chosen where any file will do.
    """

    def __init__(self, monkeypatch, folder, video):
        super().__init__()
        self._folder, self._video = folder, video
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given, **_: (self._open(*given), ""))
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *given, **_: ([self._open(*given)], ""))
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given, **_: (self._save(*given), ""))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: self._choose_folder())
        for scheme in _SCHEMES:
            QDesktopServices.setUrlHandler(scheme, self, "browse")

    def close(self):
        """Let the desktop open pages again."""
        for scheme in _SCHEMES:
            QDesktopServices.unsetUrlHandler(scheme)

    @Slot(QUrl)
    def browse(self, url: QUrl) -> None:
        """Open no page."""

    def _open(self, _, title="", folder="", pattern="", *__):
        suffix = (re.findall(r"\*(\.\w+)", pattern) or [".mp4"])[0]
        if suffix in VIDEO_SUFFIXES:
            return str(self._video)
        path = self._folder / f"chosen{suffix}"
        path.write_text("athlete,dive\nAnna,103B\n", encoding="utf-8")
        return str(path)

    def _save(self, _, title="", proposed="", *__):
        return str(self._folder / Path(proposed).name)

    def _choose_folder(self):
        (self._folder / "chosen").mkdir(exist_ok=True)
        return str(self._folder / "chosen")
