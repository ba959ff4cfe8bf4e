"""Library → Learn from my judged dives: which count, what comes of them, and scores by the profile that is used."""

from dataclasses import replace
from pathlib import Path

import pytest
from answers_kit import answer, answer_dive, copies, open_scored, requests, result_message, scoring
from club_set import write_set
from finding import named, press, reads
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel
from simulated_club import club

from fineparser_core.diving.judging import Judging
from fineparser_core.records import Analysis, Measure, Note, NoteCode
from fineparser_core.scoring.profile import ACTIVE_NAME, read_profile
from fineparser_core.support.processes import decode, encode
from fineparser_gui.score.learn_dialog import LearnDialog
from fineparser_gui.worker.protocol import AnyMessage, ScoreRequest


@pytest.fixture
def studio(make_studio):
    return make_studio()


def opened(studio) -> LearnDialog:
    """As the menu opens it."""
    menu = next(one for one in studio.window.menuBar().actions() if one.text() == "&Edit").menu()
    next(action for action in menu.actions() if action.text() == "Learn from my &judged dives…").trigger()
    return studio.window.findChild(LearnDialog)


def add_set(dialog, qtbot, monkeypatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    press(dialog, "Add a set of dives…")
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 0 and dialog.table.isEnabled())


def learned(dialog, qtbot) -> None:
    press(dialog, "Learn")
    assert named(dialog, "Dives that are read").isVisible()
    qtbot.waitUntil(dialog.table.isEnabled)


def button(dialog, text: str):
    return next(one for one in (dialog.use, dialog.use_anyway, dialog.back, dialog.delete) if one.text() == text)


def test_a_profile_of_a_set_is_learned_used_switched_back_and_deleted(studio, qtbot, monkeypatch, clip, tmp_path):
    key = open_scored(studio, qtbot, clip, tmp_path)
    session, file = studio.session, tmp_path / "state" / ACTIVE_NAME
    dialog = opened(studio)
    assert "Standard scoring." in reads(dialog)
    assert not button(dialog, "Use this profile").isEnabled()
    add_set(dialog, qtbot, monkeypatch, write_set(clip, club()))
    assert "60 of 60 judged dives count." in reads(dialog)
    learned(dialog, qtbot)
    assert "it helps, by" in reads(dialog)
    assert "Each dive is predicted by the others, 12 times without one athlete." in reads(dialog)
    table = named(dialog, "What it is worth")
    worth = [[table.item(row, column).text() for column in range(5)] for row in range(4)]
    assert [row[0] for row in worth] == ["standard", "mean of the number", "mean of the athlete", "the profile"]
    assert float(worth[3][1]) < float(worth[0][1])
    assert worth[0][3].startswith("+")
    shipped, after = dialog.plot.points()
    assert len(shipped.points()) == len(after.points()) == 60
    made = dialog._lesson.profile
    assert not file.exists()

    press(dialog, "Use this profile")
    assert read_profile(file) == made
    assert "My judges: calibrated on 60 of your dives (in use)" in reads(dialog)
    (request,) = requests(studio, ScoreRequest)
    assert request.profile == made
    assert decode(encode(request), AnyMessage) == request
    by_profile = replace(scoring(), profile=made.identity, notes=(Note(NoteCode.CALIBRATED, (60, "My judges")),))
    parse = session.dive(key).model_analysis.parse
    answer(studio, result_message(request.id, Analysis(parse=parse, scoring=by_profile), tmp_path))
    told = "Calibrated on 60 of your dives: profile My judges."
    studio.window.score.how.setChecked(True)
    assert told in reads(studio.window.found)
    score = studio.window.score.findChild(QLabel, "score")
    assert score.toolTip() == told
    index = studio.window.dives.model.index(0, 0)
    assert told in index.data(Qt.ItemDataRole.ToolTipRole)

    press(dialog, "Switch back to the shipped score")
    assert not file.exists()
    assert "(not in use)" in reads(dialog)
    assert requests(studio, ScoreRequest)[-1].profile is None
    press(dialog, "Delete…")
    assert dialog.question.text == "Delete the profile? Scoring is standard then."
    dialog.question.agree.click()
    assert session.profiles.unused is None
    assert not list(file.parent.glob("profile*"))
    assert "Standard scoring." in reads(dialog)
    studio.preferences.change(theme="dark")
    assert not dialog.grab().isNull()
    dialog.close()


def test_what_is_not_shown_to_help_is_used_by_agreement_alone(studio, qtbot, monkeypatch, clip):
    dialog = opened(studio)
    add_set(dialog, qtbot, monkeypatch, write_set(clip, club()[6:12]))
    learned(dialog, qtbot)
    assert "that it helps is not shown" in reads(dialog)
    assert not button(dialog, "Use this profile").isEnabled()
    press(dialog, "Use it all the same…")
    assert "that it helps is not shown" in dialog.question.text
    dialog.question.cancel.click()
    assert studio.session.profile is None
    press(dialog, "Use it all the same…")
    dialog.question.agree.click()
    assert studio.session.profile.forced
    press(dialog, "Delete…")
    studio.session.profiles.changed.emit()
    assert dialog.question.isHidden()  # it was about another profile
    dialog.close()


def test_the_profile_is_there_at_the_next_start_and_a_damaged_one_is_told(
    make_studio, qtbot, monkeypatch, clip, tmp_path
):
    dialog = opened(make_studio())
    add_set(dialog, qtbot, monkeypatch, write_set(clip, club()))
    learned(dialog, qtbot)
    press(dialog, "Use this profile")
    dialog.close()
    again = make_studio()
    assert again.session.profile is not None
    dialog = opened(again)
    assert "(in use)" in reads(dialog)
    assert button(dialog, "Switch back to the shipped score").isEnabled()
    dialog.close()
    (tmp_path / "state" / ACTIVE_NAME).write_text("{}", encoding="utf-8")
    last = make_studio()
    qtbot.waitUntil(lambda: "is no profile that can be used" in reads(last.window))
    assert last.session.profile is None


def marked(studio, qtbot, video, folder, marks) -> list[str]:
    """Scored dives of the session with marks."""
    keys = []
    for path, mark in zip(copies(video, folder, range(len(marks))), marks, strict=True):
        keys.append(open_one(studio, qtbot, path, folder))
        studio.session.editing.set_judging(keys[-1], Judging(awards=(mark,)))
    return keys


def open_one(studio, qtbot, path, folder) -> str:
    session = studio.session
    before = set(session.keys)
    session.open([path], dive_number="207C", board_m=10.0)
    qtbot.waitUntil(lambda: len(session.keys) > len(before))
    key = next(one for one in session.keys if one not in before)
    qtbot.waitUntil(lambda: key in session.analyses.tasks)
    time = Measure(name="flight_time", value=1.2, unit="s", uncertainty=0.04, frame=40, step="take-off")
    answer_dive(studio, folder, None, shipped(), key=key, measures=(time,))
    return key


def test_dives_of_the_session_count_by_their_ticks_and_others_are_named(studio, qtbot, small_video, tmp_path):
    session = studio.session
    keys = marked(studio, qtbot, small_video, tmp_path, [6.0, 6.5, 7.0, 5.5, 6.0, 8.0])
    session.editing.set_details(keys[0], None, None)
    dialog = opened(studio)
    table = named(dialog, "Judged dives")
    assert "5 of 6 judged dives count." in reads(dialog)
    assert table.item(0, 3).text() == "a score without a dive number: add the number"
    assert table.item(0, 0).checkState() is Qt.CheckState.Unchecked
    table.setCurrentCell(1, 0)
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert "4 of 6 judged dives count." in reads(dialog)
    learned(dialog, qtbot)
    assert "4 judged dives are too few to learn from: 5 are the least" in reads(dialog)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Space)
    learned(dialog, qtbot)
    assert "5 of 6 judged dives count." in reads(dialog)
    assert dialog._lesson.profile.dives == 5

    # Scored by a profile, they are scored as shipped before anything is learned from them.
    session.profiles.use(dialog._lesson.profile)
    for request in requests(studio, ScoreRequest):
        by_profile = replace(
            session.dive(keys[1]).model_analysis, scoring=replace(shipped(), profile=session.profile.identity)
        )
        answer(studio, result_message(request.id, by_profile, tmp_path))
    qtbot.waitUntil(lambda: "5 of 6" in reads(dialog))
    press(dialog, "Learn")
    asked = requests(studio, ScoreRequest)
    assert [one.profile for one in asked] == [None] * 5
    press(dialog, "Cancel")
    assert not requests(studio, ScoreRequest)
    assert dialog.table.isEnabled()
    press(dialog, "Learn")
    for request in requests(studio, ScoreRequest):
        own = Analysis(parse=session.dive(keys[1]).model_analysis.parse, scoring=shipped())
        answer(studio, result_message(request.id, own, tmp_path))
    qtbot.waitUntil(dialog.table.isEnabled)
    assert dialog._lesson.profile.dives == 5
    dialog.close()


def shipped():
    parts = tuple(
        replace(one, contributions=tuple(replace(p, measured=0.1) for p in one.contributions))
        for one in scoring().exemplars
    )
    return replace(scoring(), exemplars=parts, contributions=parts[0].contributions)
