"""The right column: few words, the verdict without a click, and the sheet of a dive with the keys."""

from dataclasses import replace

import numpy as np
import pytest
from answers_kit import answer_dive, dive_parse, open_queued, scoring
from finding import texts
from made_analysis import moments_at
from PySide6.QtWidgets import QComboBox, QLineEdit, QToolButton

from fineparser_core.scoring.rescore import correct_contact
from fineparser_gui.score.contributions import ContributionBars
from fineparser_gui.shell.layout import SideColumn

#: Most words of a scored dive, the analysis folded away.
_MOST_WORDS = 75


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


def words(column, window):
    """All words that are seen in the column: written, entered, or painted."""
    icons = {button.text() for field in column.findChildren(QLineEdit) for button in field.findChildren(QToolButton)}
    said = [text for text in texts(column) if text not in icons]
    for field in (one for one in column.findChildren(QLineEdit) if one.isVisible()):
        said.append(field.text() or field.placeholderText())
    said += [box.currentText() for box in column.findChildren(QComboBox) if box.isVisible()]
    said += [picture.caption for picture in window.verdict.strip.pictures]
    said += [bars.accessibleDescription() for bars in column.findChildren(ContributionBars) if bars.isVisible()]
    return [word for text in said for word in text.split() if any(map(str.isalnum, word))]


def test_a_scored_dive_is_told_in_few_words_and_without_a_click(scored):
    window = scored.window
    column = window.findChild(SideColumn).parentWidget()
    assert window.verdict.isVisible()
    assert "7" in texts(window.score)
    assert not window.found.isVisible()
    found = words(column, window)
    assert len(found) <= _MOST_WORDS, found
    assert "estimate" in found  # said beside an award that no judge gave
