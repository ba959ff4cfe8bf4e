"""Who gets a key: the commands of the player, or the control with the focus."""

import re
from collections import Counter

import pytest
from answers_kit import activate, open_scored
from finding import named
from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QGroupBox, QLabel

from fineparser_gui.support.key_filter import belongs_to_controls

_ALT, _SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
_NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def studio_with_dive(idle_studio, qtbot, small_video, tmp_path):
    """The active window with an analysed dive."""
    open_scored(idle_studio, qtbot, small_video, tmp_path)
    activate(qtbot, idle_studio.window)
    qtbot.waitUntil(idle_studio.window.actions_by_id["loop"].isEnabled)
    return idle_studio


def state_of(studio):
    """What a command of the player would change."""
    window = studio.window
    dive = studio.session.current
    return (
        window.transport.frame,
        window.transport.playing,
        window.transport.speed,
        dive.corrected_frames,
        dive.in_frame,
        dive.out_frame,
        window.player.drawing.tool,
        window.isFullScreen(),
    )


def in_the_window(studio):
    """A control of every kind that takes the keyboard."""
    window = studio.window
    return {
        "text": window.details.athlete,
        "number": window.details.number,
        "combo box": window.details.board,
        "check box": window.details.synchro,
        "speed": named(window.player.bar, "Playback speed"),
        "slider": named(window.player.bar, "Opacity of the mask"),
        "button": named(window.player.bar, "Play or pause"),
        "table": window.exemplars.table,
        "dives": window.dives.view,
    }


def test_a_control_with_the_focus_keeps_letters_arrows_and_space(studio_with_dive, qtbot):
    window = studio_with_dive.window
    for name, control in in_the_window(studio_with_dive).items():
        control.setFocus(Qt.FocusReason.TabFocusReason)
        if not control.hasFocus():
            continue
        window.transport.seek(20)
        before = state_of(studio_with_dive)
        keys = [(Qt.Key(letter), _NONE) for letter in b"JLIODAT12"]
        keys += [(Qt.Key.Key_BracketLeft, _NONE), (Qt.Key.Key_Left, _NONE), (Qt.Key.Key_Right, _SHIFT)]
        keys += [(Qt.Key.Key_Home, _NONE), (Qt.Key.Key_Left, _ALT), (Qt.Key.Key_J, _SHIFT), (Qt.Key.Key_Escape, _NONE)]
        for key, modifiers in keys:
            control.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(control, key, modifiers)
            speed = window.transport.speed if name == "speed" else before[2]  # a list is searched by its letters
            assert state_of(studio_with_dive) == (*before[:2], speed, *before[3:]), f"{name}: {key}"
        window.details.athlete.clear()
        for _ in range(studio_with_dive.session.editing.edits.n_done):
            studio_with_dive.session.editing.edits.undo(latest=True)


def test_space_presses_the_button_with_the_focus_and_plays_elsewhere(studio_with_dive, qtbot):
    window, transport = studio_with_dive.window, studio_with_dive.window.transport
    window.details.synchro.setFocus()
    qtbot.keyClick(window.details.synchro, Qt.Key.Key_Space)
    assert studio_with_dive.session.current.synchro
    assert not transport.playing
    window.player.pane.canvas.setFocus()
    qtbot.keyClick(window.player.pane.canvas, Qt.Key.Key_Space)
    assert transport.playing
    window.player.timeline.setFocus()
    qtbot.keyClick(window.player.timeline, Qt.Key.Key_Space)
    assert not transport.playing


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        *((keys, True) for keys in ("J", "Space", "Shift+Right", "Alt+Down", "Del", "Ctrl+Left")),
        *((keys, False) for keys in ("F5", "Shift+F5", "Ctrl+S", "Ctrl+Shift+Z")),
    ],
)
def test_which_keys_a_control_may_want(keys, expected):
    combination: QKeyCombination = QKeySequence(keys)[0]
    assert belongs_to_controls(combination) is expected


def test_a_press_on_the_player_and_escape_in_a_field_bring_the_keyboard_back(studio_with_dive, qtbot):
    window = studio_with_dive.window
    for bring in (
        lambda: qtbot.mouseClick(named(window.player.bar, "Play or pause"), Qt.MouseButton.LeftButton),
        lambda: window.player.timeline.seek_requested.emit(3),
        lambda: qtbot.keyClick(window.details.number, Qt.Key.Key_Escape),
    ):
        window.details.number.setFocus()
        bring()
        assert window.player.pane.canvas.hasFocus()


def mnemonics(root):
    """The letters that Alt calls in a window, of what is visible."""
    texts = [one.text() for one in root.findChildren(QAbstractButton) if one.isVisible()]
    texts += [one.text() for one in root.findChildren(QLabel) if one.isVisible() and one.buddy() is not None]
    texts += [one.title() for one in root.findChildren(QGroupBox) if one.isVisible()]
    if hasattr(root, "menuBar"):
        texts += [action.text() for action in root.menuBar().actions()]
    return Counter(letter.upper() for text in texts for letter in re.findall("&([^& ])", text.replace("&&", "")))


def test_no_letter_is_two_mnemonics_of_a_window(studio_with_dive, qtbot, bundled_weights):
    window = studio_with_dive.window
    assert not [letter for letter, count in mnemonics(window).items() if count > 1]
    for action_id in ("preferences", "guide", "shortcuts", "export"):
        action = window.actions_by_id[action_id]
        if not action.isEnabled():
            continue
        action.trigger()
        dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
        pages = getattr(dialog, "pages", None)
        for page in range(pages.count() if pages else 1):
            if pages:
                pages.setCurrentIndex(page)
            assert not [letter for letter, count in mnemonics(dialog).items() if count > 1], (action_id, page)
        dialog.close()
        dialog.deleteLater()
        QApplication.processEvents()


def test_a_click_leaves_the_keyboard_to_the_player(studio_with_dive, qtbot, small_video):
    session, window = studio_with_dive.session, studio_with_dive.window
    session.open([small_video], show=False)
    qtbot.waitUntil(lambda: window.dives.model.rowCount() == 2)
    view, canvas = window.dives.view, window.player.pane.canvas
    window.details.number.setFocus()
    qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(window.dives.model.index(0)).center()
    )
    assert canvas.hasFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert window.transport.playing
    qtbot.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert window.dives.selected_keys() == session.keys
    window.details.number.setFocus()
    window.measured.frame_requested.emit(3)
    assert canvas.hasFocus()
