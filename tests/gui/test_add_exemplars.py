"""Many exemplars at once: marks or scores, each dive looked at before it counts."""

import shutil

import pytest
from answers_kit import answer, answer_dive, requests

from fineparser_core.diving.judging import read_score
from fineparser_core.errors import ConfigError
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.worker.protocol import AddExemplarRequest, LibraryReport


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("75.60", 75.6),
        ("6.5 6 6.5", 62.7),
        ("6,5 6 6,5", 62.7),
        ("6.5, 6, 6.5", 62.7),
        ("7", 69.3),
        ("6;6;7;7;7", 66.0),
    ],
)
def test_marks_and_scores_are_told_apart(text, score):
    assert read_score(text, 3.3) == pytest.approx(score)


@pytest.mark.parametrize("text", ["", "good", "6.5 6.3 6", "6 6 -1", "nan", "1 " * 12])
def test_what_is_neither_is_one_sentence(text):
    with pytest.raises(ConfigError):
        read_score(text, 3.3)


def test_many_clips_are_previewed_and_added_with_their_marks(idle_studio, qtbot, tmp_path, small_video):
    session, window = idle_studio.session, idle_studio.window
    paths = [tmp_path / name for name in ("Anna_207C_10m.mp4", "Ben 107B 3m.mp4", "IMG_1.mp4")]
    for path in paths:
        shutil.copy(small_video, path)
    answer(idle_studio, LibraryReport(id=_list_request(idle_studio), entries=[], writable=True, notice=""))
    page = window.library.preview(paths)
    qtbot.waitUntil(lambda: all(session.dive(key).state is DiveState.QUEUED for key in session.keys))
    assert page.keys == session.keys
    assert [page.table.item(row, 1).text() for row in range(3)] == ["207C 10 m", "107B 3 m", ""]
    page.table.item(0, 2).setText("6.5 6 6.5")
    page.table.item(2, 2).setText("50.5")
    assert [page.table.item(row, 3).text() for row in range(3)] == ["62.70", "", "?"]
    assert "number" in page.message.text()
    assert not page.ok.isEnabled()  # none is analysed yet
    page.table.item(2, 1).setText("403B 3 m")
    assert session.dive(session.keys[2]).details == ("403B", 3.0, None)
    assert page.table.item(2, 3).text() == "50.50"

    first = session.keys[0]
    answer_dive(idle_studio, tmp_path, key=first)
    assert page.table.item(0, 4).text() == "1.2 s · 1.3 s · 1.5 s"
    page.table.setCurrentCell(1, 0)
    assert session.current.key == session.keys[1]
    page.table.setCurrentCell(0, 0)  # what is chosen is shown, and can be corrected there
    session.editing.move_transition(first, 0, 30)
    assert page.ok.text() == "Add 1 dive"
    page.ok.click()
    (request,) = requests(idle_studio, AddExemplarRequest)
    assert (request.facts.dive_number, request.facts.score, request.facts.board_m) == ("207C", 62.7, 10.0)
    assert request.transitions.first_flight_frame == 30
    assert request.parse_id == session.dive(first).parse_id
    assert page.keys == session.keys[1:]
    assert "2 dives still need" in page.message.text()
    session.editing.remove(session.keys[1:])
    assert page.keys == []
    assert page.isVisible()
    page.over.emit()
    assert window.library.panel.isVisible()


def _list_request(studio) -> str:
    studio.session.library.refresh()
    return next(task.id for task in studio.session.scheduler.tasks if not task.key)
