"""Session files: what they hold, who may have written them, and what the window does with them."""

import json
from pathlib import Path

import pytest
from finding import close_messages
from platforms import windows_only
from PySide6.QtCore import Qt

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.details import LONGEST_NOTE
from fineparser_core.diving.judging import Judging, PhaseMarks
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.export.coach_marks import NOTE
from fineparser_core.records import AthletePoint, DiveSegment
from fineparser_gui.session.correction import Correction
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.drawings import MOST_DRAWINGS, Drawing
from fineparser_gui.session.session_file import MOST_DIVES, SavedSession, read_session, write_session


def _segment(**changes):
    found = {"in_frame": 2, "first_flight_frame": 40, "first_entry_frame": 80, "out_frame": 110, "confidence": 0.7}
    return found | changes


def _saved(path):
    dive = SavedDive(
        path=path,
        in_frame=2,
        out_frame=110,
        dive_number="207C",
        board_m=10.0,
        difficulty=3.4,
        athlete="Zoë",
        outcome="repeat",
        note="Arms late.\nHead up.",
        cancelled=True,
        judging=Judging(awards=(6.5, 7.0, 6.5), phases=PhaseMarks(take_off=7.0, entry=6.25)),
        rule=CandidateRule(nearest=True, synchro=True),
        point=AthletePoint(frame=12, x=40.0, y=30.5),
        segments=(DiveSegment(**_segment()),),
        correction=Correction(transitions=(40, 80), contact_frame=91, left_out=frozenset({"a"})),
    )
    return SavedSession(dives=(SavedDive(path=path), dive), selected=1, paused=True)


def test_a_session_comes_back_as_it_was(tmp_path, clip):
    path = tmp_path / ("ö" * 115 + ".fineparser")
    write_session(_saved(clip), path)
    assert read_session(path) == _saved(clip)


def test_a_folder_of_session_and_videos_may_be_moved(tmp_path, clip):
    write_session(_saved(clip), clip.parent / "a.fineparser")
    moved = clip.parent.rename(tmp_path / "moved")
    saved = read_session(moved / "a.fineparser")
    assert [dive.path for dive in saved.dives] == [moved / "clip.mp4"] * 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "fineparser.session/2"}, "is of format 'fineparser.session/2'"),
        ({"selected": 7}, "is damaged"),
        ({"dives": [{}]}, "is damaged"),
        ({"board_m": True}, "dive 2: board_m: True is no board"),
        ({"out_frame": 10**12}, "dive 2: out_frame: 1000000000000 where a whole number <= 2147483647 belongs"),
        ({"judging": {"awards": [11]}}, "dive 2: "),
        ({"judging": "6"}, "dive 2: "),
        ({"point": {"frame": -1, "x": 1.0, "y": 1.0}}, "point"),
        ({"point": []}, "point"),
        ({"path": ""}, "dive 2: path: '' where the name of a file belongs"),
        ({"drawings": [{"kind": "note", "frame": 0, "points": [[1e300, 0]], "text": ""}]}, "dive 2: drawing"),
        ({"transitions": [9, 3]}, "is damaged"),
        ({"note": "x" * 4001}, "at most 4000 characters"),
        ({"segments": [_segment(first_entry_frame=500)]}, "is damaged"),
    ],
)
def test_a_file_that_is_not_right_is_one_sentence(tmp_path, clip, change, message):
    path = tmp_path / "a.fineparser"
    write_session(_saved(clip), path)
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in change.items():
        (content if name in content else content["dives"][1])[name] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_session(path)


def test_what_a_text_editor_does_to_a_file_can_be_read(tmp_path, clip):
    path = tmp_path / "a.fineparser"
    write_session(_saved(clip), path)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["dives"][0]["athlete"]
    del content["dives"][0]["note"]
    content["dives"][0]["relative_path"] = "x" * 5000 + "\0"  # is no file's: the other path holds
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(content, ensure_ascii=False).replace("\n", "\r\n").encode())
    assert read_session(path) == _saved(clip)
    del content["dives"][1]["in_frame"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match="dive 2: in_frame is missing"):
        read_session(path)


def test_a_cut_off_file_leaves_the_open_session_alone(make_studio, tmp_path, clip):
    studio, path = make_studio(), tmp_path / "a.fineparser"
    studio.session.open([clip])
    for content in (b"", b"\xff\xfe", b"[]", b'{"format": "fineparser.sess', b"[" * 100_000):
        path.write_bytes(content)
        close_messages(studio.window.messages)
        studio.window.files.open_path(path)
        assert "a.fineparser" in studio.window.messages.text
        assert len(studio.session.keys) == 1


def test_what_cannot_be_read_again_is_not_written(tmp_path, clip):
    path = tmp_path / "a.fineparser"
    drawings = tuple(Drawing(kind="note", frame=n, points=((1, 2),), text="x") for n in range(MOST_DRAWINGS))
    dives = (SavedDive(path=clip),) * (MOST_DIVES + 1), (SavedDive(path=clip, drawings=drawings),) * 40
    for too_many in dives:
        with pytest.raises(ExportError, match="more than a session can hold"):
            write_session(SavedSession(dives=too_many), path)
    for fits in (dives[0][:-1], dives[1][:30]):
        write_session(SavedSession(dives=fits), path)
        assert len(read_session(path).dives) == len(fits)


def test_no_dive_gets_more_drawings_or_a_longer_name_than_a_session_can_hold(make_studio, clip):
    studio = make_studio()
    session = studio.session
    session.open([clip])
    drawings = tuple(Drawing(kind="note", frame=0, points=((n, 2),), text="x") for n in range(MOST_DRAWINGS + 1))
    session.drawing_edits.draw(session.current.key, drawings, "drawing")
    assert session.current.drawings == ()
    assert "holds at most 1000 drawings" in studio.window.messages.text
    session.drawing_edits.draw(session.current.key, drawings[1:], "drawing")
    session.editing.set_athlete(session.current.key, "x" * 5000)
    studio.window.details.note.setPlainText("x" * 5000)
    assert len(session.current.note) == len(studio.window.details.note.toPlainText()) == LONGEST_NOTE
    assert len(session.current.drawings) == MOST_DRAWINGS
    assert len(session.current.athlete) == LONGEST_NAME


def test_a_name_with_tags_is_a_name(make_studio, tmp_path):
    saved = SavedDive(path=tmp_path / "<b>a", athlete="<img src='/dev/zero'>")
    write_session(SavedSession(dives=(saved,), selected=0), tmp_path / "a.fineparser")
    studio = make_studio()
    studio.window.files.open_path(tmp_path / "a.fineparser")
    model = studio.window.dives.model
    tip = model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img src=" in tip
    assert "<img" not in tip


@windows_only
def test_videos_of_other_drives_and_shares_keep_their_place(tmp_path):
    places = [Path(r"Q:\videos\a.mp4"), Path(r"\\server\share\a.mp4")]
    write_session(SavedSession(dives=tuple(SavedDive(path=place) for place in places)), tmp_path / "a.fineparser")
    (tmp_path / "a.fineparser").rename(tmp_path / "b.fineparser")
    assert [dive.path for dive in read_session(tmp_path / "b.fineparser").dives] == places


def test_lone_surrogates_of_a_stranger_are_replaced(tmp_path):
    """Text that no encoding can write ends in the window, in exports and in queries of the library."""
    bad, mended = "a\udcff\ud800", "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    note = Drawing(kind=NOTE, frame=3, points=((1.0, 2.0),), text=bad)
    dive = SavedDive(
        path=tmp_path / "a\udcff\ud800.mp4",
        athlete=bad,
        drawings=(note,),
        correction=Correction(left_out=frozenset({bad})),
    )
    path = tmp_path / "a.fineparser"
    write_session(SavedSession(dives=(dive,)), path)
    saved = read_session(path)
    found = saved.dives[0]
    assert found.path == tmp_path / "a\udcff\N{REPLACEMENT CHARACTER}.mp4"
    assert (found.athlete, found.drawings[0].text, set(found.correction.left_out)) == (mended, mended, {mended})


def test_a_window_that_cannot_save_closes_and_ends_its_worker(idle_studio, qtbot, monkeypatch):
    def fail(**_):
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken, qtbot.waitSignal(idle_studio.window.closing):
        broken.setattr(idle_studio.files, "close", fail)
        with pytest.raises(OSError, match="the disk is gone"):
            idle_studio.window.close()
    assert not idle_studio.window.isVisible()
