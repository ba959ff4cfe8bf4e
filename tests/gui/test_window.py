"""The real window; where a worker's answer is needed, the test gives it."""

import subprocess
import sys
from pathlib import Path

from answers_kit import answer_dive, dive_parse, fail, open_queued, request_of, requests, result_message, scoring
from finding import named, press, reads
from PySide6.QtCore import Qt

from fineparser_core.records import Analysis
from fineparser_gui.session.dive import DiveState
from fineparser_gui.worker.protocol import CancelledReport


def _answer_parse(studio, qtbot, path, folder):
    """Open a clip and answer its parse request; returns the key of the dive."""
    key = open_queued(studio, qtbot, path)
    answer_dive(studio, folder)
    return key


def test_a_folder_stands_for_its_videos(idle_studio, qtbot, tmp_path, make_video):
    deep = tmp_path / "monday" / "platform"
    deep.mkdir(parents=True)
    for path in (tmp_path / "b10.mp4", tmp_path / "made.mov", deep / "a.MP4"):
        make_video(path, 20)
    (tmp_path / "made.mov").rename(tmp_path / "b9.MOV")
    for name in ("notes.txt", "results.pdf", ".hidden.mp4", "Thumbs.db"):
        (tmp_path / name).write_text("", encoding="utf-8")
    session = idle_studio.session
    session.open([tmp_path])
    qtbot.waitUntil(lambda: len(session.keys) == 3)
    assert [session.dive(key).path.name for key in session.keys] == ["b9.MOV", "b10.mp4", "a.MP4"]
    assert session.current.key == session.keys[0]
    assert idle_studio.window.messages.text == "Skipped (not videos): notes.txt, results.pdf."
    session.open([tmp_path])  # what is there already is not added again
    session.open([tmp_path / "b10.mp4"])  # unless somebody means it: a file may hold several dives
    qtbot.waitUntil(lambda: len(session.keys) == 4)


def test_files_that_cannot_be_opened_are_told_in_one_sentence(idle_studio, qtbot, tmp_path, small_video):
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / name).write_text("no video", encoding="utf-8")
    told = []
    idle_studio.session.problem.connect(told.append)
    idle_studio.session.open([tmp_path / "one.mp4", small_video, tmp_path / "two.mp4"])
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    assert told[0].startswith("Could not open one.mp4, two.mp4. First error: ")
    assert [idle_studio.session.dive(key).path for key in idle_studio.session.keys] == [small_video]


def test_steps_show_without_a_dive_number_and_one_field_away_is_the_score(idle_studio, qtbot, small_video, tmp_path):
    key = _answer_parse(idle_studio, qtbot, small_video, tmp_path)
    window = idle_studio.window
    assert "needs dive number" in window.dives.model.text(key)
    assert "flight" in window.player.timeline.accessibleDescription()
    qtbot.keyClicks(window.details.number, "207")
    assert window.details.number.property("valid") is False
    assert idle_studio.session.current.dive_number is None
    qtbot.keyClicks(window.details.number, "c")
    assert idle_studio.session.current.dive_number == "207C"
    assert idle_studio.session.current.scoring
    answer_dive(idle_studio, tmp_path, scoring())
    assert named(window.score, "score").text() == "7"
    press(window.score, "estimate")
    assert named(window.found, "exact score").text().startswith("68.0 ")
    assert "+3.0 in all" in reads(window.contributions)
    assert window.exemplars.table.rowCount() == 2


def test_another_range_while_a_score_is_computed_starts_over(idle_studio, qtbot, small_video, tmp_path):
    key = _answer_parse(idle_studio, qtbot, small_video, tmp_path)
    session, client = idle_studio.session, idle_studio.client
    client.stops = False  # the worker has it and answers later
    parsed_as = session.dive(key).parse_id
    session.editing.set_details(key, "207C", 10.0)
    old = session.analyses.tasks[key].id
    session.editing.set_range(key, 2, None)
    assert not session.dive(key).scoring
    assert session.dive(key).state is DiveState.QUEUED
    client.received.emit(CancelledReport(id=old))
    answer_dive(idle_studio, tmp_path)
    assert session.dive(key).parse_id not in (None, parsed_as)
    answer_dive(idle_studio, tmp_path, scoring())
    assert session.dive(key).analysis.scoring is not None

    session.editing.set_details(key, "107B", 10.0)
    session.editing.set_range(key, 3, None)
    fail(idle_studio, session.analyses.tasks[key].id, "VideoError", "The file ends early.")
    assert session.dive(key).state is DiveState.FAILED


def test_an_answer_that_cannot_be_read_is_a_failure(idle_studio, qtbot, small_video, tmp_path):
    session = idle_studio.session
    key = open_queued(idle_studio, qtbot, small_video)
    parse = dive_parse(small_video, session.current.info.n_frames)
    message = result_message(request_of(idle_studio, key), Analysis(parse=parse, scoring=None), tmp_path)
    Path(message.record_path).write_bytes(b"half a file")
    idle_studio.client.received.emit(message)
    assert session.current.state is DiveState.FAILED
    assert "record" in reads(idle_studio.window.player.progress)


def test_a_typed_difficulty_wins_over_the_tables(idle_studio, qtbot, small_video, tmp_path):
    key = _answer_parse(idle_studio, qtbot, small_video, tmp_path)
    details, session = idle_studio.window.details, idle_studio.session
    session.editing.set_details(key, "1011C", 10.0)
    assert "give the DD" in reads(details)
    qtbot.keyClicks(details.difficulty, "x")
    assert details.difficulty.property("valid") is False
    assert session.current.difficulty is None
    details.difficulty.clear()
    qtbot.keyClicks(details.difficulty, "3,4")
    assert details.difficulty.property("valid") is True
    assert "DD 3.4" in reads(details)
    assert session.current.difficulty == 3.4
    asked = next(request for request in requests(idle_studio) if request.id == session.analyses.tasks[key].id)
    assert asked.details.difficulty == 3.4
    details.difficulty.clear()
    qtbot.keyClicks(details.difficulty, "9")
    assert "A DD of 9 cannot be" in reads(details)
    qtbot.keyClick(details.difficulty, Qt.Key.Key_Backspace)
    assert session.current.difficulty is None


_PLOT_OF_A_THREAD = """
import gc, threading
import pyqtgraph
from fineparser_gui.app import Application

app = Application([])
app.collect_garbage()
plot = pyqtgraph.PlotWidget()
plot.itself = plot
ended = []
plot.destroyed.connect(lambda: ended.append(threading.current_thread().name))
del plot

def make_garbage():
    for _ in range(10):
        kept = [[] for _ in range(100_000)]

thread = threading.Thread(target=make_garbage)
thread.start()
thread.join()
while not ended:
    app.processEvents()
    kept = [[] for _ in range(100_000)]
print(*ended)
"""


def test_no_other_thread_deletes_a_plot():
    done = subprocess.run([sys.executable, "-c", _PLOT_OF_A_THREAD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "MainThread\n"), done.stderr
