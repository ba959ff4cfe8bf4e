"""The real worker process, with or without weights: it starts, answers, dies and comes back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from answers_kit import script
from PySide6.QtCore import QProcess

from fineparser_core.diving.details import DiveDetails
from fineparser_core.resources import resource
from fineparser_core.support.atomic import is_running
from fineparser_core.support.files import known_content
from fineparser_core.support.processes import own_process
from fineparser_gui.worker import client as worker_client
from fineparser_gui.worker.protocol import ChangeLibraryRequest, ParseRequest, ScoreRequest, TrimRequest, WorkerSettings
from fineparser_gui.worker.scheduler import SHOWN, Scheduler, TaskState, Urgency


@pytest.fixture
def scheduler(client):
    return Scheduler(client)


def parse_request(path):
    return ParseRequest(path=str(path), in_frame=None, out_frame=None)


def test_a_file_that_is_no_video_is_one_sentence(client, scheduler, qtbot, tmp_path):
    client.settings = WorkerSettings(language="de")
    path = tmp_path / "notes.mp4"
    path.write_text("not a video", encoding="utf-8")
    task = scheduler.submit(parse_request(path))
    with qtbot.waitSignal(task.failed) as failed:
        pass
    kind, message = failed.args
    assert kind == "VideoError"
    assert "notes.mp4" in message
    assert "ist kein Video" in message


def test_a_video_that_was_overwritten_meanwhile_has_no_result(client, scheduler, qtbot, tmp_path, small_video):
    path = tmp_path / "dive.mp4"
    path.write_bytes(small_video.read_bytes())
    request = scheduler.kept.named(TrimRequest(path=str(path)), known_content(path))
    with path.open("ab") as file:
        file.write(bytes(8))  # the next dive, written over it while the request waits or is worked on
    task = scheduler.submit(request)
    with qtbot.waitSignal(task.failed) as failed:
        pass
    assert failed.args == ["VideoError", f"{path} was overwritten by another file meanwhile: open it again."]
    again = scheduler.submit(scheduler.kept.named(TrimRequest(path=str(path)), known_content(path)))
    with qtbot.waitSignal(again.finished):
        pass


def test_closing_leaves_no_process_and_no_files(client, qtbot):
    client.start()
    qtbot.waitUntil(lambda: client.pid > 0)
    pid, folder = client.pid, client.folder
    client.close()
    qtbot.waitUntil(lambda: not is_running(pid))
    assert not folder.exists()


def test_a_process_of_the_window_works_in_the_folder_of_the_program(client, qtbot, monkeypatch, tmp_path):
    """The window may have been started in a folder of clips, with untrusted files in it."""
    monkeypatch.chdir(tmp_path)
    script(monkeypatch, "-c", "import os, sys; print(os.getcwd(), file=sys.stderr)")
    client.start()
    with qtbot.waitSignal(client.died):
        pass
    folder, ending = client.last_words  # a line as a whole, though its end is written by itself
    assert Path(folder).samefile(Path(sys.executable).parent)
    assert ending.endswith("exit code 0")


#: Ends when the system gets round to it, and neither asked nor at the end of its input.
DEAF = """
import os, sys
sys.path.insert(0, {root!r})
from fineparser_core.support.processes import lower_priority
os.sched_setaffinity(0, {{{cpu}}})
lower_priority()
print("up", file=sys.stderr, flush=True)
while True:
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the lowest priority of Linux")
def test_a_worker_that_a_busy_computer_is_slow_to_end_is_waited_for(client, qtbot, monkeypatch):
    cpu = min(os.sched_getaffinity(0))
    script(monkeypatch, "-c", DEAF.format(root=str(Path(__file__).parents[2]), cpu=cpu))
    monkeypatch.setattr(worker_client, "_CLOSE_MS", 1)
    client.start()
    qtbot.waitUntil(lambda: "up" in client.last_words)
    pid = client.pid
    busy = f"import os; os.sched_setaffinity(0, {{{cpu}}}); print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE) as hog:
        assert hog.stdout is not None
        hog.stdout.readline()
        client.stop()
        client.close()
        hog.kill()
    assert not client.running
    assert not is_running(pid)
    assert not [one for one in client.findChildren(QProcess) if one.state() != QProcess.ProcessState.NotRunning]


def test_the_worker_ends_when_its_window_is_gone(tmp_path):
    worker = subprocess.Popen(
        own_process("fineparser_gui.worker.child", str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    worker.communicate()  # closes its input
    assert worker.returncode == 0


@pytest.mark.usefixtures("bundled_weights")
def test_a_search_that_is_paused_goes_on_where_it_was_and_holds_nothing_up(scheduler, qtbot, tmp_path, make_video):
    done: list[int] = []
    search = scheduler.submit(TrimRequest(path=str(make_video(tmp_path / "long.mp4", 1500))))
    search.progressed.connect(lambda progress: done.append(progress.done))
    qtbot.waitUntil(lambda: bool(done))
    scheduler.pause(True)
    task = scheduler.submit(ChangeLibraryRequest(action="list"))
    with qtbot.waitSignal(task.finished):
        pass
    qtbot.waitUntil(lambda: search.state is TaskState.STOPPED)
    assert done[-1] < 1500
    with qtbot.waitSignal(search.finished):
        scheduler.pause(False)
    assert done == sorted(set(done))
    assert done[-1] == 1500


@pytest.mark.usefixtures("bundled_weights")
def test_an_urgent_score_overtakes_a_running_parse_and_the_dive_that_is_shown_stops_it(client, qtbot, tmp_path):
    scheduler = Scheduler(client, lambda: {"shown": SHOWN})
    stages: list[str] = []
    sample = str(resource("samples", "sample.mp4"))
    first = scheduler.submit(parse_request(sample))
    with qtbot.waitSignal(first.finished):
        pass
    ended: list[str] = []
    second = scheduler.submit(parse_request(sample))
    second.finished.connect(lambda _: ended.append("p2"))
    third = scheduler.submit(parse_request(tmp_path / "gone.mp4"))
    third.failed.connect(lambda *_: ended.append("p3"))
    score = {"parse_id": first.id, "details": DiveDetails(dive_number="207C", board_m=10.0)}
    for name, stage in (("r1", "read"), ("r2", "parse")):
        with qtbot.waitSignal(second.progressed, check_params_cb=lambda progress, at=stage: progress.stage == at):
            pass
        task = scheduler.submit(ScoreRequest(**score), urgency=Urgency.DRAG)
        task.finished.connect(lambda _, name=name: ended.append(name))
        with qtbot.waitSignal(task.finished):
            pass
    shown = scheduler.submit(parse_request(tmp_path / "gone, too.mp4"), key="shown")
    second.progressed.connect(lambda progress: stages.append(progress.stage))
    shown.failed.connect(lambda *_: (ended.append("shown"), stages.clear()))
    qtbot.waitUntil(lambda: "p3" in ended)
    assert ended == ["r1", "r2", "shown", "p2", "p3"]
    assert set(stages) == {"parse"}  # what was read of the clip is not read again
