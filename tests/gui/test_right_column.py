"""The right column: few words, the verdict without a click, and the sheet of a dive with the keys."""

from dataclasses import replace

import numpy as np
import pytest
from answers_kit import answer_dive, copies, dive_parse, open_queued, scoring
from finding import texts
from made_analysis import moments_at
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QToolButton, QWidget

from fineparser_core.scoring.rescore import correct_contact
from fineparser_gui.score.contributions import ContributionBars
from fineparser_gui.session.dive import DiveState
from fineparser_gui.shell.layout import SideColumn

#: Most words of a scored dive, the analysis folded away.
_MOST_WORDS = 60


@pytest.fixture
def scored(idle_studio, qtbot, small_video, tmp_path):
    """The program with a dive that is measured and scored, and has bars."""
    open_queued(idle_studio, qtbot, small_video, dive_number="207C", board_m=10.0)
    parse = dive_parse(small_video, idle_studio.session.current.info.n_frames)
    joints = np.ones((96, 16, 3), np.float32)
    joints[:, :, 1] = np.linspace(5, 40, 16)
    parse = replace(parse, joints=joints, moments=moments_at(parse.transitions))
    parse = correct_contact(parse, parse.transitions.first_entry_frame + 10)
    answer_dive(idle_studio, tmp_path, None, scoring(), parse=parse)
    qtbot.waitUntil(lambda: bool(idle_studio.window.verdict.bars()))
    return idle_studio


def words(column: QWidget, window: QWidget) -> list[str]:
    """All words that are seen in the column: written, entered, or painted."""
    icons = {button.text() for field in column.findChildren(QLineEdit) for button in field.findChildren(QToolButton)}
    said = [text for text in texts(column) if text not in icons]
    for field in (one for one in column.findChildren(QLineEdit) if one.isVisible()):
        said.append(field.text() or field.placeholderText())
    said += [box.currentText() for box in column.findChildren(QComboBox) if box.isVisible()]
    said += [picture.caption for picture in window.verdict.strip.pictures]
    said += [bars.accessibleDescription() for bars in column.findChildren(ContributionBars) if bars.isVisible()]
    return [word for text in said for word in text.split() if any(map(str.isalnum, word))]


def test_a_scored_dive_is_told_in_few_words_and_without_a_click(scored) -> None:
    window = scored.window
    column = window.findChild(SideColumn).parentWidget()
    assert window.verdict.isVisible()
    assert "7" in texts(window.score)
    assert not window.found.isVisible()
    found = words(column, window)
    assert len(found) <= _MOST_WORDS, found
    assert "estimate" in found  # said beside an award that no judge gave


def test_the_verdict_appears_with_the_score_and_moves_nothing_later(scored) -> None:
    scored.window.verdict.hide()  # as before a dive has been analyzed
    scored.session.shown_changed.emit()
    assert scored.window.verdict.isVisible()


def test_the_prediction_is_within_the_view_where_there_is_room(scored, qtbot) -> None:
    window = scored.window
    window.resize(1366, 768)
    scroll = window.findChild(SideColumn)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().value() == 0 and window.width() == 1366)
    award = window.score.findChild(QWidget, "score")
    assert scroll.viewport().rect().contains(award.mapTo(scroll.viewport(), award.rect().bottomLeft()))


def test_enter_goes_on_to_the_next_dive_without_marks(idle_studio, qtbot, small_video, tmp_path) -> None:
    session, window = idle_studio.session, idle_studio.window
    session.open(copies(small_video, tmp_path, "abc"))
    qtbot.waitUntil(lambda: [dive.state for dive in session.dives] == [DiveState.QUEUED] * 3)
    first, second, third = session.keys
    session.select(first)
    window.activateWindow()
    field = next(one for one in window.details.findChildren(QLineEdit) if one.accessibleName() == "Judges' marks")
    field.setFocus()
    for key, text in ((first, "6"), (second, "41"), (second, "7"), (third, "5.5")):
        assert session.current.key == key
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        if text == "41":  # no award: the dive stays until it is mended
            field.setFocus()
    assert [session.dive(key).judging.awards for key in session.keys] == [(6.0,), (7.0,), (5.5,)]
    assert session.current.key == third  # none is left
    assert not field.hasFocus()


def test_tab_goes_down_the_sheet_and_a_seen_board_is_a_chip(idle_studio, qtbot, small_video) -> None:
    open_queued(idle_studio, qtbot, small_video)
    details = idle_studio.window.details
    order = [details.athlete, details.number, details.board, details.findChildren(QLineEdit)[2], details.note]
    tops = [one.mapTo(details, one.rect().topLeft()).y() for one in (details.athlete, details.number, details.board)]
    assert tops == sorted(tops)
    assert not details.seen_board.isVisible()
    passed, widget = [], details.athlete
    while widget is not details.note:
        passed.append(widget)
        widget = widget.nextInFocusChain()
    assert [one for one in passed if one in order[:3]] == order[:3]
