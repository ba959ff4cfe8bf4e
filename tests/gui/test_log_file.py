"""The log file takes whatever a name or an error may hold."""

import logging
import sys
import threading

import pytest
from platforms import needs_full_device
from PySide6.QtCore import qInstallMessageHandler

from fineparser_gui.support.log_file import log_folder, report_unexpected, start_logging


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    start_logging(tmp_path)
    yield log_folder(tmp_path) / "studio.log"
    for handler in logging.getLogger().handlers:
        handler.close()
    qInstallMessageHandler(None)


def test_a_name_that_is_no_unicode_is_logged(log, capsys, caplog):
    try:
        raise ValueError("\ud800")
    except ValueError:
        logging.getLogger("test").exception("%s cannot be read", "a\udcff\x1b[2J.mp4")
    caplog.clear()
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(r"ERROR test: a\xff\x1b[2J.mp4 cannot be read")
    assert lines[-1] == r"ValueError: \ud800"
    err = capsys.readouterr().err
    assert "Logging error" not in err
    assert "\x1b" not in err


@needs_full_device
def test_a_full_disk_costs_the_lines_of_the_log_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_folder(tmp_path).mkdir()
    (log_folder(tmp_path) / "studio.log").symlink_to("/dev/full")
    start_logging(tmp_path)
    logging.getLogger("test").warning("one line")
    for handler in logging.getLogger().handlers:
        handler.close()
    qInstallMessageHandler(None)
    err = capsys.readouterr().err
    assert err.splitlines()[0].endswith("WARNING test: one line")
    assert len(err.splitlines()) == 1


def test_an_error_of_what_tells_errors_is_logged_once(log, monkeypatch, caplog):
    """As a message that is shown in a window that Qt takes apart."""
    told = []

    def tell(name):
        told.append(name)
        sys.excepthook(RuntimeError, RuntimeError("the message is gone"), None)

    with monkeypatch.context() as meanwhile:
        for module in (sys, threading):
            meanwhile.setattr(module, "excepthook", module.excepthook)
        report_unexpected(tell)
        sys.excepthook(ValueError, ValueError("no number"), None)
    caplog.clear()
    assert told == ["ValueError: no number"]
    assert log.read_text(encoding="utf-8").count("the message is gone") == 1
