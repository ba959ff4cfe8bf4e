"""A hundred clips dropped, and a worker that is killed: the window goes on, and so does the queue."""

import os
import random
import shutil
from itertools import count
from pathlib import Path

import pytest
from mouse_kit import drop
from platforms import KILL

from fineparser_core.resources import resource
from fineparser_gui.services import importer, video_opener
from fineparser_gui.session.dive import DiveState


def test_a_hundred_dropped_clips_are_taken_in_over_many_turns(make_studio, qtbot, tmp_path, small_video, monkeypatch):
    """`packaging/benchmarks/window.py --only drop` measures how long the window gives no answer."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(100):
        shutil.copy(small_video, folder / f"Anna_207C_10m_{number}.mp4")
    instants = count(step=video_opener._TURN_S / 2)
    monkeypatch.setattr(video_opener, "monotonic", lambda: next(instants))  # each video takes half a turn
    added, told = _changes_a_turn(monkeypatch)
    studio = make_studio()
    session, window = studio.session, studio.window
    files = sorted(folder.iterdir())
    drop(window, files[:50])
    drop(window, [folder])  # the rest of them
    qtbot.waitUntil(
        lambda: len(session.keys) == 100 and all(session.dive(k).state is DiveState.QUEUED for k in session.keys)
    )
    assert (sum(added), sum(told)) == (100, 101)  # the folder is told of, too
    assert max(added) <= importer._ROWS_AT_ONCE
    assert max(told) <= 2


def _changes_a_turn(monkeypatch):
    """How many rows, and how many results, each turn of the event loop has added; filled as they come."""
    added, told = list[int](), list[int]()
    add, tell = importer.DiveImporter._add_some, video_opener.VideoOpener._tell_next

    def adding(self):
        keys = add(self)
        added.append(len(keys))
        return keys

    def telling(self):
        waiting = len(self._results)
        tell(self)
        told.append(waiting - len(self._results))

    monkeypatch.setattr(importer.DiveImporter, "_add_some", adding)
    monkeypatch.setattr(video_opener.VideoOpener, "_tell_next", telling)
    return added, told


@pytest.fixture
def clips(tmp_path):
    """Rendered dives, which say their number by their name."""
    found = sorted(resource("exemplars").glob("rendered-207C-*.mp4"))[:3]
    return [Path(shutil.copy(path, tmp_path / path.name)) for path in found]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("bundled_weights")
def test_a_worker_killed_at_any_moment_is_started_again_and_loses_nothing(studio, qtbot, clips):
    session, window, client = studio.session, studio.window, studio.client
    rng = random.Random(4)
    session.open(clips)
    for key in session.keys:
        session.editing.set_details(key, "207C", 10.0)
        session.editing.set_athlete(key, "Anna")
        session.editing.declare_dive(key)  # the water's contact is not seen in all of them
    qtbot.waitUntil(lambda: bool(session.current.votes))
    session.editing.move_transition(session.current.key, 0, 30)
    for _ in range(8):
        session.select(rng.choice(session.keys))
        window.actions_by_id["cancel_all"].trigger()
        qtbot.waitUntil(lambda: not any(session.dive(k).busy for k in session.keys))
        said = [(dive.details, dive.athlete, dive.correction) for dive in map(session.dive, session.keys)]
        for key in session.keys:
            session.analyze(key)
        qtbot.wait(rng.randrange(6000))
        victim = client.pid
        os.kill(victim, KILL)
        qtbot.waitUntil(lambda dead=victim: client.pid not in (0, dead))
        qtbot.waitUntil(lambda: all(dive.votes and not dive.busy for dive in map(session.dive, session.keys)))
        assert said == [(dive.details, dive.athlete, dive.correction) for dive in map(session.dive, session.keys)]
