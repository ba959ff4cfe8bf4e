"""Untrusted exemplar libraries: what is sound is read, what is not is named in one sentence, in bounded time."""

import bz2
import os
import shutil
import sqlite3
import struct
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from exemplar_kit import MODEL_ID, encoding, exemplar, mask
from sandbox import REFUSED, RIGHT, not_a_sentence

from fineparser_core.errors import ExemplarError
from fineparser_core.exemplars.library_file import SCHEMA
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore

LEFT_OUT, UNUSABLE = "left out", "unusable"
NAMES = ("bad", "good-1", "good-2")


def read_library(path):
    """Everything that a program reads of a library: by id whether masks and encoding can be used."""
    with ExemplarStore.open(path) as store:
        found = [*store.exemplars(), *store.removed()]
        encoded = store.files.encoded(MODEL_ID)
        return {
            "ids": [one.id for one in found],
            "clips": [str(one.clip_path) for one in found],
            "usable": [one.id for one in found if _usable(store, one.id)],
            "encoded": len(encoded),
            "notice": store.notice,
        }


def _usable(store, exemplar_id):
    try:
        return bool(store.mask(exemplar_id) and store.encoding(exemplar_id, MODEL_ID))
    except ExemplarError as error:
        return str(store.path) not in str(error)  # a sentence that does not name it counts as wrong


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder with a library of three exemplars, each with masks, an encoding and a clip."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "clips").mkdir()
    with ExemplarStore.create(folder / FILE_NAME) as library:
        for name in NAMES:
            library.add(exemplar(folder, name), mask(), {MODEL_ID: encoding()})
            (folder / "clips" / f"{name}.mp4").write_bytes(b"no video")
    return folder


@contextmanager
def database(folder):
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        db.execute("PRAGMA writable_schema = ON")
        yield db


def sql(*statements, values=()):
    def change(folder):
        with database(folder) as db:
            for statement in statements:
                db.execute(statement, values)

    return change


def schema(old, new):
    """The same content, declared otherwise."""
    return sql("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)", values=(old, new))


def row(table="exemplar", **values):
    """Values of the row "bad" that no column would take, as in a file that was made byte by byte; large ones made."""

    def change(folder):
        with database(folder) as db:
            (declared,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
            loose = declared.replace(" STRICT", "").replace(" NOT NULL", "")
            for kind in ("TEXT", "REAL", "INTEGER", "BLOB"):
                loose = loose.replace(f" {kind}", "")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, table))
        with database(folder) as db:
            key = "id" if table == "exemplar" else "exemplar_id"
            names = ", ".join(f"{name} = ?" for name in values)
            made = tuple(value() if callable(value) else value for value in values.values())
            changed = db.execute(f"UPDATE {table} SET {names} WHERE {key} = 'bad'", made).rowcount
            assert changed == 1
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (declared, table))

    return change


def data(change):
    def damage(folder):
        content = bytearray((folder / FILE_NAME).read_bytes())
        changed = change(content)
        (folder / FILE_NAME).write_bytes(changed if isinstance(changed, bytes | bytearray) else content)

    return damage


def scattered(seed):
    def damage(content):
        draw = np.random.default_rng(seed)
        for place in draw.integers(0, len(content), 200):
            content[place] = int(draw.integers(256))

    return data(damage)


def instead(make):
    """Something else in the place of the file."""

    def change(folder):
        (folder / FILE_NAME).unlink()
        make(folder / FILE_NAME)

    return change


def endless(name):
    """A table or an index whose pages contain one page again and again: more than 100 ** 6 rows in a small file."""

    def change(folder):
        path = folder / FILE_NAME
        with database(folder) as db:
            (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        content = bytearray(path.read_bytes())
        leaf = bytes(content[(root - 1) * size : root * size])
        last = len(content) // size
        (first,) = struct.unpack(">H", leaf[8:10])
        index = leaf[0] == 10
        key = leaf[first : first + 1 + leaf[first]] if index else b"\x07"  # of an index the row, of a table its number
        per_page = (size - 12) // (len(key) + 6)

        def inner(child):
            cells = (struct.pack(">I", child) + key) * per_page
            begin = size - len(cells)
            head = struct.pack(">BHHHBI", 2 if index else 5, 0, per_page, begin, 0, child)
            places = b"".join(struct.pack(">H", begin + (4 + len(key)) * i) for i in range(per_page))
            return (head + places).ljust(begin, b"\0") + cells

        added = [*(inner(last + 2 + i) for i in range(5)), leaf]
        content[(root - 1) * size : root * size] = inner(last + 1)
        content[28:32] = struct.pack(">I", last + len(added))
        path.write_bytes(bytes(content) + b"".join(added))

    return change


def many_rows(folder):
    with database(folder) as db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) INSERT INTO exemplar "
            "SELECT 'x' || i, '207C', 10.0, 70.0, 'clips/x.mp4', 0, 95, 20, 60, 0, '', NULL, 0, 0, NULL FROM n"
        )


def linked_clip(target):
    def change(folder):
        clip = folder / "clips" / "bad.mp4"
        clip.unlink()
        clip.symlink_to(target)

    return change


def linked_folder(folder):
    shutil.rmtree(folder / "clips")
    (folder / "clips").symlink_to("/usr")


def log_of_another(folder):
    Path(f"{folder / FILE_NAME}-wal").write_bytes(b"\x37\x7f\x06\x82" + os.urandom(60_000))


def utf16(folder):
    with database(folder) as db:
        rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in ("exemplar", "mask", "encoding")}
    (folder / FILE_NAME).unlink()
    with database(folder) as db:
        db.execute("PRAGMA encoding = 'UTF-16be'")
        db.executescript(SCHEMA)
        for table, values in rows.items():
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)


LOOP = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"

CASES = {
    # What the file consists of.
    "a view without end": (
        REFUSED,
        sql(
            "ALTER TABLE exemplar RENAME TO other",
            f"CREATE VIEW exemplar AS {LOOP} i AS id, i AS dive_number, i AS removed_at FROM n",
        ),
    ),
    "a trigger": (REFUSED, sql("CREATE TRIGGER t AFTER UPDATE ON exemplar BEGIN DELETE FROM mask; END")),
    "a table with an escape in its name": (REFUSED, sql('CREATE TABLE "\x1b[31m\n" (x)')),
    "one column more": (REFUSED, sql("ALTER TABLE exemplar ADD COLUMN coach TEXT")),
    "SQL that is none": (REFUSED, schema("CREATE TABLE mask", "CREATE TABEL mask")),
    "a page that is not there": (REFUSED, sql("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'exemplar'")),
    "another library's tables": (REFUSED, instead(lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(84)))),
    # What the file says of itself.
    "another program's": (REFUSED, sql("PRAGMA application_id = 0x47504B47")),
    "a free list in circles": (RIGHT, data(lambda content: content[:32] + b"\0\0\0\2\0\0\0\1" + content[40:])),
    # No file, or another one.
    "nothing": (REFUSED, instead(lambda path: path.write_bytes(b""))),
    "a device": (REFUSED, instead(lambda path: path.symlink_to("/dev/zero"))),
    "a link to itself": (REFUSED, instead(lambda path: path.symlink_to(path.name))),
    "half of it": (REFUSED, data(lambda content: bytes(content[: len(content) // 2]))),
    "the log of another file": (RIGHT, log_of_another),
    # Rows.
    "an infinite score": (LEFT_OUT, row(score=float("inf"))),
    "no id": (LEFT_OUT, row(id=None)),
    "an id of a million letters": (LEFT_OUT, row(id="x" * 1_000_000)),
    "an id with escapes": (LEFT_OUT, row(id="\x1b[2Jbad\n")),
    "an id that is not UTF-8": (LEFT_OUT, sql("UPDATE exemplar SET id = CAST(x'6261ff64fe' AS TEXT) WHERE id = 'bad'")),
    "a dive number that is none": (LEFT_OUT, row(dive_number="999Z")),
    "a board of 4 m": (LEFT_OUT, row(board_m=4.0)),
    "a frame of 63 bits": (LEFT_OUT, row(out_frame=2**62)),
    "transitions in the wrong order": (LEFT_OUT, row(first_flight_frame=70)),
    "a clip above the folder": (LEFT_OUT, row(clip="../../etc/passwd")),
    "a clip linked to elsewhere": (LEFT_OUT, linked_clip("/etc/passwd")),
    "a folder of clips linked to elsewhere": (REFUSED, linked_folder),
    "a clip linked to itself": (RIGHT, linked_clip("bad.mp4")),
    "a clip with a null": (LEFT_OUT, row(clip="clips/a\0.mp4")),
    "a diver of a million letters": (LEFT_OUT, row(diver="Ada " * 250_000)),
    "no row that can be used": (REFUSED, sql("UPDATE exemplar SET score = 9e999")),
    "100,001 more": (REFUSED, many_rows),
    "rows without end": (REFUSED, endless("exemplar")),
    "numbers without end": (RIGHT, endless("exemplar_by_number")),
    "ids without end": (RIGHT, endless("sqlite_autoindex_exemplar_1")),
    "text of 5 MB": (REFUSED, row(diver="x" * 5_000_000)),
    # Masks.
    "masks that unpack to 256 MB": (UNUSABLE, row("mask", probability=lambda: bz2.compress(bytes(1 << 28)))),
    "masks that are not packed": (UNUSABLE, row("mask", probability=b"no bz2")),
    "masks of 10 MB": (UNUSABLE, row("mask", probability=lambda: os.urandom(10_000_000))),
    "crops that are no number": (UNUSABLE, row("mask", crop_xyxy=np.full((96, 4), np.nan, "<f4").tobytes())),
    # Encodings.
    "features that are no number": (UNUSABLE, row("encoding", gated=np.full(9 * 1024, np.nan, "<f4").tobytes())),
    "samples in the wrong order": (UNUSABLE, row("encoding", st=60, ed=20)),
    # Sound ones that look odd.
    "as it was made": (RIGHT, lambda folder: None),
    "in UTF-16": (RIGHT, utf16),
    "with a write-ahead log": (RIGHT, sql("PRAGMA journal_mode = WAL")),
    "a board that is not known": (RIGHT, row(board_m=None)),
    "a diver with accents": (RIGHT, row(diver="Zoë Ångström 全红婵")),
    **{f"bytes changed {seed}": ("any", scattered(seed)) for seed in range(20)},
}

#: Of every kind one, for the default run.
FEW = (
    "as it was made",
    "a view without end",
    "one column more",
    "an infinite score",
    "a clip above the folder",
    "an id that is not UTF-8",
    "masks that unpack to 256 MB",
    "features that are no number",
)


def run(names, sound, sandbox, folder):
    """The cases that did not end as they should, one line each."""
    wrong = []
    for name in names:
        expected, change = CASES[name]
        case = folder / "case"
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(sound, case)
        change(case)
        outcome = sandbox.run("test_libraries:read_library", case / FILE_NAME)
        if fault := _fault(expected, outcome, case):
            wrong.append(f"{name}: {fault}")
    return wrong


def _fault(expected, outcome, case):
    said = f"{outcome.kind}: {outcome.detail} {str(outcome.value)[:300]}"
    if outcome.kind == REFUSED and expected in (REFUSED, "any"):
        return "" if str(case) in outcome.detail else f"no path in: {said}"
    if outcome.kind != RIGHT or expected == REFUSED:
        return said
    ids, usable, notice = (outcome.value[name] for name in ("ids", "usable", "notice"))
    if not all(Path(os.path.realpath(clip)).is_relative_to(case) for clip in outcome.value["clips"]):
        return f"a clip outside: {said}"
    if expected == LEFT_OUT:
        told = notice.startswith(f"{case / FILE_NAME}: 1 of 3 exemplars cannot be used and is left out: ")
        right = ids == usable == ["good-1", "good-2"] and told and not_a_sentence(notice) is None
    elif expected == UNUSABLE:
        right = ids == list(NAMES) and set(usable) <= {"good-1", "good-2"} and not notice
    else:
        right = expected == "any" or (ids == usable == list(NAMES) and not notice)
    return "" if right else said


def test_a_few_libraries_of_strangers(sound, sandbox, tmp_path):
    assert run(FEW, sound, sandbox, tmp_path) == []


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_every_library_of_a_stranger(sound, sandbox, tmp_path):
    assert run(tuple(CASES), sound, sandbox, tmp_path) == []
