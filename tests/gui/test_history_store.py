"""The history's file: found again, renamed, moved, damaged; and two writers."""

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from history_kit import made_dive, row

from fineparser_core.errors import ConfigError
from fineparser_gui.store.records import HistoryQuery
from fineparser_gui.store.store import Store, look_after


@pytest.fixture
def history(tmp_path):
    made = Store(tmp_path / "history.sqlite", months=["Jänner", "Februar", "März"])
    yield made
    made.close()


def found(history, text="", **others):
    return [one.title for one in history.search(HistoryQuery(text=text, order="title", descending=False, **others))]


def test_a_video_opened_anew_leaves_what_is_known_of_its_dive(history):
    (id_,) = history.keep([row(made_dive(athlete="Anna", dive_number="103B"))])
    assert history.keep([row(made_dive(athlete="", dive_number="", event="", note="", judging=None))]) == [id_]
    assert (history.dive(id_).athlete, history.dive(id_).dive_number) == ("Anna", "103B")


def test_what_is_typed_of_a_video_opened_anew_replaces_nothing_else(history):
    (id_,) = history.keep([row(made_dive(note="Arms late."))])
    blank = made_dive(athlete="", dive_number="", board_m=None, day="", event="", judging=None, score=None)
    history.keep([row(replace(blank, athlete="Berta", transitions=(22, 80)), changed={"athlete", "note"})])
    assert history.dive(id_) == made_dive(id=id_, athlete="Berta")
    saved = history.saved([id_])[id_]
    assert (saved.athlete, saved.dive_number) == ("Berta", "103B")
    history.keep([row(replace(blank, dive_number="5337D", score=50.0), changed={"dive_number"})])
    told = history.dive(id_)
    assert (told.dive_number, told.board_m, told.score, told.event) == ("5337D", None, 50.0, "Club cup")


def test_an_older_session_fills_blanks_and_replaces_nothing(history):
    (id_,) = history.keep([row(made_dive(event="", judging=None))])
    history.keep([row(made_dive(athlete="A.", dive_number="104B", score=20.0), listed=True)])
    told = history.dive(id_)
    assert (told.athlete, told.dive_number, told.score) == ("Anna Müller", "103B", 33.5)
    assert (told.event, told.judging) == ("Club cup", made_dive().judging)


def test_results_of_a_dive_stay_together(history):
    (id_,) = history.keep([row(made_dive(), pack=b"first")])
    older = replace(made_dive(dive_number="104B", transitions=(22, 70), first_frame=10, parse_id="q"), score=20.0)
    for other in (older, replace(older, last_frame=110)):
        history.keep([row(other, pack=b"another")])
        assert history.dive(id_) == made_dive(id=id_)
        assert history.analysis(id_) == b"first"
    history.keep([row(older, changed={"dive_number"}, pack=b"another")])
    assert (history.dive(id_).score, history.dive(id_).transitions, history.analysis(id_)) == (
        20.0,
        (22, 70),
        b"another",
    )


def test_a_score_of_other_details_is_not_kept(history):
    (id_,) = history.keep([row(made_dive(), pack=b"first")])
    unsettled = made_dive(dive_number="104B", parse_id="q")
    history.keep([row(unsettled, changed={"dive_number"}, settled=False)])
    told = history.dive(id_)
    assert (told.dive_number, told.score, told.transitions) == ("104B", None, made_dive().transitions)
    history.keep([row(replace(unsettled, note="Late."), changed={"note"}, settled=False)])
    assert history.dive(id_).score is None
    (other,) = history.keep([row(made_dive(2))])
    history.keep([row(made_dive(2, note="Late."), changed={"note"}, settled=False)])
    assert history.dive(other).score == made_dive(2).score


def test_the_same_dive_renews_its_row(history):
    (id_,) = history.keep([row(made_dive())])
    history.set_athletes({id_: "Anna Schmidt"})
    trimmed = made_dive(first_frame=10, last_frame=100, score=40.0)
    assert history.keep([row(trimmed, b"")]) == [id_]
    assert history.dive(id_) == replace(trimmed, id=id_, athlete="Anna Schmidt", analysed_at=trimmed.analysed_at)
    assert history.thumbnail(id_) == b"picture"
    history.keep([row(replace(trimmed, athlete="Berta"), changed={"athlete"})])
    assert history.dive(id_).athlete == "Berta"


def test_a_damaged_file_is_set_aside_and_its_backup_used(history, tmp_path):
    history.keep([row(made_dive())])
    assert look_after(history.path) == ""
    history.backup(tmp_path / "by hand.sqlite")
    history.close()
    history.path.write_bytes(b"no database" * 1000)
    with closing(Store(history.path)) as again:
        assert len(again.ids()) == 1
        assert "its backup of" in again.notice
    assert len(list(tmp_path.glob("history-damaged-*.sqlite"))) == 1
    history.path.unlink()  # as after a kill in between
    with closing(Store(history.path)) as again:
        assert len(again.ids()) == 1
        assert "it was gone" in again.notice
    with closing(Store(tmp_path / "by hand.sqlite")) as backup:
        assert len(backup.ids()) == 1


def test_a_file_of_a_newer_program_is_left_as_it_is(history):
    history.close()
    with closing(sqlite3.connect(history.path)) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute(f"PRAGMA application_id = {int.from_bytes(b'FPS' + bytes([99]))}")
    before = history.path.read_bytes()
    with pytest.raises(ConfigError, match="newer version of the program"):
        Store(history.path)
    assert history.path.read_bytes() == before


def test_rows_of_strangers_are_left_out(history):
    history.keep([row(made_dive(1)), row(made_dive(2))])
    with closing(sqlite3.connect(history.path)) as db, db:
        db.execute("""UPDATE detail SET results = '{"first_frame": "none"}' WHERE id = 1""")
    assert [one.id for one in history.search()] == [2]
    assert (len(history.ids()), history.saved([1])) == (2, {})


def test_a_table_that_is_missing_uses_the_backup_once(history, tmp_path):
    history.keep([row(made_dive())])
    look_after(history.path)
    history.close()
    for path in (history.path, tmp_path / "history.backup.sqlite"):
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TABLE dive")
    with closing(Store(history.path)) as again:
        assert again.ids() == []
        assert "its table dive dive is missing" in again.notice
        assert "has no backup" in again.notice
    assert len(list(tmp_path.glob("history-damaged-*.sqlite"))) == 1


def test_a_backup_of_the_future_is_renewed_and_older_ones_are_kept(history, tmp_path):
    history.keep([row(made_dive(1))])
    look_after(history.path)
    backup = tmp_path / "history.backup.sqlite"
    os.utime(backup, (time.time() + 1e6,) * 2)
    history.keep([row(made_dive(2))])
    look_after(history.path)
    for path, n_dives in ((backup, 2), (tmp_path / "history.backup-week.sqlite", 1)):
        with closing(Store(path)) as kept:
            assert len(kept.ids()) == n_dives
    history.close()
    for path in (history.path, backup):
        path.write_bytes(b"no database" * 1000)
    with closing(Store(history.path)) as again:
        assert found(again) == ["clip 1"]


def test_windows_that_meet_a_damaged_file_set_it_aside_once(history, tmp_path):
    history.keep([row(made_dive())])
    look_after(history.path)
    history.close()
    history.path.write_bytes(b"no database" * 1000)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Store, [history.path] * 4))
    assert [len(one.ids()) for one in opened] == [1] * 4
    assert len(list(tmp_path.glob("history-damaged-*.sqlite"))) == 1
    for one in opened:
        one.close()


def test_a_name_that_is_no_text_does_not_keep_other_dives_out(history):
    odd = made_dive(1, path=Path(os.fsdecode(b"/club/\xff.mp4")), title=os.fsdecode(b"\xff"))
    assert len(history.keep([row(odd), row(made_dive(2))])) == 2
    assert sorted(one.path.name for one in history.search()) == sorted([odd.path.name, "clip 2.mp4"])


def test_a_locked_file_is_said_and_nothing_is_set_aside(history, tmp_path):
    history.keep([row(made_dive())])
    history.close()
    with closing(sqlite3.connect(history.path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigError, match="database is locked"):
            Store(history.path, patience_s=0.1)
    assert not list(tmp_path.glob("history-damaged-*"))
