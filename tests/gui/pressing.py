"""Presses everything that can be pressed, with the mouse, and tells what came of it.

What there is to press is found in the tree of widgets. A dialog or a menu that opens is pressed through before the next
thing, and opened again until nothing in it is left.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPoint, Qt, QThread, QTimer, QUrl, SignalInstance, Slot
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QTextCursor, QTextDocument, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCalendarWidget,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QFileDialog,
    QGraphicsObject,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMenuBar,
    QMessageBox,
    QRadioButton,
    QScrollArea,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionSpinBox,
    QTabBar,
    QTableView,
    QTextBrowser,
    QWidget,
)
from shiboken6 import isValid

from fineparser_core.language import without_mnemonic
from fineparser_core.video.files import VIDEO_SUFFIXES
from fineparser_gui.poolside.window import PoolsideWindow
from fineparser_gui.score.moment_strip import MomentStrip
from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.layout import Corner

#: The same in each menu that has them.
COMMANDS = {spec.id for spec in CATALOG}
#: Added to the name of a control that asked for a file, where a file is chosen.
ANSWERED = ", answered"
_OWN = "fineparser_gui"
_PRESSED = ("mousePressEvent", "mouseReleaseEvent", "mouseDoubleClickEvent")
#: Of a list that is longer than the second: so many at its beginning, and the last.
_ENTRIES, _FEW = 3, 12
_TIME = r"\d\d:\d\d(:\d\d)?"
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_LOOKS, _FEW_LOOKS, _LOOK_MS, _LAID_OUT_MS = 60, 3, 20, 300
_TRIES = 8
_DEPTH, _MOST_ROWS = 4, 100
#: Attributes that change with any click.
_FOLLOW_THE_MOUSE = {"_focused", "_started_s"}
#: Classes whose private attributes change by themselves.
_FOLLOW_THE_CLOCK = {"Clock", "FrameDecoder", "HistoryService", "Keeping", "MirrorFeed", "VoiceOvers"}
_SIMPLE = {type(None), bool, int, float, str, bytes}
#: Place of the page of the history.
_HISTORY = 2
_SCHEMES = ("http", "https", "file", "mailto")


@dataclass(frozen=True)
class Control:
    """Something to press.

    Attributes:
        name: where it is and what is written on it; the same in each run.
        at: its place in coordinates of its widget, once that is in view.
        chosen: whether a press has nothing to change, as of the row that is the current one.
    """

    name: str
    widget: QWidget
    at: Callable[[], QPoint]
    button: Qt.MouseButton = _LEFT
    chosen: bool = False


#: What can be pressed of a widget: what is written on it, its place, and whether it is chosen already.
Place = tuple[str, Callable[[], QPoint], bool]


def windows() -> list[QWidget]:
    """Windows that can be pressed: the popup above all others, else the modal one."""
    if popup := QApplication.activePopupWidget():
        return [popup]
    modal = QApplication.activeModalWidget()
    return [modal] if modal is not None else shown()


def shown() -> list[QWidget]:
    """Windows on the screen."""
    return [one for one in QApplication.topLevelWidgets() if one.isVisible() and not _is_tip(one)]


def _is_tip(window: QWidget) -> bool:
    return window.windowType() in (Qt.WindowType.ToolTip, Qt.WindowType.SplashScreen)


def controls(window: QWidget, opener: str = "") -> list[Control]:
    """Everything in a window that can be pressed now.

    Args:
        opener: name of what has opened it; of a window that has no class of our own it is part of the names.
    """
    counted: dict[str, int] = {}
    found = []
    for widget in [window, *window.findChildren(QWidget)]:
        if widget.window() is not window or not widget.isVisible() or not widget.isEnabled() or _is_part(widget):
            continue
        for text, at, chosen, button in _places(widget):
            command = isinstance(widget, QMenu) and text in COMMANDS
            name = f"command {text}" if command else f"{_path(widget, opener)} › {text}"
            counted[name] = counted.get(name, 0) + 1
            if counted[name] > 1:
                name += f" ({counted[name]})"
            found.append(Control(name, widget, at, button, chosen))
    return found


def _is_part(widget: QWidget) -> bool:
    """Whether it belongs to a larger widget of Qt's, which is pressed as a whole."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QCalendarWidget):
            return True
        parent = parent.parentWidget()
    return type(widget).__name__ == "QTableCornerButton"


def _path(widget: QWidget, opener: str) -> str:
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


def _said(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    name = text or widget.accessibleName() or widget.objectName() or widget.toolTip() or type(widget).__name__
    return without_mnemonic(name).strip()


def _places(widget: QWidget) -> Iterator[tuple[str, Callable[[], QPoint], bool, Qt.MouseButton]]:
    for place in _left_places(widget):
        yield *place, _LEFT
    own_menu = any("contextMenuEvent" in vars(kind) for kind in _own_kinds(type(widget)))
    if own_menu or widget.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu:
        yield f"{_said(widget)}, right button", lambda: widget.rect().center(), False, _RIGHT


def _left_places(widget: QWidget) -> Iterator[Place]:
    if isinstance(widget, QAbstractButton):
        one_of_some = widget.autoExclusive() or widget.property("role") == "chip"
        yield _said(widget), lambda: _button_centre(widget), one_of_some and widget.isChecked()
    elif isinstance(widget, QComboBox):
        if widget.count():
            yield _said(widget), lambda: _arrow(widget), False
    elif isinstance(widget, QAbstractSpinBox):
        yield from _steppers(widget)
    elif isinstance(widget, QTabBar):
        for tab in range(widget.count()):
            if widget.isTabEnabled(tab) and widget.isTabVisible(tab):
                chosen = tab == widget.currentIndex()
                yield f"tab {widget.tabText(tab)}", lambda tab=tab: widget.tabRect(tab).center(), chosen
    elif isinstance(widget, QMenuBar | QMenu):
        can = [one for one in widget.actions() if one.isVisible() and one.isEnabled() and not one.isSeparator()]
        if isinstance(widget, QMenu) and not any(one.objectName() for one in can):
            can = [can[place] for place in _some(len(can))]
        for action in can:
            text = action.objectName() or without_mnemonic(action.text().partition("\t")[0])
            chosen = action.isChecked() and action.actionGroup() is not None
            yield text, lambda action=action: widget.actionGeometry(action).center(), chosen
    elif isinstance(widget, QHeaderView):
        if widget.sectionsClickable() and widget.isSortIndicatorShown():
            yield from _sections(widget)
    elif isinstance(widget, QAbstractItemView):
        yield from _entries(widget)
    elif isinstance(widget, QLabel):
        if "<a " in widget.text():
            yield "link", lambda: _link_in(widget), False
    elif isinstance(widget, QTextBrowser):
        yield from _anchors(widget)
    elif isinstance(widget, QGraphicsView):
        yield from _items(widget)
    elif isinstance(widget, MomentStrip):
        for at in range(len(widget.pictures)):
            yield f"{_said(widget)} {at}", lambda at=at: widget._place(at).center().toPoint(), False
    elif any(name in vars(kind) for kind in _own_kinds(type(widget)) for name in _PRESSED):
        yield _said(widget), lambda: widget.rect().center(), False


@functools.cache
def _own_kinds(kind: type) -> list[type]:
    return [one for one in kind.__mro__ if one.__module__.startswith(_OWN)]


def _button_centre(button: QAbstractButton) -> QPoint:
    if isinstance(button, QCheckBox | QRadioButton):  # it may be wider than what is written on it
        option = QStyleOptionButton()
        button.initStyleOption(option)
        check = isinstance(button, QCheckBox)
        part = QStyle.SubElement.SE_CheckBoxClickRect if check else QStyle.SubElement.SE_RadioButtonClickRect
        return button.style().subElementRect(part, option, button).center()
    return button.rect().center()


def _arrow(box: QComboBox) -> QPoint:
    if not box.isEditable():
        return box.rect().center()
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxArrow
    return box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).center()


def _steppers(box: QAbstractSpinBox) -> Iterator[Place]:
    if box.buttonSymbols() == QAbstractSpinBox.ButtonSymbols.NoButtons or box.isReadOnly():
        return
    can = box.stepEnabled()
    for word, flag, part in (
        ("up", QAbstractSpinBox.StepEnabledFlag.StepUpEnabled, QStyle.SubControl.SC_SpinBoxUp),
        ("down", QAbstractSpinBox.StepEnabledFlag.StepDownEnabled, QStyle.SubControl.SC_SpinBoxDown),
    ):
        if can & flag:

            def at(part: QStyle.SubControl = part) -> QPoint:
                option = QStyleOptionSpinBox()
                box.initStyleOption(option)
                return box.style().subControlRect(QStyle.ComplexControl.CC_SpinBox, option, part, box).center()

            yield f"{_said(box)} {word}", at, False


def _sections(header: QHeaderView) -> Iterator[Place]:
    model, across = header.model(), header.orientation() == Qt.Orientation.Horizontal
    for section in range(header.count()):
        if header.isSectionHidden(section):
            continue
        title = model.headerData(section, header.orientation())

        def at(section: int = section) -> QPoint:
            view = header.parentWidget()
            if isinstance(view, QTableView) and across:
                view.scrollTo(model.index(view.rowAt(0), section))
            middle = header.sectionViewportPosition(section) + header.sectionSize(section) // 2
            return QPoint(middle, header.height() // 2) if across else QPoint(header.width() // 2, middle)

        yield f"header {title or section}", at, False


def _some(count: int) -> list[int]:
    """Places of a few of many."""
    return sorted({*range(min(count, _ENTRIES)), count - 1}) if count > _FEW else list(range(count))


def _entries(view: QAbstractItemView) -> Iterator[Place]:
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
        yield name, lambda index=index: _entry(view, index), index.row() == view.currentIndex().row()


def _entry(view: QAbstractItemView, index: QModelIndex) -> QPoint:
    view.scrollTo(index)
    return view.visualRect(index).intersected(view.viewport().rect()).center()


def _link_in(shown: QLabel) -> QPoint:
    """The middle of the first link of a label."""
    page = QTextDocument()
    page.setDefaultFont(shown.font())
    page.setHtml(shown.text())
    page.setDocumentMargin(0)
    page.setTextWidth(shown.contentsRect().width())
    hits = [
        QPoint(x, y)
        for y in range(2, shown.height(), 4)
        for x in range(2, shown.width(), 4)
        if page.documentLayout().anchorAt(QPoint(x, y))
    ]
    return hits[len(hits) // 2] if hits else shown.rect().center()


def _anchors(page: QTextBrowser) -> Iterator[Place]:
    """The first links that are in view."""
    place, seen = page.cursorForPosition(QPoint(0, 0)), dict[str, QPoint]()
    while len(seen) < _ENTRIES and page.cursorRect(place).top() < page.viewport().height():
        found = page.cursorRect(place).center() + QPoint(3, 0)  # on the first letter of a word
        if page.viewport().rect().contains(found) and (link := page.anchorAt(found)):
            seen.setdefault(link, found)
        if not place.movePosition(QTextCursor.MoveOperation.NextWord):
            break
    for link, at in seen.items():
        yield f"link {link}", lambda at=at: at, False


def _items(view: QGraphicsView) -> Iterator[Place]:
    """Items of our own that take presses or drags."""
    taken = (*_PRESSED, "mouseClickEvent", "mouseDragEvent")
    for item in view.items():
        kinds = _own_kinds(type(item))
        if not kinds or not any(name in vars(kind) for kind in kinds for name in taken) or not item.isVisible():
            continue

        def at(item: Any = item) -> QPoint:
            shown = view.mapFromScene(item.sceneBoundingRect()).boundingRect().intersected(view.viewport().rect())
            return shown.center()

        if view.viewport().rect().contains(at()):
            yield type(item).__name__, at, False


def _surface(widget: QWidget) -> QWidget:
    """The part of a widget that gets the mouse."""
    return widget.viewport() if isinstance(widget, QAbstractItemView | QGraphicsView | QTextBrowser) else widget


def bring_into_view(widget: QWidget) -> None:
    """Scroll the pages around a widget until it is seen."""
    parent = widget.parentWidget()
    while parent is not None and not widget.isWindow():
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


class Gone(Exception):
    """A control has gone before it was pressed."""


def _hold(control: Control) -> None:
    """Raise Gone for a control that can be pressed no more."""
    if not (isValid(control.widget) and control.widget.isVisible() and control.widget.isEnabled()):
        raise Gone


class Covered(Exception):
    """Another widget lies over a control."""


def press(control: Control, inside: Callable[[], object] = lambda: None) -> None:
    """Press and release the mouse at the centre of a control, on whatever widget is seen there.

    Args:
        inside: called within the event loop of a dialog or a menu that answers before the press returns.
    """
    _hold(control)  # rows that are filled anew some moments after a change
    bring_into_view(control.widget)
    QApplication.processEvents()
    _hold(control)
    window, surface = control.widget.window(), _surface(control.widget)
    place = surface.mapTo(window, control.at())
    target: Any = window.windowHandle()
    at = place
    if not isinstance(target, QWindow):  # PySide looks it up by its address alone, and may find what lay there before
        target, at = surface, control.at()
    QTest.mouseMove(target, at)
    QApplication.processEvents()
    _hold(control)
    hit = window.childAt(place)
    if hit is not None and hit is not surface and not surface.isAncestorOf(hit):
        raise Covered(hit)
    depth = QThread.currentThread().loopLevel()
    timer = QTimer(interval=0)

    def look() -> None:
        if QThread.currentThread().loopLevel() > depth:
            timer.stop()
            inside()

    timer.timeout.connect(look)
    timer.start()
    try:
        QTest.mouseClick(target, control.button, Qt.KeyboardModifier.NoModifier, at)
    finally:
        timer.stop()


@dataclass
class Presses:
    """What was pressed, and what came of it.

    Attributes:
        effects: what has changed, by the name of a control; "" for nothing.
        faults: what was raised or warned of, by the name of a control.
        idle: what has changed nothing at its first press.
        tries: how often something was pressed for the sake of a control.
        via: all that was seen, each with the control whose press has brought it; "" where it was there before.
        may_idle: ends of the names of controls whose press may change nothing: no effect is waited for.
    """

    may_idle: tuple[str, ...] = ()
    effects: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    idle: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[str]:
        """What was seen and never pressed."""
        return [name for name in self.via if name not in self.effects]

    @property
    def tried(self) -> int:
        """How many presses there were."""
        return self.tries.total()

    def meet(self, names: Iterable[str], via: str) -> None:
        """Note what is seen after a press."""
        for name in names:
            self.via.setdefault(name, via)

    def next(self, found: list[Control]) -> tuple[Control, str] | None:
        """What is to be pressed next of what is found, by its name: what came last first, or what brings it again."""
        there = {one.name: one for one in found}
        wanted = []
        for place, name in enumerate(self.left):
            at = name
            while at and at.removesuffix(ANSWERED) not in there:
                at = self.via.get(at, "")
            if at and self.tries[name] < _TRIES:
                control = there[at.removesuffix(ANSWERED)]
                wanted.append((at == name and control.chosen, -place, control, at, name))
        if not wanted:
            return None
        *_, control, at, name = min(wanted)
        self.tries[name] += 1
        return control, at


class Spoilt(Exception):
    """The window is no more in the state in which all is to be pressed."""


#: What was pressed in another state.
_pressed_elsewhere: set[str] = set()


def facts(studio: Any, base: QWidget) -> tuple[object, ...]:
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
        [(pool.recording, len(pool.stage.tiles)) for pool in pools],
        len(session.meet.rows),
        len(session.exports.exports),
    )


class Presser:
    """Presses everything in the windows of one state.

    Args:
        studio: the program, in that state.
        base: the window in which all is pressed.
        desktop: what was asked of the desktop.
        done: the presses so far, which go on in another window of the same state.
        qtbot, qtlog: those of the test.
        within: what the names of controls of the base begin with.
    """

    def __init__(
        self,
        studio: Any,
        base: QWidget,
        desktop: "Desktop",
        done: Presses,
        qtbot: Any,
        qtlog: Any,
        within: tuple[str, ...] = ("",),
    ) -> None:
        self._within = within
        self._studio, self._base, self._desktop, self._done = studio, base, desktop, done
        self._qtbot, self._qtlog = qtbot, qtlog
        self._openers: dict[int, str] = {}
        self._facts = facts(studio, base)
        session = studio.session
        self._keys = session.keys
        self._n_edits = session.editing.edits.n_done
        self._key = session.current.key if session.current is not None else None
        self._comparing = session.comparing.beside is not None
        self._page = studio.window._pages.currentIndex()

    def explore(self, window: QWidget, opener: str = "") -> None:
        """Press what is in a window, and what opens by that, until it is gone or nothing is left.

        Raises:
            Spoilt: of the state's own window, which has no opener.
        """
        via = opener
        while isValid(window) and window in windows():
            found = controls(window, opener)
            self._meet(window, found, via)
            if (chosen := self._done.next(found)) is None:
                return
            control, name = chosen
            with self._desktop.answering(name.endswith(ANSWERED)):
                self._press(control, name)
            via = name
            if not opener and not self._holds() and not self._restored():
                raise Spoilt

    def _holds(self) -> bool:
        return isValid(self._base) and facts(self._studio, self._base) == self._facts

    def _restored(self) -> bool:
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
        self._settle()
        return self._holds()

    def _press(self, control: Control, name: str) -> None:
        done, before, there = self._done, State(), {id(one): one for one in shown()}
        if anew := name not in done.effects:
            if self._studio.session.current is not None and self._studio.window.isVisible():
                transport = self._studio.window.transport
                transport.pause()
                transport.seek(transport.n_frames // 2)
            before = State(self._studio, self._settle())
        n_said = len(self._qtlog.records)
        self._desktop.begin()
        looked = False

        def see() -> None:
            """Look at what has come of it; within the event loop of what has opened, if it has one."""
            nonlocal looked
            if looked:
                return
            looked = True
            opened = [one for one in shown() if id(one) not in there]
            self._openers |= {id(one): name for one in opened}
            if anew:
                may_idle = control.chosen or name.endswith(done.may_idle)
                effect = self._effect(before, there, _FEW_LOOKS if may_idle else _LOOKS)
                effect = effect or ("is chosen" if control.chosen else "")
                if effect or may_idle or name in done.idle:
                    done.effects[name] = effect
                else:
                    done.idle.add(name)  # a window that has just opened may move yet: once more
                others = [] if self._base is self._studio.window else [self._studio.window]
                for window in [one for one in shown() if one not in others] if self._holds() else opened:
                    found = controls(window, self._openers.get(id(window), ""))
                    self._meet(window, found, name)
            if self._desktop.waits_for_a_choice:
                done.meet([control.name + ANSWERED], control.name)
            self._through(name, opened)

        with self._qtbot.capture_exceptions() as raised:
            try:
                self._uncovered(control, see)
                see()
            except Gone:
                done.effects.pop(name, None)
            except Spoilt:
                raise
            except Exception:  # of a method that Qt has called
                import traceback

                done.faults[name] = traceback.format_exc()
        if raised:
            done.faults[name] = "; ".join(repr(error) for _, error, _ in raised)
        said = [one.message for one in self._qtlog.records[n_said:] if one.matches_level("WARNING") and not one.ignored]
        if said:
            done.faults.setdefault(name, "; ".join(said))

    def _meet(self, window: QWidget, found: list[Control], via: str) -> None:
        """Note what there is to press; in dialogs, only what was not pressed in another state."""
        in_base = window is self._base or (
            _is_popup(window) and via.startswith((type(self._base).__name__, "command "))
        )
        if in_base and not self._holds():
            return
        known = _pressed_elsewhere if window is not self._base and _own_kinds(type(window)) else set[str]()
        beginnings = self._within if window is self._base else ("",)
        names = [one.name for one in found if one.name not in known and one.name.startswith(beginnings)]
        self._done.meet(names, via)

    def _uncovered(self, control: Control, inside: Callable[[], object]) -> None:
        """Press a control; what floats in the corner is out of the way, if it has to be."""
        for _ in range(_TRIES):
            try:
                return press(control, inside)
            except Covered as found:
                corner = self._studio.window.findChild(Corner)
                if corner.isAncestorOf(found.args[0]):
                    corner.move(0, 0)  # until it is placed anew, as when a message comes
                else:  # a real screen resizes a window later, and its layout moves
                    QTest.qWait(_LAID_OUT_MS)
        press(control, inside)

    def _effect(self, before: "State", there: dict[int, QWidget], n_looks: int) -> str:
        """What has changed, as soon as something has."""
        windows_there = {key: one for key, one in there.items() if isValid(one) and not _is_popup(one)}
        for _ in range(n_looks):
            opened = [f"opens {type(one).__name__}" for one in shown() if id(one) not in there]
            gone = [
                f"closes {type(one).__name__}" for one in windows_there.values() if not isValid(one) or one.isHidden()
            ]
            if effects := [*self._desktop.asked, *opened, *gone] or before.changes(self._studio):
                return ", ".join(effects)
            QTest.qWait(_LOOK_MS)
        return ""

    def _through(self, opener: str, opened: list[QWidget]) -> None:
        """Press all of what has opened, and close it."""
        for window in reversed(opened):
            if not isValid(window) or not window.isVisible():
                continue
            self.explore(window, opener)
            if isValid(window) and window.isVisible():
                close(window)

    def _settle(self) -> dict[str, object]:
        """Wait until nothing changes by itself; returns what the windows show then."""
        before = looks()
        for _ in range(_LOOKS):
            QTest.qWait(1)
            if (now := looks()) == before:
                break
            before = now
        return before


def press_everything(
    make: Callable[[], Any],
    desktop: "Desktop",
    qtbot: Any,
    qtlog: Any,
    within: tuple[str, ...] = ("",),
    *,
    idle: tuple[str, ...] = (),
) -> Presses:
    """Press everything of a state, which is made anew whenever a press has spoilt it.

    Args:
        make: a context of the program and the window to press in.
        idle: see `Presses.may_idle`.
        within: see `Presser`.
    """
    done = Presses(idle)
    while True:
        tried = done.tried
        with make() as (studio, window), suppress(Spoilt):
            Presser(studio, window, desktop, done, qtbot, qtlog, within).explore(window)
        if tried == done.tried:
            _pressed_elsewhere.update(done.effects)
            return done


# ---- what came of it


def _is_popup(window: QWidget) -> bool:
    return window.windowType() == Qt.WindowType.Popup


def close(window: QWidget) -> None:
    """Close a window, whatever it asks."""
    window.close()
    if isValid(window) and window.isVisible() and isinstance(window, QMessageBox):
        window.done(0)


class State:
    """What a person sees, which is given, and the program knows, at one moment."""

    def __init__(self, studio: Any = None, seen: dict[str, object] | None = None) -> None:
        self._looks = seen or {}
        self._knows = knows(studio) if studio is not None else {}

    def changes(self, studio: Any) -> list[str]:
        """Names of what has changed since."""
        return _changed(self._looks, looks()) or _changed(self._knows, knows(studio))


def looks() -> dict[str, object]:
    """What the windows show, popups aside: they close with any click."""
    state: dict[str, object] = {"clipboard": QGuiApplication.clipboard().text()}
    for window in shown():
        if _is_popup(window):
            continue
        state[f"{type(window).__name__} {id(window)}"] = window.windowTitle()
        state |= {f"{action.text()} {id(action)}": action.isChecked() for action in window.actions()}
        state |= {f"{type(one).__name__} {id(one)}": _looks(one) for one in _inside(window) if one.isVisible()}
    return state


def _inside(window: QWidget) -> list[QWidget]:
    return [one for one in window.findChildren(QWidget) if one.window() is window]


def _looks(widget: QWidget) -> tuple[object, ...]:
    looks: list[object] = [widget.isEnabled(), widget.geometry().getRect()]
    if isinstance(widget, QLabel | QLineEdit | QAbstractSpinBox):
        looks.append(widget.text())
    elif isinstance(widget, QAbstractButton):
        looks += [widget.text(), widget.isChecked()]
    elif isinstance(widget, QComboBox):
        looks += [widget.currentText(), widget.count()]
    elif isinstance(widget, QTabBar):
        looks.append(widget.currentIndex())
    elif isinstance(widget, QAbstractSlider):
        looks.append(widget.value())
    elif isinstance(widget, QHeaderView):
        looks += [widget.sortIndicatorSection(), widget.sortIndicatorOrder()]
    elif isinstance(widget, QTextBrowser):
        looks += [widget.source().toString(), widget.verticalScrollBar().value(), widget.toPlainText()]
    elif isinstance(widget, QGraphicsView):
        looks += [str(box.viewRange()) for box in widget.items() if hasattr(box, "viewRange")]
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        chosen = widget.selectionModel().selectedIndexes() if widget.selectionModel() else []
        looks += [[(one.row(), one.column()) for one in [widget.currentIndex(), *chosen]]]
        model, root = widget.model(), widget.rootIndex()
        rows = [model.index(row, 0, root) for row in range(min(model.rowCount(root), _MOST_ROWS))]
        looks += [[(row.data(), str(row.data(Qt.ItemDataRole.CheckStateRole))) for row in rows]]
    return tuple(looks)


def knows(studio: Any) -> dict[str, object]:
    """The attributes of objects of ours that the program or what it shows refers to."""
    state: dict[str, object] = {"requests": len(studio.client.sent)}
    seen: set[int] = set()
    waiting: list[object] = [studio]
    waiting += [one for window in shown() for one in _inside(window) if _own_kinds(type(one))]
    while waiting:
        owner = waiting.pop()
        if (
            id(owner) in seen
            or isinstance(owner, QGraphicsObject)
            or (isinstance(owner, QObject) and not isValid(owner))
        ):
            continue
        seen.add(id(owner))
        for name, value in list(vars(owner).items()):
            by_itself = name.startswith("_") and type(owner).__name__ in _FOLLOW_THE_CLOCK
            if not by_itself and name not in _FOLLOW_THE_MOUSE and not isinstance(value, SignalInstance):
                state[f"{type(owner).__name__}.{name} {id(owner)}"] = _plain(value, waiting)
    return state


def _plain(value: object, waiting: list[object], depth: int = 0) -> object:
    """A value that can be compared; objects of ours are put aside for later, of others only which one it is counts."""
    if type(value) in _SIMPLE or isinstance(value, Enum | Path):
        return value
    if depth < _DEPTH and isinstance(value, list | tuple | set | frozenset | dict):
        inner = value.copy().items() if isinstance(value, dict) else value  # threads may change it
        return len(value), [_plain(one, waiting, depth + 1) for one in list(inner)[:_MOST_ROWS]]
    if _own_kinds(type(value)) and hasattr(value, "__dict__"):
        waiting.append(value)
    return id(value)


def _changed(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Names of what differs."""
    differs = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return sorted({key.rsplit(" ", 1)[0] for key in differs})


class Desktop(QObject):
    """Stands for what the desktop is asked for: files, colours, pages in a browser.

    Args:
        folder: of what is chosen.
        video: which is chosen where any file will do.

    Attributes:
        asked: what was asked for since `begin`.
        waits_for_a_choice: whether nothing was chosen of that.
        answers: whether something is chosen; else all is cancelled.
    """

    def __init__(self, monkeypatch: Any, folder: Path, video: Path) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.answers = self.waits_for_a_choice = False
        self._folder, self._video = folder, video
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given, **_: (self._open(*given), ""))
        monkeypatch.setattr(
            QFileDialog, "getOpenFileNames", lambda *given, **_: ([name] if (name := self._open(*given)) else [], "")
        )
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given, **_: (self._save(*given), ""))
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *given, **_: self._choose_folder(*given))
        monkeypatch.setattr(QColorDialog, "getColor", self._color)
        for scheme in _SCHEMES:
            QDesktopServices.setUrlHandler(scheme, self, "browse")

    def begin(self) -> None:
        """Forget what was asked for."""
        self.asked.clear()
        self.waits_for_a_choice = False

    def close(self) -> None:
        """Let the desktop open pages again."""
        for scheme in _SCHEMES:
            QDesktopServices.unsetUrlHandler(scheme)

    @contextmanager
    def answering(self, answers: bool) -> Iterator[None]:
        """Choose what is asked for, or do not, meanwhile."""
        before, self.answers = self.answers, answers
        try:
            yield
        finally:
            self.answers = before

    @Slot(QUrl)
    def browse(self, url: QUrl) -> None:
        self.asked.append(f"browses {url.toString()}")

    def _open(self, _: object, title: str = "", folder: str = "", pattern: str = "", *__: object) -> str:
        if not self._answers(title):
            return ""
        suffix = (re.findall(r"\*(\.\w+)", pattern) or [".mp4"])[0]
        if suffix in VIDEO_SUFFIXES:
            return str(self._video)
        path = self._folder / f"chosen{suffix}"
        path.write_text("athlete,dive\nAnna,103B\n", encoding="utf-8")
        return str(path)

    def _save(self, _: object, title: str = "", proposed: str = "", *__: object) -> str:
        return str(self._folder / Path(proposed).name) if self._answers(title) else ""

    def _choose_folder(self, _: object, title: str = "", *__: object) -> str:
        if not self._answers(title):
            return ""
        (self._folder / "chosen").mkdir(exist_ok=True)
        return str(self._folder / "chosen")

    def _color(self, _: QColor, __: object, title: str) -> QColor:
        return QColor("teal") if self._answers(title) else QColor()

    def _answers(self, title: str) -> bool:
        self.asked.append(f"asks: {title}")
        self.waits_for_a_choice = not self.answers
        return self.answers
