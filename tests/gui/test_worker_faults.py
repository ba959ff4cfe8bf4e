"""A worker that dies of a request, at its start, or hangs: that request fails with its reason, the others end well."""

import os
from pathlib import Path

import pytest
from answers_kit import script

from fineparser_core.diving.details import DiveDetails
from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_gui.app import Studio
from fineparser_gui.session.dive import DiveState, ScoreState, SearchState
from fineparser_gui.worker import client as worker_client
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    ParseRequest,
    Request,
    ScoreRequest,
    TrimRequest,
)
from fineparser_gui.worker.scheduler import Scheduler

_HERE = Path(__file__).parent

FACTS = ExemplarFacts(dive_number="207C", board_m=10.0, score=70.0)
PARSE = ParseRequest(path="a.mp4", in_frame=None, out_frame=None)
SCORE = ScoreRequest(parse_id="q1", details=DiveDetails(dive_number="207C"))
TRIM = TrimRequest(path="b.mp4")
ADD = AddExemplarRequest(path="c.mp4", in_frame=None, out_frame=None, facts=FACTS)
ENCODE = EncodeExemplarRequest(exemplar_id="mine-1")
CHANGES = [
    ChangeLibraryRequest(action=action, exemplar_id="mine-1", facts=FACTS)
    for action in ("list", "edit", "remove", "restore")
]
KINDS: dict[str, Request] = {type(one).__name__: one for one in (PARSE, SCORE, TRIM, ADD, ENCODE)} | {
    f"change:{one.action}": one for one in CHANGES
}


_AT_START = {"start": "raise SystemExit(3)", "silence": "import time; time.sleep(600)"}


class Fault:
    """Makes the workers that start from now on faulty."""

    def __init__(self, monkeypatch, starts):
        self._monkeypatch, self._starts = monkeypatch, starts

    def inject(self, fault):
        command = (str(_HERE / "scripted_worker.py"), fault, str(self._starts))
        if fault in _AT_START:
            command = ("-c", f"open({str(self._starts)!r}, 'a').write('start\\n'); {_AT_START[fault]}")
        script(self._monkeypatch, *command)

    @property
    def n_starts(self):
        return len(self._starts.read_text(encoding="ascii").splitlines()) if self._starts.exists() else 0


@pytest.fixture
def fault(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(_HERE.parents[1]), str(_HERE)]))
    return Fault(monkeypatch, tmp_path / "starts")


class Queue:
    """A scheduler and how its tasks ended."""

    def __init__(self, client):
        self.scheduler = Scheduler(client)
        self.ended: dict[str, tuple[str, ...]] = {}

    def submit(self, name, request):
        task = self.scheduler.submit(request)
        task.finished.connect(lambda _: self.ended.update({name: ("finished",)}))
        task.failed.connect(lambda *why: self.ended.update({name: why}))
        task.cancelled.connect(lambda: self.ended.update({name: ("cancelled",)}))
        return task


@pytest.fixture
def queue(client):
    made = Queue(client)
    yield made
    made.scheduler.close()


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "change:list" else pytest.mark.hostile) for kind in KINDS]
)
def test_of_a_request_that_kills_the_worker_twice_nothing_but_that_fails(queue, qtbot, fault, kind):
    fault.inject(kind)
    for name, request in KINDS.items():
        queue.submit(name, request)
    qtbot.waitUntil(lambda: len(queue.ended) == len(KINDS))
    failed, why = queue.ended.pop(kind)
    assert failed == "WorkerCrash"
    assert "stopped twice while it worked on this" in why
    assert set(queue.ended.values()) == {("finished",)}
    # The first worker, another that is asked once more, and the one that goes on.
    qtbot.waitUntil(lambda: fault.n_starts == 3)


def test_a_worker_that_dies_at_its_start_is_given_up(queue, qtbot, fault):
    fault.inject("start")
    queue.submit("list", CHANGES[0])
    queue.submit("dive", PARSE)
    qtbot.waitUntil(lambda: "list" in queue.ended)
    assert queue.ended["list"][0] == "WorkerGone"
    assert "keeps stopping" in queue.ended["list"][1]
    assert queue.scheduler.paused
    assert "dive" not in queue.ended  # it waits
    n_starts = fault.n_starts
    assert n_starts == 6
    qtbot.wait(300)
    assert fault.n_starts == n_starts
    fault.inject("nothing")
    queue.scheduler.try_again()
    qtbot.waitUntil(lambda: queue.ended.get("dive") == ("finished",))


def test_a_worker_that_hangs_is_ended_and_another_does_its_work(queue, client, qtbot, fault, monkeypatch):
    most = 1_000_000  # a slow computer may take as long to start the other one
    client._pulse.setInterval(50)
    monkeypatch.setattr(worker_client, "_MOST_SILENT_PULSES", most)
    fault.inject("silence")
    queue.submit("dive", PARSE)
    qtbot.waitUntil(lambda: fault.n_starts == 1)
    fault.inject("nothing")
    client._silent_pulses = most
    qtbot.waitUntil(lambda: queue.ended.get("dive") == ("finished",))
    assert fault.n_starts == 2
    client._silent_pulses = most // 2
    qtbot.waitUntil(lambda: client._silent_pulses < most // 2)  # a busy worker answers every pulse


def test_a_worker_that_hears_no_cancel_is_ended(queue, qtbot, fault):
    queue.scheduler._patience.setInterval(100)
    fault.inject("deaf")
    task = queue.submit("dive", PARSE)
    qtbot.waitUntil(lambda: task.begun)
    queue.submit("search", TRIM)
    task.cancel()
    qtbot.waitUntil(lambda: len(queue.ended) == 2)
    assert queue.ended == {"dive": ("cancelled",), "search": ("finished",)}
    assert fault.n_starts == 2


@pytest.fixture
def faulty_studio(qapp, qtbot, fault, tmp_path, request):
    fault.inject(request.param)
    made = Studio(qapp, tmp_path / "state")
    ready = []
    made.session.scheduler.ready.connect(ready.append)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made, ready
    made.window.close()
    made.window.deleteLater()


def _settled(faulty_studio, qtbot, n_workers, then):
    """Whether the last of as many workers is done, and no other was started."""
    studio, ready = faulty_studio
    qtbot.waitUntil(then)
    qtbot.waitUntil(lambda: len(ready) == n_workers and not studio.session.scheduler.tasks)
    pid = studio.client.pid
    qtbot.wait(200)
    return studio.client.pid == pid and len(ready) == n_workers


def _opened(faulty_studio, *paths, **known):
    session = faulty_studio[0].session
    session.open(paths, **known)
    return session


@pytest.mark.parametrize("faulty_studio", ["change:list"], indirect=True)
def test_a_library_that_kills_its_reader_is_told_and_left_alone(faulty_studio, qtbot, fault):
    studio, _ = faulty_studio
    assert _settled(faulty_studio, qtbot, 3, lambda: "stopped twice" in studio.window.messages.text)
    studio.session.library.refresh()  # the coach looks again
    assert _settled(faulty_studio, qtbot, 5, lambda: fault.n_starts == 5)


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("faulty_studio", "failed"),
    [
        ("ParseRequest", lambda dive: dive.state is DiveState.FAILED),
        ("ScoreRequest", lambda dive: dive.score_state is ScoreState.FAILED and dive.state is DiveState.READY),
        ("TrimRequest", lambda dive: dive.search_state is SearchState.FAILED),
    ],
    indirect=["faulty_studio"],
)
def test_a_dive_that_kills_the_worker_fails_alone(faulty_studio, qtbot, tmp_path, make_video, failed, request):
    trimmed = "TrimRequest" in request.node.name
    clip = make_video(tmp_path / "clip.mp4", 120, fps=5 if trimmed else 30)
    session = _opened(faulty_studio, clip, dive_number="207C")
    assert _settled(faulty_studio, qtbot, 3, lambda: failed(session.current))
    assert "stopped twice" in session.current.problem


@pytest.mark.hostile
@pytest.mark.parametrize("faulty_studio", ["nothing"], indirect=True)
def test_a_dragged_score_that_kills_the_worker_fails_alone(faulty_studio, qtbot, fault, clip):
    session = _opened(faulty_studio, clip, dive_number="207C")
    qtbot.waitUntil(lambda: session.current.score_state is ScoreState.SCORED)
    fault.inject("ScoreRequest")
    session.scheduler.use(session.scheduler._client.settings)
    session.editing.move_transition(session.current.key, 1, 90)
    assert _settled(faulty_studio, qtbot, 4, lambda: session.current.score_state is ScoreState.FAILED)
    assert "stopped twice" in session.current.problem
