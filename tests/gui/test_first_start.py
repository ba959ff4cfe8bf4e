"""What helps a coach at the first start and when something is wrong: device, reports."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fineparser_core import __version__
from fineparser_gui.shell.help_dialog import HelpDialog
from fineparser_gui.support.crash_reports import CrashReports
from fineparser_gui.support.log_file import log_file, report_unexpected


def test_an_unexpected_error_leaves_a_report_which_the_next_start_offers_once(
    make_studio, qtbot, tmp_path, monkeypatch, caplog
):
    reports = CrashReports(tmp_path / "state" / "crashes", log_file(tmp_path / "state"))
    with monkeypatch.context() as meanwhile:
        for module in (sys, threading):
            meanwhile.setattr(module, "excepthook", module.excepthook)
        report_unexpected(lambda name: None, reports.write)
        try:
            raise ZeroDivisionError("of a test")
        except ZeroDivisionError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    caplog.clear()
    window = make_studio().window
    qtbot.waitUntil(lambda: bool(window.messages.buttons))
    assert window.messages.buttons[0].text() == "Show the report"
    window.messages.buttons[0].click()
    text = window.findChild(HelpDialog).page.toPlainText()
    assert "ZeroDivisionError: of a test" in text
    assert __version__ in text
    window.findChild(HelpDialog).close()
    window.close()
    again = make_studio()
    qtbot.waitUntil(lambda: again.client.running)  # begun after the first paint, as the offer is
    assert not again.window.messages.buttons


def test_a_worker_that_died_leaves_a_report(make_studio, tmp_path):
    studio = make_studio()
    studio.client.last_words.append("Fatal Python error: Segmentation fault")
    studio.client.died.emit()
    (report,) = (tmp_path / "state" / "crashes").glob("new-*.txt")
    assert "Segmentation fault" in report.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="ends another way there")
def test_a_crash_inside_a_library_leaves_where_it_was(tmp_path):
    program = (
        "import faulthandler, sys; from pathlib import Path\n"
        "from fineparser_gui.support.crash_reports import CrashReports\n"
        "CrashReports(Path(sys.argv[1]), Path('none')).watch(); faulthandler._sigsegv()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True)
    assert done.returncode != 0
    (report,) = CrashReports(tmp_path, tmp_path / "none").take_unseen()
    assert "Segmentation fault" in report.read_text(encoding="utf-8")
    assert CrashReports(tmp_path, tmp_path / "none").take_unseen() == []


def test_a_report_names_neither_the_users_folder_nor_files(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "ada"))
    log = tmp_path / "studio.log"
    log.write_text(f"opened {tmp_path / 'ada' / 'final.mp4'}\n", encoding="utf-8")
    what = f"OSError: {tmp_path / 'ada' / 'b.mp4'} is gone"
    written = CrashReports(tmp_path / "crashes", log).write(what, f'File "{tmp_path / "ada" / "c.py"}", line 3')
    text = written.read_text(encoding="utf-8")
    assert "ada" not in text
    assert text.startswith("OSError: ….mp4 is gone\n")
    assert "final" not in text
    assert "c.py" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("WARNING thumbnails: Lisa Meier 207C.MOV: no key frame", "WARNING thumbnails: ….MOV: no key frame"),
        ("FileNotFoundError: [Errno 2] No such file: '/mnt/Lisa Meier/a b.json'", "No such file: '….json'"),
        ("opening D:\\Lisa Meier\\207C.mp4", "opening ….mp4"),
        ("decoding /media/Lisa's stick/x.mkv (3)", "….mkv (3)"),
        (
            '  File "/opt/app/fineparser_gui/app.py", line 3, in a',
            '  File "/opt/app/fineparser_gui/app.py", line 3, in a',
        ),
        ("[mov,mp4,m4a,3gp @ 0x7f] moov atom not found", "[mov,mp4,m4a,3gp @ 0x7f] moov atom not found"),
    ],
)
def test_what_a_report_says_of_a_file(line, shown, tmp_path):
    text = CrashReports(tmp_path, tmp_path / "none").write("Error", f"{line}\n").read_text(encoding="utf-8")
    assert shown in text
    assert not {"Lisa", "Meier", "207C"} & set(text.replace("'", " ").split())


@pytest.mark.parametrize("line", ["x" * 300_000, "/" * 300_000, ": x" * 100_000, "a:/b" * 70_000])
def test_a_long_line_takes_no_minutes(line, tmp_path):  # those would be over the suite's timeout
    assert CrashReports(tmp_path, tmp_path / "none").write("Error", f"{line}.mov\n") is not None


def test_a_run_that_ends_well_or_is_killed_leaves_no_report_and_reports_are_few(tmp_path):
    reports = CrashReports(tmp_path, tmp_path / "none")
    reports.watch()
    reports.close()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "running-999999.txt").write_text("", encoding="utf-8")
    assert reports.take_unseen() == []
    assert [reports.write("again", "") is None for _ in range(7)] == [False] * 5 + [True] * 2


def test_a_full_disk_leaves_no_half_report_and_loses_none(tmp_path, monkeypatch):
    (tmp_path / "running-999999.txt").write_text("Segmentation fault", encoding="utf-8")
    reports = CrashReports(tmp_path, tmp_path / "none")

    def half(path: Path, text: str, **_: object) -> None:
        path.write_bytes(text[:5].encode())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", half)
    assert reports.take_unseen() == []
    assert [path.name for path in tmp_path.iterdir()] == ["running-999999.txt"]
    monkeypatch.undo()
    (report,) = reports.take_unseen()
    assert "Segmentation fault" in report.read_text(encoding="utf-8")


def test_a_file_that_the_desktop_opens_reaches_the_window():
    program = (
        "from PySide6.QtCore import QCoreApplication; from PySide6.QtGui import QFileOpenEvent\n"
        "from fineparser_gui.app import Application\n"
        "app = Application([]); app.file_opened.connect(lambda path: print(path.name))\n"
        "QCoreApplication.sendEvent(app, QFileOpenEvent('/clips/erster Sprung.mp4'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "erster Sprung.mp4"
