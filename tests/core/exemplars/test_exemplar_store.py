import math
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exemplar_kit import MODEL_ID, add, encoding, exemplar, mask
from platforms import windows_has_no

from fineparser_core.errors import Cancelled, ConfigError, ExemplarError
from fineparser_core.exemplars import library_file, store
from fineparser_core.exemplars.library_file import BACKUP_NAME, SCHEMA_VERSION
from fineparser_core.exemplars.records import ExemplarFacts, check_facts
from fineparser_core.exemplars.rows import mask_row, read_mask
from fineparser_core.exemplars.store import CLIPS_NAME, FILE_NAME, ExemplarStore, store_clip
from fineparser_core.progress import CancelToken
from fineparser_core.records import MaskTrack

FACTS = ExemplarFacts(dive_number="107b", board_m=3.0, score=61.2, diver="  Ada   Byron ", dived_on="2026-05-31")


def printed_by_nobody(folder, code):
    """Lines of a program that may not write into a folder: of a process that gives up root's rights."""
    for parent in folder.parents:
        if parent.stat().st_mode & stat.S_ISVTX:  # the system's folder for temporary files
            break
        parent.chmod(0o755)
    folder.chmod(0o555)
    start = (
        "import os, sys, pathlib, urllib.parse\n"  # while Python's folder can be read
        "from fineparser_core.exemplars.store import ExemplarStore\n"
        "from fineparser_core.errors import FineParserError\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "folder = pathlib.Path(sys.argv[1])\n"
    )
    try:
        done = subprocess.run([sys.executable, "-c", start + code, str(folder)], capture_output=True, text=True)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def integrity(path):
    with sqlite3.connect(path) as db:
        found = db.execute("PRAGMA integrity_check").fetchone()[0]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()
    return found


def test_what_is_said_of_an_exemplar_can_be_changed_and_is_there_next_time(tmp_path):
    with ExemplarStore.open_own(tmp_path / "new" / "folder") as library:
        assert library.notice == ""
        made = add(library, "one")
        library.edit("one", FACTS)
    with ExemplarStore.open_own(tmp_path / "new" / "folder") as library:
        found = library.get("one")
        assert (found.dive_number, found.board_m, found.score) == ("107B", 3.0, 61.2)
        assert (found.diver, found.dived_on) == ("Ada Byron", "2026-05-31")
        assert found.clip_path == made.clip_path
        assert Counter(one.dive_number for one in library.exemplars()) == {"107B": 1}
        np.testing.assert_allclose(library.encoding("one", MODEL_ID).gated, encoding().gated, atol=0.02)
        with pytest.raises(ExemplarError, match="no exemplar 'two'"):
            library.edit("two", FACTS)
        with pytest.raises(ExemplarError, match="cannot take exemplar 'one'"):
            add(library, "one")


def test_a_removed_exemplar_is_no_candidate_and_comes_back(tmp_path):
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
        add(library, "two")
        library.remove("one")
        assert [e.id for e in library.exemplars()] == ["two"]
        assert [e.id for e in library.removed()] == ["one"]
        assert library.get("one").removed
        library.restore("one")
        assert [e.id for e in library.exemplars()] == ["one", "two"]
        library.remove("two")
        library.empty_bin(older_than_s=60.0)
        assert [e.id for e in library.removed()] == ["two"]
        library.empty_bin()
        assert library.removed() == []
        assert library.files.encoded(MODEL_ID) == {"one"}
        with pytest.raises(ExemplarError, match="no exemplar 'two'"):
            library.restore("two")


def test_a_name_is_kept_without_what_cannot_be_shown():
    facts = ExemplarFacts(dive_number="107B", board_m=3.0, score=61.2, diver="\x1b[2JZoë\n \x07全红婵\udcff")
    assert check_facts(facts).diver == "[2JZoë 全红婵"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dive_number": "207"}, "lacks its position"),
        ({"board_m": None}, "found no board"),
        ({"dive_number": "626C", "board_m": 3.0}, "armstand"),
        ({"score": float("nan")}, "A score of nan cannot be"),
        ({"score": 612.0}, "at most 9"),
        ({"dived_on": "31.5.2026"}, "is not a day"),
    ],
)
def test_facts_that_cannot_be_are_refused(tmp_path, changes, words):
    values = {name: getattr(FACTS, name) for name in FACTS.__dataclass_fields__} | changes
    with pytest.raises(ConfigError, match=words):
        check_facts(ExemplarFacts(**values))
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
        with pytest.raises(ConfigError):
            library.edit("one", ExemplarFacts(**values))
        assert library.get("one").score == 70.0


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (SCHEMA_VERSION - 1, rf"not an exemplar library of version {SCHEMA_VERSION} \(found 2\)"),  # nobody released it
        (SCHEMA_VERSION + 1, "newer version"),
    ],
)
def test_a_library_of_another_version_is_named_and_left_alone(tmp_path, version, said):
    ExemplarStore.open_own(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("ALTER TABLE exemplar ADD COLUMN since_then TEXT")
    db.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ExemplarError, match=said):
        ExemplarStore.open_own(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_facts_that_another_window_has_changed_since_are_left(tmp_path):
    other = replace(FACTS, diver="Bo")
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "ex0")
        library.edit("ex0", FACTS)
        library.edit("ex0", other, was=FACTS)
        with pytest.raises(ExemplarError, match="changed since: ex0"):
            library.edit("ex0", replace(FACTS, diver="Carl"), was=FACTS)
        assert library.exemplars()[0].diver == "Bo"


@pytest.mark.parametrize("damage", ["torn", "overwritten", "cut off", "emptied", "gone"])
def test_a_damaged_library_is_set_aside_and_its_backup_takes_its_place(tmp_path, damage):
    with ExemplarStore.open_own(tmp_path) as library:
        for i in range(4):
            add(library, f"ex{i}")
        library.edit("ex3", FACTS)
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    if damage == "torn":
        content[8192 : 8192 + 4096 * 6] = os.urandom(4096 * 6)
    elif damage == "overwritten":
        content = bytearray(b"This is no library. " * 500)
    elif damage == "cut off":
        del content[len(content) // 2 :]
    elif damage == "emptied":
        content.clear()
    path.unlink() if damage == "gone" else path.write_bytes(content)

    with ExemplarStore.open_own(tmp_path) as library:
        assert str(path) in library.notice
        assert "its backup of" in library.notice
        assert library.notice.endswith(".")
        assert library.writable
        assert [e.id for e in library.exemplars()] == ["ex0", "ex1", "ex2", "ex3"]
        assert library.get("ex3").diver == "Ada Byron"
        add(library, "ex4")
    kept = list(tmp_path.glob("library-damaged-*.sqlite"))
    assert [file.read_bytes() for file in kept] == ([] if damage == "gone" else [bytes(content)])
    with ExemplarStore.open_own(tmp_path) as library:
        assert library.notice == ""
        assert library.files.encoded(MODEL_ID) == {f"ex{i}" for i in range(5)}


@pytest.mark.parametrize("every", [41, pytest.param(1, marks=[pytest.mark.hostile, pytest.mark.timeout(1800)])])
@pytest.mark.parametrize("flip", [0x20, 0xFF])
def test_a_byte_of_the_first_page_is_damaged(tmp_path, every, flip):
    with ExemplarStore.open_own(tmp_path / "sound") as library:
        add(library, "one")
    sound = (tmp_path / "sound" / FILE_NAME).read_bytes()
    head = range(100)  # of which SQLite makes sense byte by byte
    for at in sorted({*range(0, 4096, every), *head}):
        if (at, flip) == (63, 0xFF):  # which makes it the library of another version
            continue
        folder = tmp_path / str(at)
        shutil.copytree(tmp_path / "sound", folder)
        (folder / FILE_NAME).write_bytes(sound[:at] + bytes([sound[at] ^ flip]) + sound[at + 1 :])
        with ExemplarStore.open_own(folder) as library:
            assert [e.id for e in library.exemplars()] == ["one"], at
            assert library.writable, at
            assert (library.notice == "") == (not list(folder.glob("library-damaged-*"))), at
        shutil.rmtree(folder)


@pytest.mark.parametrize("damaged", [False, True])
def test_the_log_of_a_lost_library_is_not_read_into_its_backup(tmp_path, damaged):
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
    path = tmp_path / FILE_NAME
    with ExemplarStore.open_own(tmp_path) as library:
        with library.files[0].writing() as db:
            db.execute("UPDATE exemplar SET score = 1, diver = 'Bob'")
        log = Path(f"{path}-wal").read_bytes()
    if damaged:
        path.write_bytes(b"This is no library. " * 500)
    else:
        path.unlink()
    Path(f"{path}-wal").write_bytes(log)
    with ExemplarStore.open_own(tmp_path) as library:
        assert "its backup of" in library.notice
        assert library.get("one").score == 70.0
    assert integrity(path) == "ok"


def test_a_damaged_library_without_a_sound_backup_starts_empty_and_says_so(tmp_path):
    for backup in (None, b"neither is this"):
        (tmp_path / FILE_NAME).write_bytes(b"This is no library. " * 500)
        (tmp_path / BACKUP_NAME).unlink(missing_ok=True)
        if backup:
            (tmp_path / BACKUP_NAME).write_bytes(backup)
        with ExemplarStore.open_own(tmp_path) as library:
            assert "has no backup: it starts empty" in library.notice
            assert library.exemplars() == []


def test_two_programs_write_at_once_and_neither_loses_a_row(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("second_writer.py")), str(tmp_path), name, "12"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("ada", "bob")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "open\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    assert integrity(tmp_path / FILE_NAME) == "ok"
    assert integrity(tmp_path / BACKUP_NAME) == "ok"
    with ExemplarStore.open_own(tmp_path) as library:
        assert library.notice == ""
        assert len(library.exemplars()) == 16
        assert len(library.removed()) == 8
        for name in ("ada", "bob"):
            assert [library.get(f"{name}-{i:02d}").score for i in range(12)] == [50.0 + i for i in range(12)]
            assert library.get(f"{name}-11").first_entry_frame == 61
    shutil.copyfile(tmp_path / BACKUP_NAME, tmp_path / FILE_NAME)
    with ExemplarStore.open_own(tmp_path) as library:
        assert len(library.exemplars()) == 16


@windows_has_no("permissions of a folder that os.chmod takes away")
def test_a_folder_that_cannot_be_written_can_still_be_read(tmp_path):
    folder = tmp_path / "exemplars"
    with ExemplarStore.open_own(folder) as library:
        add(library, "one")
    read, *refused = printed_by_nobody(
        folder,
        "library = ExemplarStore.open_own(folder)\n"
        "print([e.id for e in library.exemplars()], library.writable, library.notice)\n"
        "for act in (lambda: library.remove('one'), lambda: ExemplarStore.open_own(folder / 'other')):\n"
        "    try: act()\n"
        "    except FineParserError as error: print(error)\n",
    )
    assert read.startswith("['one'] False ")
    assert "can be used, but none added" in read
    assert "cannot be written" in refused[0]
    assert "make it writable" in refused[1]


@windows_has_no("permissions of a folder that os.chmod takes away")
def test_a_log_that_cannot_be_read_in_its_folder_is_named(tmp_path):
    """Not shown without the rows in it: copied from beside a running writer to a place that cannot be written."""
    sent = tmp_path / "sent"
    sent.mkdir()
    with ExemplarStore.open_own(tmp_path / "own") as library:
        add(library, "one")
        for name in (FILE_NAME, f"{FILE_NAME}-wal"):
            shutil.copyfile(library.folder / name, sent / name)
    code = f"try: ExemplarStore.open(folder / '{FILE_NAME}')\nexcept FineParserError as error: print(error)\n"
    (said,) = printed_by_nobody(sent, code)
    assert "has exemplars in library.sqlite-wal that cannot be read" in said
    with ExemplarStore.open(sent / FILE_NAME) as library:
        assert [e.id for e in library.exemplars()] == ["one"]


def test_a_clip_is_copied_once_for_each_content_and_swept_when_nobody_needs_it(tmp_path, monkeypatch):
    (tmp_path / "dive.MP4").write_bytes(b"one" * 1000)
    (tmp_path / "again.mp4").write_bytes(b"one" * 1000)
    with ExemplarStore.open_own(tmp_path / "own") as library:
        first = store_clip(tmp_path / "dive.MP4", library.folder)
        assert store_clip(tmp_path / "again.mp4", library.folder) == first
        assert first.parent.name == CLIPS_NAME
        assert first.read_bytes() == b"one" * 1000
        library.add(exemplar(library.folder, "one", clip_path=first), mask(), {MODEL_ID: encoding()})
        (tmp_path / "other.mp4").write_bytes(b"two" * 1000)
        token = CancelToken()
        with pytest.raises(Cancelled):
            store_clip(tmp_path / "other.mp4", library.folder, progress=lambda p: token.cancel(), cancel=token)
        with pytest.raises(ExemplarError, match=r"gone\.mp4 cannot be read"):
            store_clip(tmp_path / "gone.mp4", library.folder)
        assert list(first.parent.iterdir()) == [first]
        library.remove("one")
        young = store_clip(tmp_path / "other.mp4", library.folder)  # of an exemplar that another program adds
        library.sweep_clips()
        assert young.is_file()
        monkeypatch.setattr(store, "_SPARED_S", -10.0)
        library.sweep_clips()
        assert not young.exists()
        assert first.is_file()  # it may come back
        library.empty_bin()
        assert not first.exists()


def test_what_newer_weights_make_of_an_exemplar_is_kept_but_for_what_a_person_placed(tmp_path):
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "found")
        add(library, "placed", corrected=True)
        for name in ("found", "placed", "gone"):
            library.keep_parse(name, "newer-1", encoding(1), mask(), (25, 65))
        assert library.files.encoded("newer-1") == {"found", "placed"}
        assert library.files.encoded(MODEL_ID) == {"found", "placed"}
        assert library.get("found").first_flight_frame == 25
        assert library.get("placed").first_flight_frame == 20


def test_another_program_reads_while_one_writes(tmp_path):
    with pytest.raises(ExemplarError, match="does not exist"):
        ExemplarStore.open(tmp_path / FILE_NAME)
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
        with ExemplarStore.open(tmp_path / FILE_NAME) as reader, library.files[0].writing() as db:
            db.execute("UPDATE exemplar SET score = 1")
            assert reader.get("one").score == 70.0
            with pytest.raises(ExemplarError, match="cannot be written"):
                reader.remove("one")
        assert library.get("one").score == 1.0
        with ExemplarStore.open(tmp_path / FILE_NAME) as reader:  # beside what is in the write-ahead log alone
            assert reader.get("one").score == 1.0


def test_a_row_that_cannot_be_is_left_out_named_and_kept(tmp_path):
    with ExemplarStore.open_own(tmp_path) as library:
        for name in ("bad", "good"):
            add(library, name)
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("UPDATE exemplar SET score = 9e999 WHERE id = 'bad'")
    db.close()
    with ExemplarStore.open_own(tmp_path) as library:
        assert library.notice == (
            f"{tmp_path / FILE_NAME}: 1 of 2 exemplars cannot be used and is left out: 'bad', its score is inf."
        )
        assert [e.id for e in library.exemplars()] == ["good"]
        assert Counter(one.dive_number for one in library.exemplars()) == {"207C": 1}
        assert library.own_ids() == {"good"}
        assert library.mask("bad") is None
        with pytest.raises(ExemplarError, match="no exemplar 'bad'"):
            library.get("bad")
        add(library, "new")
        library.edit("good", FACTS)
        library.remove("good")
        library.empty_bin()
    for path in (tmp_path / FILE_NAME, tmp_path / BACKUP_NAME):
        with sqlite3.connect(path) as db:
            assert sorted(db.execute("SELECT id FROM exemplar")) == [("bad",), ("new",)]
        db.close()
    with ExemplarStore.open(tmp_path / FILE_NAME) as library:
        assert "'bad', its score is inf" in library.notice


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": float("inf")}, "its score is inf"),
        ({"first_flight_frame": 70}, r"its frames \[0, 70, 60, 95\] are not in order"),
        ({"clip_path": Path("elsewhere/dive.mp4")}, "cannot take exemplar 'one'"),
    ],
)
def test_what_could_not_be_read_is_not_written(tmp_path, changes, words):
    with ExemplarStore.open_own(tmp_path) as library:
        with pytest.raises(ExemplarError, match=words):
            add(library, "one", **changes)
        assert library.own_ids() == set()


def test_the_coach_s_own_library_with_tables_of_others_is_left_as_it_is(tmp_path):
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("CREATE TRIGGER t AFTER UPDATE ON exemplar BEGIN DELETE FROM mask; END")
    db.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with ExemplarStore.open_all(tmp_path) as store:
        assert "it holds trigger t exemplar" in store.notice
        assert not store.writable
        assert store.exemplars()  # the bundled ones
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_nothing_is_left_beside_a_library_that_was_only_read(tmp_path):
    ExemplarStore.open_own(tmp_path / "own").close()  # with a write-ahead log
    copied = tmp_path / "sent" / FILE_NAME
    copied.parent.mkdir()
    shutil.copyfile(tmp_path / "own" / FILE_NAME, copied)
    before = copied.read_bytes()
    with ExemplarStore.open(copied) as library, pytest.raises(ExemplarError, match="cannot be written"):
        library.remove("one")
    assert list(copied.parent.iterdir()) == [copied]
    assert copied.read_bytes() == before


def test_a_query_ends_when_it_is_cancelled_or_takes_too_long(tmp_path, monkeypatch):
    with ExemplarStore.open_own(tmp_path) as library:
        add(library, "one")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        token = CancelToken()
        with monkeypatch.context() as patch:
            patch.setattr(library_file, "_LONGEST_QUERY_S", math.inf)  # however late the timer is
            threading.Timer(0.2, token.cancel).start()
            with pytest.raises(Cancelled), library.files[0].reading(token) as db:
                db.execute(endless).fetchone()
            patch.setattr(library_file, "_LONGEST_QUERY_S", 0.2)
            with pytest.raises(ExemplarError, match=r"\(not in 0\.2 s\)"), library.files[0].reading() as db:
                db.execute(endless).fetchone()
            patch.setattr(library_file, "_LONGEST_QUERY_S", math.inf)
            assert [e.id for e in library.exemplars(cancel=CancelToken())] == ["one"]


def soft_masks():
    """A disc that moves, with an edge three cells wide."""
    y, x = np.mgrid[:112, :112]
    off = [np.hypot(x - 56 - 10 * np.sin(t / 9), y - 56) for t in range(96)]
    probability = 1 / (1 + np.exp((np.array(off) - 20) / 1.5))
    return MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=probability.astype(np.float16),
        crop_xyxy=np.cumsum(np.random.default_rng(0).normal(0, 3, (96, 4)), axis=0).astype(np.float32),
    )


def test_masks_keep_their_outline_and_take_little_room():
    given = soft_masks()
    row = mask_row(given)
    assert sum(map(len, row)) < 12_000
    found = read_mask(*row)
    np.testing.assert_array_equal(found.sampled_frames, given.sampled_frames)
    np.testing.assert_array_equal(found.crop_xyxy, given.crop_xyxy)
    sure = np.abs(given.mask_probability.astype(float) - 0.5) > 1e-3
    assert ((found.mask_probability > 0.5) == (given.mask_probability > 0.5))[sure].all()
