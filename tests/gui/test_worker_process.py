"""The real worker process, with or without weights: it starts, answers, dies and comes back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fineparser_core.resources import resource
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import ChangeLibraryRequest, ParseRequest, ScoreRequest, TrimRequest, Urgency

_START_MS = 120_000


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def client(qapp):
    made = WorkerClient()
    yield made
    made.close()


def test_a_file_that_is_no_video_is_one_sentence(client, qtbot, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("not a video", encoding="utf-8")
    with qtbot.waitSignal(
        client.failed, timeout=_START_MS, check_params_cb=lambda request_id, *_: request_id == "p1"
    ) as failed:
        client.submit(ParseRequest(id="p1", path=str(path), in_frame=None, out_frame=None))
    _, kind, message = failed.args
    assert kind == "VideoError"
    assert "notes.mp4" in message


def test_a_request_that_waits_is_dropped_at_once(client, qtbot):
    client.submit(ParseRequest(id="p1", path="a", in_frame=None, out_frame=None))
    client.submit(ParseRequest(id="p2", path="b", in_frame=None, out_frame=None))
    with qtbot.waitSignal(client.cancelled, timeout=1000) as cancelled:
        client.cancel("p2")
    assert cancelled.args == ["p2"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_after_a_kill_another_worker_takes_the_rest(client, qtbot, tmp_path):
    client.start()
    qtbot.waitUntil(lambda: client.pid > 0, timeout=_START_MS)
    first = client.pid
    client.submit(ParseRequest(id="p1", path=str(tmp_path / "lost.mp4"), in_frame=None, out_frame=None))
    client.submit(ParseRequest(id="p2", path=str(tmp_path / "next.mp4"), in_frame=None, out_frame=None))
    with qtbot.waitSignal(client.failed, timeout=_START_MS) as failed:
        os.kill(first, signal.SIGKILL)
    assert failed.args[:2] == ["p1", "WorkerCrash"]
    with qtbot.waitSignal(
        client.failed, timeout=_START_MS, check_params_cb=lambda request_id, *_: request_id == "p2"
    ) as failed:
        pass
    assert failed.args[1] == "VideoError"
    assert client.pid not in (0, first)


@pytest.mark.skipif(sys.platform == "win32", reason="looks processes up by signal 0")
def test_closing_leaves_no_process_and_no_files(client, qtbot):
    client.start()
    qtbot.waitUntil(lambda: client.pid > 0, timeout=_START_MS)
    pid, folder = client.pid, Path(client._folder.name)
    client.close()
    qtbot.waitUntil(lambda: not _alive(pid), timeout=5000)
    assert not folder.exists()


def test_the_worker_ends_when_its_window_is_gone(tmp_path):
    worker = subprocess.Popen(
        [sys.executable, "-m", "fineparser_gui.worker.child", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    worker.communicate(timeout=60)  # closes its input
    assert worker.returncode == 0


@pytest.mark.usefixtures("bundled_weights")
def test_a_search_stands_still_while_it_is_held_and_lets_what_is_urgent_pass(client, qtbot, small_video):
    ended: list[str] = []
    told: list[int] = []
    client.finished.connect(lambda request_id, _: ended.append(request_id))
    client.progressed.connect(lambda request_id, progress: told.append(progress.done) if request_id == "t1" else None)
    client.hold(True)
    client.submit(TrimRequest(id="t1", path=str(small_video)))
    qtbot.waitUntil(lambda: bool(told), timeout=_START_MS)
    client.submit(ChangeLibraryRequest(id="l1", action="list"))
    qtbot.waitUntil(lambda: ended == ["l1"], timeout=_START_MS)
    assert told == [1]
    client.cancel("t1")
    with qtbot.waitSignal(client.cancelled, timeout=_START_MS):
        pass
    client.submit(TrimRequest(id="t2", path=str(small_video)))
    client.hold(False)
    qtbot.waitUntil(lambda: ended == ["l1", "t2"], timeout=_START_MS)


@pytest.mark.usefixtures("bundled_weights")
def test_an_urgent_score_overtakes_a_running_parse(client, qtbot):
    sample = str(resource("samples", "sample.mp4"))
    with qtbot.waitSignal(client.finished, timeout=_START_MS):
        client.submit(ParseRequest(id="p1", path=sample, in_frame=None, out_frame=None))
    ended: list[str] = []
    client.finished.connect(lambda request_id, _: ended.append(request_id))
    client.submit(ParseRequest(id="p2", path=sample, in_frame=None, out_frame=None))
    client.submit(ParseRequest(id="p3", path=sample, in_frame=None, out_frame=None))
    score = {"parse_id": "p1", "dive_number": "207C", "board_m": 10.0, "difficulty": None}
    for request_id, stage in (("r1", "read"), ("r2", "parse"), ("r3", "parse")):
        with qtbot.waitSignal(
            client.progressed, timeout=_START_MS, check_params_cb=lambda _, progress, at=stage: progress.stage == at
        ):
            pass
        client.submit(ScoreRequest(id=request_id, urgency=Urgency.DRAG, **score))
        with qtbot.waitSignal(client.finished, timeout=_START_MS):
            pass
    qtbot.waitUntil(lambda: "p3" in ended, timeout=_START_MS)
    assert ended == ["r1", "r2", "r3", "p2", "p3"]
