"""At the pool: the mirror of what is recorded, dives that come by themselves, and what the coach does to them."""

import json
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from threading import Event

import pytest
from answers_kit import answer_dive
from made_answers import recognition
from numbered_video import read_number
from pressed_states import write_ring
from PySide6.QtCore import QCoreApplication, Qt

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.live.caught import CaughtClip
from fineparser_core.live.follower import RingFollower
from fineparser_core.progress import Progress
from fineparser_core.records import Measure
from fineparser_gui.poolside import mirror_feed, practice
from fineparser_gui.poolside.mirror_feed import MirrorFeed
from fineparser_gui.poolside.practice_list import _CAUGHT
from fineparser_gui.poolside.recorder import Recorder
from fineparser_gui.poolside.window import PoolsideWindow
from fineparser_gui.services.meets import _SETTLE_MS
from fineparser_gui.session.dive import DiveState


@pytest.fixture
def recorded(small_video, tmp_path):
    """The folder of a ring with 120 numbered pictures."""
    return write_ring(small_video, tmp_path / "ring")


@pytest.fixture
def feed(recorded, qtbot):
    """A feed, the numbers of the pictures that it shows, and when the recording starts."""
    made, numbers = MirrorFeed(RingFollower(recorded)), list[int]()

    def take(image, _):
        numbers.append(read_number(pixels(image)))
        made.painted()

    made.pictured.connect(take)
    made.delay_s = 3600.0
    made.start()
    span = RingFollower(recorded).span()
    assert span is not None
    yield made, numbers, span[0]
    made.close()


def pixels(image):
    import numpy as np

    bgra = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return bgra[:, : image.width(), 2::-1]


class Clock:
    """Stands still, for feeds too, until it is told otherwise."""

    def __init__(self, monkeypatch):
        self.now_s = mirror_feed.now_s()
        monkeypatch.setattr(mirror_feed, "now_s", lambda: self.now_s)

    def go_on(self, seconds):
        self.now_s += seconds


def test_a_part_is_played_again_and_again_slowly(feed, qtbot, monkeypatch):
    made, numbers, start_s = feed
    made.loop(start_s + 1.0, start_s + 1.3)
    part = [*range(30, 40), 30, 31]
    qtbot.waitUntil(lambda: any(numbers[at:][:12] == part for at in range(len(numbers))))
    assert set(numbers) == {*part}

    def rest():
        obeyed = Event()
        made.pause(True)
        made._order(obeyed.set)
        qtbot.waitUntil(obeyed.is_set)
        QCoreApplication.processEvents()

    def shows(act):
        n_shown = len(numbers)
        act()
        qtbot.waitUntil(lambda: len(numbers) > n_shown)
        return numbers[-1]

    rest()
    clock, at = Clock(monkeypatch), part.index(numbers[-1])
    assert shows(lambda: made.play_at(1 / 8)) == part[at + 1]  # no time passes until the key is answered
    assert shows(lambda: clock.go_on(8 / 30 + 0.01)) == part[at + 2]


def test_each_picture_is_shown_as_long_ago_as_was_asked_for(recorded, qtbot, monkeypatch):
    monkeypatch.setattr(mirror_feed, "_PAINTED_IN_S", None)
    clock, seen = Clock(monkeypatch), list[float]()
    with closing(MirrorFeed(RingFollower(recorded))) as made:
        made.pictured.connect(lambda *_: (seen.append(clock.now_s - made.time_s), made.painted()))
        made.delay_s = clock.now_s - RingFollower(recorded).span()[0] + 0.5
        made.start()
        qtbot.waitUntil(lambda: made._frames is not None)
        clock.go_on(0.5 - 1 / 30 + 0.005)
        for n_shown in range(1, 31):
            clock.go_on(1 / 30)
            qtbot.waitUntil(lambda n_shown=n_shown: len(seen) >= n_shown)
    assert seen == [pytest.approx(made.delay_s, abs=0.01)] * 30
    assert made.dropped == 0


def test_a_closed_feed_has_closed_its_source(recorded, qtbot):
    class Source(RingFollower):
        ended = False

        def frames(self, from_s, stop):
            try:
                yield from super().frames(from_s, stop)
            finally:
                self.ended = True

    feed = MirrorFeed(source := Source(recorded))
    span = source.span()
    assert span is not None
    feed.loop(span[0], span[0] + 0.3)
    with qtbot.waitSignal(feed.pictured):
        feed.start()
    feed.close()
    assert source.ended


def test_a_camera_that_is_silent_is_not_called_live(pool, recorded, qtbot, monkeypatch):
    clock = Clock(monkeypatch)
    clock.now_s = RingFollower(recorded).span()[0] + 1.0
    pool.stage.show_camera("front", RingFollower(recorded))
    tile = pool.stage.tile
    qtbot.waitUntil(lambda: tile.feed._frames is not None)
    clock.go_on(0.1)
    qtbot.waitUntil(lambda: tile.feed.time_s > 0)
    assert tile.words() == "Live"
    clock.go_on(10)
    qtbot.waitUntil(lambda: tile.words().startswith("No picture for 10 s"))
    pool.stage.clear()


@pytest.fixture
def pool(idle_studio, qtbot, tmp_path):
    idle_studio.window.actions_by_id["poolside"].trigger()
    made = idle_studio.window.findChild(PoolsideWindow)
    qtbot.waitExposed(made)
    made.setup.folder.setText(str(tmp_path / "out"))
    return made


@pytest.fixture
def clips(small_video, tmp_path):
    """Four dives, a minute apart."""
    made = []
    for number in range(4):
        path = tmp_path / f"2026-11-29 10.0{number}.00.mp4"
        path.write_bytes(small_video.read_bytes())
        made.append(CaughtClip(path, 1e9 + 60 * number, 1.0, 2.0, None))
    return made


def next_at_board(pool):
    pool.athletes.refresh()
    return [button.text() for button in pool.athletes.buttons.values() if button.isChecked()]


def rows(pool):
    pool.list.refresh()
    return [pool.list.view.item(row).text().splitlines()[0] for row in range(pool.list.view.count())]


def answer_row(pool, session, qtbot, caught, question):
    """Answer with a click that a dive is the next of the list, which is asked once its video is open."""
    qtbot.waitUntil(lambda: any(dive.path == caught.clip and dive.info is not None for dive in session.dives))
    qtbot.wait(2 * _SETTLE_MS)  # a row would be taken by then
    pool.list.refresh()
    assert session.meet.row_of(next(dive.key for dive in session.dives if dive.path == caught.clip)) is None
    names = [pool.list.view.item(row).data(_CAUGHT).clip for row in range(pool.list.view.count())]
    pool.list.view.setCurrentRow(names.index(caught.clip))
    assert pool.list.row.text() == question
    qtbot.mouseClick(pool.list.row, Qt.MouseButton.LeftButton)


def test_a_dive_takes_the_row_of_its_athlete_and_number_by_itself(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    marks = (6.0, 6.0, 6.0)
    called = ListedDive(athlete="Ben", dive_number="105C", awards=marks)
    session.meets.change(Meet(rows=(called, ListedDive(athlete="Anna", dive_number="103B"))), "list")
    pool.practice.choose("Ben")
    pool.practice.add(clips[0])
    qtbot.waitUntil(lambda: len(session.dives) == 1 and session.dives[0].info is not None)
    key = session.dives[0].key
    session.editing.set_details(key, "107B", None)
    qtbot.wait(2 * _SETTLE_MS)
    assert [row.dive for row in session.meet.rows] == [None, None]
    pool.list.refresh()
    assert pool.list.row.isHidden()  # Ben has no such dive
    assert session.dives[0].judging is None
    session.editing.set_details(key, "105C", None)
    qtbot.waitUntil(lambda: [row.dive for row in session.meet.rows] == [key, None])
    assert session.dives[0].judging.awards == marks


def test_caught_dives_come_are_named_in_turn_and_can_be_taken_back(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    session.meets.change(
        Meet(rows=(ListedDive(athlete="Anna", dive_number="103B"), ListedDive(athlete="Ben", dive_number="105C"))),
        "list",
    )
    shown = session.current
    pool.practice.add(clips[0])
    answer_row(pool, session, qtbot, clips[0], "Is it Anna · 103B?")
    qtbot.waitUntil(lambda: len(rows(pool)) == 1 and "Anna · 103B" in rows(pool)[0])
    assert next_at_board(pool) == ["Ben\n105C"]
    # What comes instead of it takes its place and its row.
    pool.practice.add(replace(clips[1], instead_of=clips[0].clip))
    answer_row(pool, session, qtbot, clips[1], "Is it Anna · 103B?")
    qtbot.waitUntil(lambda: len(rows(pool)) == 1 and "Anna" in rows(pool)[0])
    assert [dive.path for dive in session.dives] == [clips[1].clip]
    # Unless the coach has worked on it.
    pool.practice.say(session.dives[0].key, "Good")
    pool.practice.add(replace(clips[2], instead_of=clips[1].clip))
    answer_row(pool, session, qtbot, clips[2], "Is it Ben · 105C?")
    qtbot.waitUntil(lambda: len(rows(pool)) == 2 and "Ben" in rows(pool)[0])
    assert shown is None
    assert session.current.path == clips[1].clip  # another one does not take its place
    pool.activateWindow()
    pool.list.view.setFocus()
    qtbot.keyClick(pool.list.view, Qt.Key.Key_Delete)
    assert len(rows(pool)) == 1
    session.edits.active.undo()
    qtbot.waitUntil(lambda: len(rows(pool)) == 2 and "Ben" in rows(pool)[0])


def test_a_clip_of_the_training_takes_no_row_of_a_finished_meet(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    done = [ListedDive(athlete=name, dive_number="103B", awards=(6.0, 6.0, 6.0)) for name in ("Anna", "Ben")]
    session.meets.change(Meet(rows=tuple(done)), "list")
    assert not pool.practice.listed
    pool.practice.add(clips[0])
    qtbot.waitUntil(lambda: len(session.dives) == 1 and session.dives[0].info is not None)
    qtbot.wait(2 * _SETTLE_MS)  # a row would be taken by then
    assert [row.dive for row in session.meet.rows] == [None, None]
    assert (session.dives[0].athlete, session.dives[0].judging) == ("", None)


def test_a_wrong_catch_comes_back_at_a_tap_or_goes_to_the_bin(pool, clips, idle_studio, qtbot, monkeypatch):
    session, binned, live = idle_studio.session, list[str](), list[None]()
    monkeypatch.setattr(practice.QFile, "moveToTrash", binned.append)
    monkeypatch.setattr(pool.stage, "live", lambda: live.append(None))
    for clip in clips[:2]:
        pool.practice.add(clip)
    qtbot.waitUntil(lambda: len(rows(pool)) == 2)
    pool.loop(pool.list.last())
    pool.list.wrong.click()
    assert (len(rows(pool)), len(live)) == (1, 1)
    assert pool.word.accessibleName().startswith("Taken back: ")
    pool.undo.click()
    assert len(rows(pool)) == 2
    assert not pool.undo.isVisibleTo(pool)
    pool.list.view.setCurrentRow(1)
    gone = session.find(pool.list.view.currentItem().data(Qt.ItemDataRole.UserRole)).path
    qtbot.waitUntil(pool.actions_by_id["wrong"].isEnabled)
    pool.actions_by_id["wrong"].trigger()
    pool.practice.discard()
    assert binned == [str(gone)]
    assert [dive.path for dive in session.dives] == [clips[1].clip]


def test_a_caught_dive_has_the_day_it_was_recorded_on(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    midnight_s = datetime(2026, 11, 30).timestamp()
    pool.practice.add(replace(clips[0], at_s=midnight_s - 1.5, leaves_s=2.0))
    pool.practice.add(replace(clips[1], at_s=midnight_s - 60.0))
    qtbot.waitUntil(lambda: [dive.day for dive in session.dives] == ["2026-11-30", "2026-11-29"])
    assert {dive.board_m for dive in session.dives} == {None}
    session.open([clips[2].clip])
    qtbot.waitUntil(lambda: session.dives[-1].info is not None)
    assert session.dives[-1].day == ""  # neither its file nor a camera says it


def test_athletes_are_tapped_and_the_order_goes_on_by_itself(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    pool.practice.add(clips[0])
    for name in ("Anna", "Ben", "Cleo"):
        qtbot.keyClicks(pool.athletes.name, name)
        qtbot.keyClick(pool.athletes.name, Qt.Key.Key_Return)
    assert next_at_board(pool) == []  # nobody is guessed
    qtbot.mouseClick(pool.athletes.buttons["Ben"], Qt.MouseButton.LeftButton)
    pool.setup.board.setCurrentIndex(pool.setup.board.findData(3.0))
    pool.practice.add(clips[1])
    assert next_at_board(pool) == ["Cleo"]
    # A hurdle that was taken for a dive: what comes instead of it is of the same athlete.
    pool.practice.add(replace(clips[2], instead_of=clips[1].clip))
    assert next_at_board(pool) == ["Cleo"]
    pool.practice.add(clips[3])
    assert next_at_board(pool) == ["Anna"]
    named = [(dive.athlete, dive.board_m) for dive in session.dives]
    assert named == [("", None), ("Ben", 3.0), ("Cleo", 3.0)]
    rows(pool)
    pool.list.take_back()
    assert next_at_board(pool) == ["Cleo"]
    pool.practice.strike("Cleo")
    assert next_at_board(pool) == []
    assert "Cleo" not in pool.athletes.buttons


def test_an_athlete_of_the_list_is_tapped_out_of_turn(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    listed = (("Anna", "103B"), ("Ben", "105C"), ("Anna", "403B"))
    session.meets.change(Meet(rows=tuple(ListedDive(athlete=who, dive_number=what) for who, what in listed)), "list")
    assert next_at_board(pool) == ["Anna\n103B"]
    assert pool.athletes.name.isHidden()
    qtbot.mouseClick(pool.athletes.buttons["Ben"], Qt.MouseButton.LeftButton)
    pool.practice.add(clips[0])
    answer_row(pool, session, qtbot, clips[0], "Is it Ben · 105C?")
    qtbot.waitUntil(lambda: session.meet.rows[1].dive is not None)
    assert session.dives[0].details[0] == "105C"
    assert next_at_board(pool) == ["Anna\n103B"]
    pool.practice.choose("Ben")
    session.meets.change(Meet(), "no list")
    pool.practice.add(clips[1])  # nobody follows an athlete who is in no order
    assert session.dives[1].athlete == "Ben"
    assert next_at_board(pool) == []


def test_the_verdict_of_the_newest_dive_stands_large_and_first(pool, clips, idle_studio, qtbot, tmp_path):
    pool.practice.add(clips[0])
    pool.practice.add(clips[1])
    first, second = idle_studio.session.keys
    qtbot.waitUntil(lambda: idle_studio.session.dive(second).state is DiveState.QUEUED)
    rows(pool)
    assert pool.list.view.currentRow() == 0
    assert pool.list.verdict.text() == "waits for the analysis"
    low = Measure(name="flight_time", value=1.31, unit="s", uncertainty=0.02, frame=40, step="flight")
    answer_dive(idle_studio, tmp_path, key=second, measures=(low,))
    rows(pool)
    assert pool.list.verdict.text() == pool.list.verdict_of(idle_studio.session.dive(second)) != ""
    assert pool.list.verdict.font().pointSizeF() > pool.font().pointSizeF()
    assert pool.list.balk.height() >= 56
    assert first != second


def test_the_camera_shows_its_picture_by_itself_and_is_set_up_again(pool, small_video, recorded, qtbot):
    pool.setup.field.use(str(small_video))
    qtbot.waitUntil(lambda: pool.stage.tile is not None and pool.stage.tile.shown > 0)
    assert pool.setup.isVisible()
    assert not pool.slider.isVisible()  # there is nothing to go back to
    pool.stage.show_camera("front", RingFollower(recorded))
    pool._plays = True
    pool._show_state()
    assert pool.slider.isVisible()
    assert not pool.setup.isVisible()
    qtbot.mouseClick(pool.again, Qt.MouseButton.LeftButton)
    assert pool.setup.isVisible()
    pool.setup.field.use("ftp://pool/live")
    assert "rtsp" in pool.setup.state.text()
    assert pool.stage.tile is None


def test_what_was_missed_stays_to_be_read(pool, clips):
    recorder = Recorder(clips[0].clip.parent)
    recorder.said.connect(pool.word.set_text)
    recorder.missed.connect(pool._tell_missed)
    recorder._on_said("warning: Computer too slow: 2 s not searched.")
    recorder._on_said("The camera is there again.")
    assert pool.missed.text() == "Computer too slow: 2 s not searched."
    assert pool.missed.isVisible()
    assert pool.word.accessibleName() == "The camera is there again."


def test_a_balk_costs_two_of_every_award_of_its_row(pool, clips, idle_studio, qtbot):
    session = idle_studio.session
    session.meets.change(Meet(rows=(ListedDive(athlete="Anna", dive_number="103B", board_m=3.0),)), "list")
    pool.practice.add(clips[0])
    answer_row(pool, session, qtbot, clips[0], "Is it Anna · 103B 3 m?")
    qtbot.waitUntil(lambda: session.meet.rows[0].dive is not None)
    rows(pool)
    session.editing.set_judging(session.dives[0].key, Judging(awards=(7.0, 7.0, 7.0)))
    for points in (24.0, 33.6):  # 3 × 5 × 1.6, and not
        qtbot.mouseClick(pool.list.balk, Qt.MouseButton.LeftButton)
        assert session.meets.counted.rows[0].points == points
    qtbot.mouseClick(pool.list.repeat, Qt.MouseButton.LeftButton)
    assert session.meet.rows[0].dive is None
    session.edits.active.undo()
    assert session.meet.rows[0].dive == session.dives[0].key
    assert session.dives[0].outcome == ""


def test_a_caught_dive_says_what_was_seen_and_takes_it_with_a_click(pool, clips, idle_studio, qtbot, tmp_path):
    session = idle_studio.session
    pool.practice.add(clips[0])
    (key,) = session.keys
    qtbot.waitUntil(lambda: session.dive(key).state is DiveState.QUEUED)
    answer_dive(idle_studio, tmp_path, key=key, recognition=recognition())
    assert "seen: 103B 84 %" in rows(pool)[0]
    qtbot.mouseClick(pool.list.seen, Qt.MouseButton.LeftButton)
    assert session.dive(key).dive_number == pool.list.number.text() == "103B"
    assert "103B 1 m" in rows(pool)[0]
    assert pool.list.seen.isHidden()
    session.editing.set_details(key, "203B", None)
    rows(pool)
    assert "forward" in pool.list.view.item(0).text()
    assert pool.list.seen.isVisible()


def test_the_log_says_who_balked_and_what_the_coach_said(pool, clips, idle_studio):
    for clip in clips[:2]:
        pool.practice.add(clip)
    first, second = idle_studio.session.keys
    idle_studio.session.editing.set_athlete(first, "Anna")
    rows(pool)
    pool.list.view.setCurrentRow(0)
    pool.practice.repeat(second)
    pool.list.word.setEditText("Legs apart")
    pool.list._say()
    pool.practice.balk(first)
    told = [(dive.outcome, dive.note) for dive in idle_studio.session.dives]
    assert told == [("balk", ""), ("repeat", "Legs apart")]
    rows(pool)
    assert pool.list.repeat.isChecked()
    assert "repeat · Legs apart" in pool.list.view.item(0).text()
    assert pool.list.note.text() == "Legs apart"
    assert pool.list.note.isVisible()
    assert idle_studio.session.dive(second).athlete == "Anna"


def test_addresses_are_checked_and_remembered_without_passwords(pool):
    field = pool.setup.field
    field.use("ftp://pool/live")
    pool.start_recording()
    assert not pool.recording
    field.use("rtsp://coach:secret@127.0.0.1:9/live?token=abc")
    pool.setup.remember()
    assert pool.setup._preferences.now.cameras == ("rtsp://coach:***@127.0.0.1:9/live",)
    pool.setup.secrets.setChecked(True)
    pool.setup.remember()
    assert "secret" in pool.setup._preferences.now.cameras[0]


def test_what_is_left_of_an_earlier_recording_is_said_and_deleted(pool, recorded, tmp_path):
    assert not pool.setup.clear.isVisible()
    (tmp_path / "out").mkdir()
    recorded.rename(tmp_path / "out" / "recording")
    pool.setup.show_recorded()
    assert pool.setup.clear.isVisible()
    pool.setup.clear.click()
    assert not pool.setup.clear.isVisible()
    assert not list((tmp_path / "out" / "recording").glob("*.ts"))


def test_a_watched_folder_says_so_and_offers_the_files_that_are_there(pool, clip, idle_studio, qtbot, monkeypatch):
    monkeypatch.setattr(Recorder, "start", lambda *_: None)
    monkeypatch.setattr(Recorder, "running", True)
    pool.setup.field.use(str(clip.parent))
    assert not pool.take_there.isVisible()
    pool.start_recording()
    said = f"Watching {clip.parent.name} · files: 1"
    assert (pool.word.accessibleName(), pool.stage.hint.text()) == (said, said)
    assert pool.take_there.text() == "Take those that are there (1)"
    pool.take_there.click()
    assert not pool.take_there.isVisible()
    qtbot.waitUntil(lambda: len(rows(pool)) == 1)
    assert [dive.path for dive in idle_studio.session.dives] == [clip]
    key = idle_studio.session.dives[0].key
    qtbot.waitUntil(lambda: key in idle_studio.session.analyses.tasks)
    progress = Progress("parse", 1, 2)
    idle_studio.session.update(key, state=DiveState.ANALYSING, progress=progress, fraction=0.45)
    qtbot.waitUntil(lambda: "finding the phases 45" in pool.list.view.item(0).text())
    monkeypatch.setattr(Recorder, "running", False)
    pool._on_ended(asked=True)
    assert "Watching" not in pool.stage.hint.text()


def test_keys_move_the_mirror(pool, recorded, qtbot):
    pool.stage.show_camera("front", RingFollower(recorded))
    pool._plays = True
    pool._show_state()
    first = pool.stage.tile
    pool.activateWindow()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)

    def press(key):
        qtbot.keyClick(first, key)

    for key, delay_s in ((Qt.Key.Key_Plus, 1), (Qt.Key.Key_Plus, 2), (Qt.Key.Key_Minus, 1), (Qt.Key.Key_Minus, 0)):
        press(key)
        assert first.feed.delay_s == delay_s
    press(Qt.Key.Key_Space)
    assert first.feed.paused
    press(Qt.Key.Key_S)
    assert first.feed.rate == 1 / 2
    press(Qt.Key.Key_Escape)
    assert first.feed.following
    assert first.feed.rate == 1
    pool.stage.clear()


@pytest.mark.slow
def test_a_dive_at_the_pool_from_the_camera_to_the_list(studio, qtbot, tmp_path):
    from pool_stream import write_stream

    leaves_s, _ = write_stream(stream := tmp_path / "stream.mkv")
    studio.window.actions_by_id["poolside"].trigger()
    pool = studio.window.findChild(PoolsideWindow)
    qtbot.waitExposed(pool)
    out = tmp_path / "out"
    pool.setup.folder.setText(str(out))
    pool.setup.field.use(str(stream))
    began_s = time.monotonic()
    qtbot.mouseClick(pool.setup.start, Qt.MouseButton.LeftButton)
    assert str(stream) not in " ".join(pool._recorder._command)
    qtbot.waitUntil(lambda: pool.stage.tile.shown > 10)
    qtbot.waitUntil(lambda: bool(rows(pool)))
    print(f"row {time.monotonic() - began_s - leaves_s:.1f} s after the take-off")
    (dive,) = studio.session.dives
    assert dive.path.parent == out
    pool.loop()
    qtbot.waitUntil(lambda: pool.stage.tile.feed.looped)
    pool.take()
    qtbot.waitUntil(lambda: len(rows(pool)) == 2)
    pool.stop.click()
    assert pool.word.accessibleName() == "Saving the last dive…"
    assert not pool.stop.isEnabled()
    qtbot.waitUntil(lambda: not pool.recording)
    assert pool.word.accessibleName() == "The recording has stopped."
    assert pool.stop.isEnabled()
    lines = [json.loads(line) for line in (out / "dives.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["leaves_s"] is None for line in lines] == [False, True]
    qtbot.waitUntil(lambda: "s" in pool.list.view.item(1).text().splitlines()[1])
    pool.close()
