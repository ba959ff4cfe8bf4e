import os
import subprocess
import sys
from pathlib import Path

import pytest
from platforms import windows_has_no, windows_only

from fineparser_core.errors import ExportError
from fineparser_core.support import atomic
from fineparser_core.support.atomic import (
    atomic_file,
    is_running,
    sweep_leftovers,
    sync_folder,
    temporary_folder,
    temporary_path,
    write_whole,
)

CHILD = (
    "import os, sys, tempfile\n"
    "from pathlib import Path\n"
    "from fineparser_core.support.atomic import atomic_file, temporary_folder, temporary_path\n"
    "path = Path(sys.argv[1])\n"
    "tempfile.tempdir = str(path.parent)\n"
    "with atomic_file(path) as temporary:\n"
    "    temporary.write_text('half')\n"
    "    temporary.with_name(temporary.name + '-journal').write_text('of SQLite')\n"
    "    folder = temporary_path(path.with_name('bundle'))\n"
    "    folder.mkdir()\n"
    "    (folder / 'shard').write_text('half')\n"
    "    of_window = temporary_folder('fineparser')\n"
    "    print('ready', flush=True)\n"
    "    sys.stdin.readline()\n"
    "    os._exit(9)\n"
)


@pytest.fixture
def writing(tmp_path):
    """A process that writes in a folder: `send(line)` ends it."""
    command = [sys.executable, "-c", CHILD, str(tmp_path / "out.csv")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def end(process):
    process.stdin.close()
    assert process.wait() == 9


def test_what_a_killed_process_left_is_swept_at_the_next_write_and_not_before(tmp_path, writing):
    left = sorted(tmp_path.iterdir())
    assert len(left) == 4
    sweep_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == left  # it still runs
    end(writing)
    (tmp_path / "out.csv").write_bytes(b"old")
    with atomic_file(tmp_path / "out.csv") as temporary:
        temporary.write_bytes(b"new")
        assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_nothing_else_is_swept(tmp_path, writing):
    pid = writing.pid
    end(writing)
    sweep_leftovers(tmp_path)
    dead = temporary_path(tmp_path / "a.csv").name.replace(f"-{os.getpid()}-", f"-{pid}-")
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "kept.txt").write_bytes(b"")
    kept = [
        temporary_path(tmp_path / "a.csv"),  # of this process
        tmp_path / dead.replace(dead.split(".")[3][:8], "0" * 8),  # of another machine
        tmp_path / f"a.{dead}.csv",
        tmp_path / "thesis.tmp",
        tmp_path / ".thesis.tmp",
        tmp_path / f".a.csv.{pid}.tmp",
    ]
    for path in kept:
        path.write_bytes(b"")
    (tmp_path / dead).symlink_to(linked, target_is_directory=True)
    sweep_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*kept, linked])
    assert [path.name for path in linked.iterdir()] == ["kept.txt"]
    sweep_leftovers(tmp_path / "gone")


@windows_has_no("errors of os.kill: it asks OpenProcess")
def test_a_process_of_another_user_runs(tmp_path, writing, monkeypatch):
    left = sorted(tmp_path.iterdir())
    end(writing)
    monkeypatch.setattr(os, "kill", lambda pid, signal: (_ for _ in ()).throw(PermissionError()))
    sweep_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == left


@windows_only
def test_a_process_that_ended_does_not_run_though_a_handle_of_it_is_open():
    assert is_running(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        assert not is_running(ended.pid)


def test_a_temporary_folder_is_swept_by_the_next_program(tmp_path, writing, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (of_window,) = tmp_path.glob(".fineparser.*")
    end(writing)
    monkeypatch.setattr(atomic, "_swept", set())
    with temporary_folder("fineparser") as folder:
        assert not of_window.exists()
        assert list(tmp_path.iterdir()) == [Path(folder)]


@pytest.mark.parametrize("name", ["d" * 200, "跳" * 80, "\U0001f3ca" * 60])
def test_long_names_are_written(tmp_path, name):
    with atomic_file(tmp_path / name) as temporary:
        temporary.write_bytes(b"new")
        temporary.with_name(f"{temporary.name}-journal").write_bytes(b"of SQLite")
        temporary.with_name(f"{temporary.name}-journal").unlink()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@windows_only
def test_a_file_that_another_program_has_open_stays_and_is_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    with path.open(), pytest.raises(ExportError, match=r"table\.csv cannot be written now .*: close other programs"):
        write_whole(path, "new")
    assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("table.csv", "old")]


@windows_only
def test_a_file_that_is_looked_at_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_bytes(b"old")
    with path.open() as scanned:
        monkeypatch.setattr(atomic.time, "sleep", lambda seconds: scanned.close())
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


@windows_only
def test_a_leftover_that_is_open_for_a_moment_is_swept(tmp_path, writing, monkeypatch):
    end(writing)
    left = next(path for path in tmp_path.iterdir() if path.is_file())
    with left.open() as scanned:
        monkeypatch.setattr(atomic.time, "sleep", lambda seconds: scanned.close())
        sweep_leftovers(tmp_path)
    assert not left.exists()


def test_a_path_of_more_than_260_characters_is_written(tmp_path):
    path = tmp_path / ("d" * 100) / ("跳" * 80) / ("e" * 100) / "table.csv"
    path.parent.mkdir(parents=True)
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert [one.name for one in path.parent.iterdir()] == ["table.csv"]


@windows_has_no("folders that can be synced: it does so by itself")
def test_file_and_folder_are_synced_before_and_after_the_rename(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(os.path.realpath(f"/dev/fd/{descriptor}")))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (seen.append("rename"), replace(*paths)))
    with atomic_file(tmp_path / "a.csv") as temporary:
        temporary.write_bytes(b"new")
    assert seen == [str(temporary), "rename", str(tmp_path)]


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path):
    sync_folder(tmp_path / "gone")
    with pytest.raises(ExportError, match="cannot be written"), atomic_file(tmp_path / "gone" / "a") as temporary:
        temporary.write_bytes(b"new")
