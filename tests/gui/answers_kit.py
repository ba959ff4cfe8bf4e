"""A worker that runs no process, and what it would answer, made by hand."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from made_answers import dive_parse, scoring

from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.records import Analysis
from fineparser_core.support.array_file import write_array_file
from fineparser_gui.session.dive import DiveState
from fineparser_gui.worker.client import WorkerClient
from fineparser_gui.worker.protocol import (
    BegunReport,
    CancelledReport,
    CancelRequest,
    Failure,
    ProcessMessage,
    Request,
    Result,
)
from fineparser_gui.worker.records import parse_record


def script(monkeypatch, *command):
    """Let the worker be what Python runs by this command, followed by what `worker.child` takes."""
    monkeypatch.setattr(
        "fineparser_gui.support.process.own_process", lambda _, *given: [sys.executable, *command, *given]
    )


class SilentWorker(WorkerClient):
    """Takes requests and answers none: the test does."""

    def __init__(self, library=None, cache=None):
        super().__init__(library, cache)
        self._runs = False
        self.sent: list[ProcessMessage] = []
        self.begins = True  # what is sent, at once
        self.stops = True  # what is cancelled does so at once

    @property
    def running(self):
        return self._runs

    def start(self):
        if not self._runs:
            self._runs = True
            self.started.emit()

    def stop(self):
        self._runs = False

    def send(self, message):
        self.sent.append(message)
        if isinstance(message, Request) and self.begins:
            self.received.emit(BegunReport(id=message.id))
        if isinstance(message, CancelRequest) and self.stops:
            self.received.emit(CancelledReport(id=message.id))

    def die(self, times=1):
        """End unasked, as often before it can be started again."""
        for _ in range(times):
            self._runs = False
            self.died.emit()


def requests(studio, kind=object):
    """What the worker is asked, or waits to be, in the order in which it was asked for."""
    return [task.request for task in studio.session.scheduler.tasks if isinstance(task.request, kind)]


def running(studio, kind=object):
    """What the worker has been sent and has not answered, the most urgent first."""
    return [task.request for task in studio.session.scheduler.running if isinstance(task.request, kind)]


def request_of(studio, key):
    """Id of the request whose answer a dive waits for."""
    return studio.session.analyses.tasks[key].id


def answer(studio, message):
    """Let the worker say something."""
    studio.client.received.emit(message)


def fail(studio, request_id, kind, message):
    """Let a request fail."""
    answer(studio, Failure(id=request_id, kind=kind, message=message))


def result_message(request_id, analysis, folder):
    """What the worker sends for an analysis."""
    path = folder / f"{request_id}.npz"
    write_array_file(path, *parse_record(analysis.parse, None))
    return Result(id=request_id, analysis=analysis_to_dict(analysis), record_path=str(path))


def moved_scoring(points):
    """`scoring` with every vote moved by some points of motion in the flight."""
    own = scoring()

    def moved(parts):
        flight = replace(parts[1], points=parts[1].points + points, dynamic=parts[1].dynamic + points)
        return parts[0], flight, parts[2]

    votes = tuple(replace(v, vote=v.vote + points, contributions=moved(v.contributions)) for v in own.exemplars)
    return replace(own, score=own.score + points, contributions=moved(own.contributions), exemplars=votes)


def open_queued(studio, qtbot, video, **known):
    """The key of a dive that is opened and shown, and waits for its analysis."""
    studio.session.open([video], **known)
    qtbot.waitUntil(lambda: studio.session.current and studio.session.current.state is DiveState.QUEUED)
    return studio.session.current.key


def answer_dive(studio, folder, *scores, key=None, parse=None, recognition=None, **found):
    """Answer what a dive, the shown one, waits for: its phases, or as many as there are scores; None: phases alone.

    Args:
        folder: for the answers' files.
        parse: other than the known or usual one.
        recognition: of it.
        found: other attributes of the analysis.
    """
    dive = studio.session.current if key is None else studio.session.dive(key)
    known = dive.model_analysis.parse if dive.model_analysis else dive_parse(dive.path, dive.info.n_frames)
    parse = replace(parse or known, recognition=recognition or known.recognition)
    for score in scores or (None,):
        analysis = Analysis(parse=parse, scoring=score, **found)
        answer(studio, result_message(request_of(studio, dive.key), analysis, folder))


def open_scored(studio, qtbot, video, folder, number="207C"):
    """The key of a 207C from 10 m that is opened, analysed and scored; the answers' files go to a folder.

    Args:
        number: None: it, and the board, come from the history.
    """
    key = open_queued(studio, qtbot, video, dive_number=number, board_m=10.0 if number else None)
    answer_dive(studio, folder, None, scoring())
    return key


def once_closed(studio, qtbot, act):
    """Remove all dives, and delete or move a video once it is closed: Windows does neither to an open file."""
    studio.session.editing.remove(studio.session.keys)

    def acted():
        try:
            act()
        except PermissionError:
            return False
        return True

    qtbot.waitUntil(acted)


def copies(video, folder, names):
    """Copies of a video under other names."""
    return [Path(shutil.copy(video, folder / f"{name}.mp4")) for name in names]


def activate(qtbot, window):
    """Let a window have the keys, as one that is clicked."""
    with qtbot.waitActive(window):
        window.activateWindow()
