"""Everything can be reached by keyboard, says what it is, and shows when it has the focus."""

from collections import Counter

import pytest
from answers_kit import activate, open_scored
from history_kit import made_dive, row
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QComboBox, QDialog, QScrollArea, QWidget

from fineparser_gui.shell.catalog import CATALOG


@pytest.fixture
def window(idle_studio, qtbot, small_video, tmp_path):
    """The window with a scored and corrected dive."""
    key = open_scored(idle_studio, qtbot, small_video, tmp_path)
    idle_studio.session.editing.leave_out(key, "a", True)
    activate(qtbot, idle_studio.window)
    return idle_studio.window


def controls(root):
    """What Tab stops at."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if widget.window() is root
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and not widget.objectName().startswith("qt_")
        # The parts of a spin box or a list have no life of their own, nor do pages that only scroll.
        and type(widget) is not QWidget
        and not (isinstance(widget, QAbstractScrollArea) and type(widget).__name__ == "QScrollArea")
    ]


def spoken(widget):
    """What a screen reader says of it."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def told(of):
    """The names of all that a screen reader finds in something."""
    for place in range(of.childCount()):
        if (child := of.child(place)) is not None:
            yield child.text(QAccessible.Text.Name)
            yield from told(child)


def tab_order(root):
    """Where the focus goes, once round."""
    order: list[QWidget] = []
    for _ in range(400):
        root.focusNextChild()
        focused = QApplication.focusWidget()
        if focused is None or focused in order:
            break
        order.append(focused)
    return order


def check(root):
    """Every control of a window has a name, is in the order of Tab, and looks otherwise with the focus."""
    found = controls(root)
    assert found
    assert not [widget for widget in found if not spoken(widget)]
    order = tab_order(root)
    assert not [widget for widget in found if widget not in order and widget.focusProxy() not in order]
    unseen = []
    for widget in found:
        for area in root.findChildren(QScrollArea):
            if area.isAncestorOf(widget):  # as Tab does
                area.ensureWidgetVisible(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        if not widget.hasFocus():
            continue
        focused = root.grab(widget.rect().translated(widget.mapTo(root, widget.rect().topLeft()))).toImage()
        widget.clearFocus()
        QApplication.processEvents()
        plain = root.grab(widget.rect().translated(widget.mapTo(root, widget.rect().topLeft()))).toImage()
        if focused == plain:
            unseen.append(widget)
    assert not unseen
    return order


def test_choices_say_what_they_choose(window):
    """Qt on Linux gives what is chosen as the name of a combo box, and the tip as its description."""
    boxes = [box for box in window.findChildren(QComboBox) if box.isVisible()]
    assert boxes
    described = [QAccessible.queryAccessibleInterface(box).text(QAccessible.Text.Description) for box in boxes]
    assert all(described), [box.accessibleName() for box, text in zip(boxes, described, strict=True) if not text]


def test_the_empty_window(idle_studio, qtbot):
    activate(qtbot, idle_studio.window)
    check(idle_studio.window)


def test_the_window_with_a_dive(window):
    order = check(window)
    # From the dives over the player to the score, as the eye goes.
    start = next(place for place, widget in enumerate(order) if window.dives.isAncestorOf(widget))
    order = order[start:] + order[:start]
    first, second, third = (
        min(order.index(widget) for widget in order if panel.isAncestorOf(widget))
        for panel in (window.dives, window.player, window.details)
    )
    assert first < second < third
    mark = min(order.index(widget) for widget in order if window.score.isAncestorOf(widget))
    assert second < mark < third  # the verdict and the mark, then the sheet


_DIALOGS = ("preferences", "guide", "shortcuts", "model_card", "find_command", "licences", "about")


def test_the_dialogs(window, qtbot, bundled_weights):
    for action_id in _DIALOGS:
        action = window.actions_by_id[action_id]
        qtbot.waitUntil(action.isEnabled)  # what can be done is looked at a moment after a result
        action.trigger()
        dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
        dialog.activateWindow()
        qtbot.waitUntil(lambda shown=dialog: QApplication.activeWindow() is shown)
        check(dialog)
        pages = getattr(dialog, "pages", None)
        for page in range(1, pages.count() if pages else 0):
            pages.setCurrentIndex(page)
            check(dialog)
        dialog.close()


def test_what_lies_over_the_work_is_told(idle_studio, qtbot):
    window = idle_studio.window
    window.messages.show_message("The disk is full.")
    activate(qtbot, window)
    assert "The disk is full." in told(QAccessible.queryAccessibleInterface(window))


def test_the_page_of_the_history(make_studio, qtbot):
    studio = make_studio()
    studio.session.history.write(lambda store: store.keep([row(made_dive())]))
    activate(qtbot, studio.window)
    studio.window.actions_by_id["history"].trigger()
    check(studio.window)
    studio.window.history.select(*studio.window.history.model.ids)
    check(studio.window)


def test_no_key_has_two_commands():
    keys = Counter(key for spec in CATALOG for key in spec.keys)
    twice = {key: [spec.id for spec in CATALOG if key in spec.keys] for key, count in keys.items() if count > 1}
    assert not twice
