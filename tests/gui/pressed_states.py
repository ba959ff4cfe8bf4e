"""The states in which everything is pressed: each makes one, and returns the window in which that happens."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from answers_kit import (
    answer,
    answer_dive,
    copies,
    dive_parse,
    fail,
    open_queued,
    open_scored,
    request_of,
    running,
    scoring,
)
from history_kit import made_dive, row
from made_answers import DIVERS, recognition, segment
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.export.jobs import ClipJob
from fineparser_core.live.caught import CaughtClip
from fineparser_core.live.follower import RingFollower
from fineparser_core.live.reader import LiveReader
from fineparser_core.live.ring import Ring
from fineparser_core.live.sources import parse_source
from fineparser_core.records import Measure
from fineparser_gui.app import Studio
from fineparser_gui.meet.dialog import MeetDialog
from fineparser_gui.poolside.window import PoolsideWindow
from fineparser_gui.session.dive import DiveState, SavedDive
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.worker.protocol import Segments, TrimRequest


@dataclass(frozen=True)
class Making:
    """What a state is made of.

    Attributes:
        video: a dive of 120 frames.
        recording: a video of 20 s.
        ring: a recording of Poolside, which is copied.
        folder: for files.
    """

    studio: Studio
    qtbot: QtBot
    video: Path
    recording: Path
    ring: Path
    folder: Path


def empty(at):
    """No dive."""
    return at.studio.window


def one_dive(at):
    """A dive that is scored, judged, corrected, drawn on and measured."""
    key = open_queued(at.studio, at.qtbot, at.video, dive_number="207C", board_m=10.0, athlete="Anna")
    answer_dive(at.studio, at.folder, None, scoring(), measures=_MEASURES)
    editing = at.studio.session.editing
    editing.set_judging(key, Judging(awards=(6.5, 7.0, 6.5)))
    editing.leave_out(key, "a", True)
    at.studio.window.score.how.setChecked(True)
    at.studio.window.player.edits.nudge_transition(0, 1)
    at.studio.window.player.edits.nudge_transition(0, 1)
    at.studio.session.edits.active.undo()
    answer_dive(at.studio, at.folder, scoring()) if key in at.studio.session.analyses.tasks else None
    return at.studio.window


def exported(at):
    """A clip was exported, and another export failed."""
    key = open_scored(at.studio, at.qtbot, at.video, at.folder)
    exports = at.studio.session.exports
    for path in (at.folder / "out.mp4", at.folder / "none" / "out.mp4"):
        exports.add(ClipJob(path=path, analysis=at.studio.session.dive(key).analysis))
    at.qtbot.waitUntil(lambda: not exports.busy)
    return at.studio.window


def many(at):
    """A dive whose phases are known, one that is analysed, one that failed, one whose video is gone."""
    session = at.studio.session
    names = ("first", "second", "third", "gone")
    paths = [*copies(at.video, at.folder, names[:3]), at.folder / "gone.mp4"]
    session.restore(SavedSession(dives=tuple(SavedDive(path=path) for path in paths), selected=1))
    states = [DiveState.QUEUED] * 3 + [DiveState.MISSING]
    at.qtbot.waitUntil(lambda: [dive.state for dive in session.dives] == states)
    first, second, third, _ = session.keys
    answer_dive(at.studio, at.folder, key=first)
    fail(at.studio, request_of(at.studio, third), "ConfigError", "It cannot be.")
    session.editing.set_athlete(first, "Anna")
    session.select(second)
    return at.studio.window


def missing(at):
    """The one whose video is gone is shown."""
    many(at)
    at.studio.session.select(at.studio.session.keys[-1])
    QApplication.processEvents()  # what follows many changes at once follows
    return at.studio.window


def refused(at):
    """No dive is seen in the clip."""
    open_queued(at.studio, at.qtbot, at.video, dive_number="207C", board_m=10.0)
    answer_dive(at.studio, at.folder, parse=replace(dive_parse(at.video, 120), refusal="No take-off was found."))
    return at.studio.window


def contradicted(at):
    """The video shows another dive than the number."""
    open_queued(at.studio, at.qtbot, at.video, dive_number="301A")
    answer_dive(at.studio, at.folder, recognition=recognition())
    return at.studio.window


def unsure(at):
    """Two people may be the diver."""
    open_queued(at.studio, at.qtbot, at.video, dive_number="103B")
    parse = dive_parse(at.video, 120)
    answer_dive(at.studio, at.folder, parse=replace(parse, clip=replace(parse.clip, divers=DIVERS)))
    return at.studio.window


def found(at):
    """Dives were found in a recording."""
    at.studio.session.open([at.recording])
    at.qtbot.waitUntil(lambda: bool(running(at.studio, TrimRequest)))
    segments = [segment(first) for first in (10, 260)]
    answer(at.studio, Segments(id=running(at.studio, TrimRequest)[0].id, segments=segments))
    return at.studio.window


def comparison(at):
    """Two dives are compared."""
    session = at.studio.session
    session.open(copies(at.video, at.folder, ("first", "second")), dive_number="207C", board_m=10.0)
    at.qtbot.waitUntil(lambda: [dive.state for dive in session.dives] == [DiveState.QUEUED] * 2)
    for key in session.keys:
        answer_dive(at.studio, at.folder, None, scoring(), key=key)
    session.comparing.show(next(one for one in session.comparing.candidates() if one.key == session.keys[1]))
    at.qtbot.waitUntil(lambda: at.studio.window.player.panes[1].info is not None)
    return at.studio.window


def history(at):
    """The history holds dives."""
    changes = ({}, {"athlete": "Bo", "day": "2026-04-02"}, {"athlete": "Bo", "award": None, "score": None})
    rows = [row(made_dive(number, **known)) for number, known in enumerate(changes)]
    at.studio.session.history.write(lambda store: store.keep(rows))
    at.studio.window.actions_by_id["history"].trigger()
    return at.studio.window


def meet(at):
    """A list of dives with two videos, the first of which was announced otherwise."""
    rows = tuple(ListedDive(athlete=name, dive_number=dive, board_m=3.0) for name, dive in _LISTED)
    at.studio.session.meets.change(Meet(rows=rows), "list")
    at.studio.session.open(copies(at.video, at.folder, ("first", "second")))
    at.qtbot.waitUntil(lambda: [dive.state for dive in at.studio.session.dives] == [DiveState.QUEUED] * 2)
    at.studio.session.meets.match()
    at.studio.session.editing.set_details(at.studio.session.keys[0], "105B", 3.0)
    at.studio.window.actions_by_id["meet"].trigger()
    return at.studio.window.findChild(MeetDialog)


def poolside(at):
    """An address is there, and an earlier recording."""
    at.studio.window.actions_by_id["poolside"].trigger()
    pool = at.studio.window.findChild(PoolsideWindow)
    shutil.copytree(at.ring, at.folder / "recording")
    pool.setup.folder.setText(str(at.folder))
    pool.setup.field.use(str(at.video))
    pool.setup.show_recorded()
    return pool


def stream(at):
    """A camera is seen, and two dives were caught."""
    pool = poolside(at)
    assert isinstance(pool, PoolsideWindow)
    pool.stage.show_camera("front", RingFollower(at.folder / "recording"))
    pool._show_state()
    start_s = RingFollower(at.folder / "recording").span()[0]
    for number, path in enumerate(copies(at.video, at.folder, ("first", "second"))):
        pool.practice.add(CaughtClip(path, start_s + number, 1.0, 2.0, None))
    at.qtbot.waitUntil(lambda: pool.list.view.count() == 2)
    return pool


def write_ring(video, folder):
    """A recording of a video in a new folder."""

    class Hasty(Event):
        def wait(self, timeout=None):
            return self.is_set()

    with Ring(folder, segment_s=1.0) as ring:
        reader = LiveReader(parse_source(str(video)), [ring.write])
        reader._stop = Hasty()
        reader._run()
    return folder


_LISTED = (("Anna", "103B"), ("Ben", "105C"), ("Anna", "403B"))
_MEASURES = (Measure(name="flight_time", value=1.31, unit="s", uncertainty=0.02, frame=40, step="flight"),)
