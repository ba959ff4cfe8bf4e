"""The log file: messages of the program and its worker, and uncaught errors."""

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from fineparser_core.printable import PrintableFormatter

log = logging.getLogger(__name__)

_MAX_BYTES = 2**20
_LEVELS = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}


class _LogFile(RotatingFileHandler):
    """Log file that drops lines on a full disk: the window reports once that it is full, and continues."""

    def _open(self) -> TextIOWrapper:
        # Without a buffer, which would be written, and fail, once more when the program ends.
        file = open(self.baseFilename, "ab", buffering=0)  # noqa: SIM115 - of the handler, which closes it
        return TextIOWrapper(file, encoding=self.encoding, write_through=True)

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def log_folder(folder: Path) -> Path:
    """Return the folder of the log within the program's folder."""
    return folder / "logs"


def log_file(folder: Path) -> Path:
    """Return the path of the log within the program's folder."""
    return log_folder(folder) / "studio.log"


def start_logging(folder: Path) -> None:
    """Log to a file of limited size, and warnings to the terminal as well."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [terminal]
    try:
        log_folder(folder).mkdir(parents=True, exist_ok=True)
        path = log_file(folder)
        handlers.append(_LogFile(path, maxBytes=_MAX_BYTES, backupCount=2, encoding="utf-8"))
        # The place of a crash inside a library, which ends the program without a traceback: read after the next start.
        faulthandler.enable(os.open(path.with_name("crash.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:  # a full or read-only disk must not prevent the start
        terminal.handle(logging.makeLogRecord({"levelno": logging.WARNING, "msg": f"no log file: {error}"}))
    form = PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    for handler in handlers:
        handler.setFormatter(form)
    logging.basicConfig(level=logging.INFO, handlers=handlers)
    qInstallMessageHandler(_log_qt)


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", text)


def report_unexpected(tell: Callable[[str], None]) -> None:
    """Log uncaught errors and report them to the user; the program continues.

    Args:
        tell: called with the name of the error, from any thread.
    """
    telling = False

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        nonlocal telling
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("unexpected", exc_info=(kind, error, trace))
        if telling:  # the report has failed itself
            return
        telling = True
        try:
            tell(f"{kind.__name__}: {error}")
        finally:
            telling = False

    def caught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            caught(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = caught
    threading.excepthook = caught_in_thread
