"""One queue for everything that the worker is asked: what goes first, what waits, and what a crash takes along."""

import pytest
from answers_kit import SilentWorker

from fineparser_core.diving.details import DiveDetails
from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    BegunReport,
    CancelledReport,
    CancelRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    Failure,
    LibraryReport,
    ParseRequest,
    ScoreRequest,
    TrimRequest,
)
from fineparser_gui.worker.scheduler import SHOWN, Scheduler, Urgency

PARSE = ParseRequest(path="a.mp4", in_frame=None, out_frame=None)
ADD = AddExemplarRequest(
    path="c.mp4", in_frame=None, out_frame=None, facts=ExemplarFacts(dive_number="207C", board_m=10.0, score=70.0)
)
SCORE = ScoreRequest(parse_id="q1", details=DiveDetails(dive_number="207C"))


class Desk:
    """A scheduler whose worker answers when the test says so."""

    def __init__(self):
        self.places: dict[str, int] = {}
        self.client = SilentWorker()
        self.scheduler = Scheduler(self.client, lambda: self.places)
        self.ended: list[tuple[str, str]] = []

    def submit(self, name, request, **known):
        task = self.scheduler.submit(request, key=name, **known)
        task.finished.connect(lambda _: self.ended.append((name, "finished")))
        task.failed.connect(lambda kind, _: self.ended.append((name, kind)))
        task.cancelled.connect(lambda: self.ended.append((name, "cancelled")))
        return task

    @property
    def running(self):
        return [task.key for task in self.scheduler.running]

    def finish(self, name):
        task = next(one for one in self.scheduler.running if one.key == name)
        self.client.received.emit(
            LibraryReport(id=task.id, exemplars=[], own=[], waiting=[], writable=False, notice="")
        )


@pytest.fixture
def desk(qapp):
    made = Desk()
    yield made
    made.client.close()


def test_what_is_shown_goes_first_then_the_order_of_the_list(desk):
    desk.places = {"first": 0, "second": 1, "search": 2, "shown": SHOWN}
    desk.submit("busy", PARSE)
    desk.submit("search", TrimRequest(path="b.mp4"))
    for name in ("second", "first"):
        desk.submit(name, PARSE)
    assert desk.running == ["busy"]
    desk.submit("shown", PARSE)
    assert desk.running == ["shown", "busy"]  # it overtakes what was begun
    for expected in (["busy"], ["first"], ["second"], ["search"], []):
        desk.finish(desk.running[0])
        assert desk.running == expected


def test_a_score_never_waits_for_an_analysis(desk):
    desk.places = {"shown": SHOWN}
    desk.submit("exemplar", EncodeExemplarRequest(exemplar_id="e"))
    desk.submit("batch", PARSE)
    desk.submit("shown", PARSE)
    desk.submit("score", SCORE)
    desk.submit("other score", SCORE)
    assert desk.running == ["score", "shown", "batch", "exemplar"]
    desk.finish("score")
    assert desk.running[0] == "other score"


def test_paused_no_analysis_begins_and_scores_go_on(desk):
    desk.scheduler.pause(True)
    desk.submit("dive", PARSE)
    search = desk.submit("search", TrimRequest(path="b.mp4"))
    desk.submit("score", SCORE)
    assert desk.running == ["score"]
    desk.finish("score")
    desk.scheduler.pause(False)
    desk.finish("dive")
    assert search.begun
    desk.scheduler.pause(True)
    assert desk.client.sent[-1] == CancelRequest(id=search.id)
    exemplar = desk.submit("exemplar", ADD)
    assert exemplar.begun
    desk.finish("exemplar")
    assert not search.begun
    desk.scheduler.pause(False)
    assert search.begun
    assert desk.client.sent.count(search.request) == 2


def test_what_has_not_begun_is_stopped_once_it_has(desk):
    desk.places = {"shown": SHOWN}
    desk.client.begins = False
    batch = desk.submit("batch", PARSE)
    desk.submit("shown", PARSE)
    assert desk.running == ["batch"]  # it would end before it could be asked again
    desk.client.received.emit(BegunReport(id=batch.id))
    assert desk.running == ["shown", "batch"]
    assert desk.client.sent[-2] == CancelRequest(id=batch.id)


def test_what_is_dropped_while_it_stops_or_waits_to_go_on_ends(desk):
    desk.places = {"shown": SHOWN}
    desk.client.stops = False
    batch = desk.submit("batch", PARSE)
    shown = desk.submit("shown", PARSE)
    assert desk.running == ["batch"]
    batch.cancel()
    assert desk.client.sent.count(CancelRequest(id=batch.id)) == 1
    desk.client.received.emit(CancelledReport(id=batch.id))
    assert (desk.running, desk.ended) == (["shown"], [("batch", "cancelled")])
    add = desk.submit("exemplar", ADD, urgency=Urgency.SCORE)
    desk.client.received.emit(CancelledReport(id=shown.id))
    assert desk.running == ["exemplar", "shown"]
    shown.cancel()
    assert desk.ended[-1] == ("shown", "cancelled")
    assert add.begun


def test_after_a_death_what_ran_is_asked_one_by_one_and_what_is_guilty_fails(desk, qtbot):
    for name, request in (("batch", PARSE), ("change", ChangeLibraryRequest(action="list"))):
        desk.submit(name, request)
    desk.submit("score", SCORE, urgency=Urgency.DRAG)
    assert desk.running == ["score", "change", "batch"]
    desk.client.die()
    qtbot.waitUntil(lambda: desk.running == ["score"])
    desk.finish("score")
    assert desk.running == ["change"]
    desk.submit("other score", SCORE, urgency=Urgency.DRAG)
    assert desk.running == ["change"]
    desk.client.die()
    assert desk.ended == [("score", "finished"), ("change", "WorkerCrash")]
    qtbot.waitUntil(lambda: desk.running == ["other score"])
    desk.finish("other score")
    desk.finish("batch")
    assert len(desk.ended) == 4


def test_what_has_not_begun_is_not_to_blame(desk, qtbot):
    desk.client.begins = False
    desk.submit("dive", PARSE)
    for _ in range(3):
        desk.client.die()
        qtbot.waitUntil(lambda: desk.running == ["dive"])
    assert desk.ended == []


def test_what_has_not_begun_is_cancelled_at_once_and_a_worker_that_does_not_stop_is_ended(desk, qtbot):
    desk.scheduler._patience.setInterval(50)
    desk.client.stops = desk.client.begins = False
    desk.submit("waits", PARSE).cancel()
    assert desk.ended == [("waits", "cancelled")]
    desk.client.begins = True
    desk.submit("hangs", PARSE).cancel()
    desk.submit("next", PARSE)
    assert desk.ended == [("waits", "cancelled")]
    qtbot.waitUntil(lambda: desk.ended == [("waits", "cancelled"), ("hangs", "cancelled")])
    assert desk.running == ["next"]


def test_a_worker_that_keeps_dying_is_given_up_and_the_analyses_wait(desk):
    desk.client.begins = False
    desk.submit("dive", PARSE)
    desk.submit("change", ChangeLibraryRequest(action="list"))
    desk.client.die(5)
    assert desk.ended == []
    desk.submit("score", SCORE)
    desk.client.die()
    assert sorted(desk.ended) == [("change", "WorkerGone"), ("score", "WorkerGone")]
    assert desk.scheduler.paused
    desk.scheduler.try_again()
    assert desk.running == ["dive"]


def test_other_settings_ask_anew_what_runs_but_not_what_is_taken_back(desk):
    first = desk.submit("first", PARSE)
    desk.client.stops = False
    second = desk.submit("second", SCORE)
    second.cancel()
    assert desk.client.sent[-1] == CancelRequest(id=second.id)
    desk.scheduler.use(desk.client.settings)
    assert desk.ended == [("second", "cancelled")]
    assert desk.client.sent.count(first.request) == 2


def test_a_failure_that_no_task_is_to_blame_for_is_told(desk):
    told = []
    desk.scheduler.failed.connect(lambda *what: told.append(what))
    desk.client.received.emit(Failure(id=None, kind="CheckpointError", message="The weights are damaged."))
    assert told == [("CheckpointError", "The weights are damaged.")]
