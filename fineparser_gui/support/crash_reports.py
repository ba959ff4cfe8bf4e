"""Reports of unexpected errors: text files in the program's folder, which are offered and never sent.

The user's folder is "~" in them, and files of the user have no name, as both are often those of persons.
"""

import faulthandler
import itertools
import logging
import os
import platform
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from fineparser_core import __version__
from fineparser_core.printable import printable, without_home
from fineparser_core.support.atomic import is_running
from fineparser_core.video.files import VIDEO_SUFFIXES

log = logging.getLogger(__name__)

_NEW, _SEEN, _RUNNING = "new", "seen", "running"
_MOST_KEPT = 20
#: Maximum number of reports of a run: an error may come with every frame.
_MOST_OF_A_RUN = 5
_LOG_LINES = 60
_MOST_BYTES = 200_000
#: Suffixes of files that users name.
_SUFFIXES = (*VIDEO_SUFFIXES, ".fineparser", ".json", ".jsonl", ".csv", ".npz", ".html", ".pdf", ".png", ".jpg", ".gif")
#: Name of a file of a user: a path from its root on, all words after a colon, or a word. A long line must not take
#: minutes: what could begin anywhere in it has a longest length.
_NAMED = re.compile(
    r"(?:(?:[a-z]:[\\/]|(?<![\w.])[~/]|\\\\)[^\n\"'<>|]{0,1000}?|(?<=: )[^\n\"':/\\]{0,300}?|"
    r"(?<![^\s\"'<>|/\\()])[^\s\"'<>|/\\()]*)"
    rf"({'|'.join(map(re.escape, sorted(_SUFFIXES, key=len, reverse=True)))})\b",
    re.IGNORECASE,
)


class CrashReports:
    """Writer of reports, which also finds reports that the user has not seen.

    Args:
        folder: folder of the reports; made with the first report.
        log_file: log file, whose last lines a report holds.
    """

    def __init__(self, folder: Path, log_file: Path) -> None:
        self.folder, self._log_file = folder, log_file
        self._numbers = itertools.count(1)
        self._faults: IO[str] | None = None

    def watch(self) -> None:
        """Record the place of a crash inside a library, until `close`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._faults = self._fault_path(os.getpid()).open("w", encoding="utf-8")
            faulthandler.enable(self._faults)
        except OSError as error:  # a full or read-only disk must not prevent the start
            log.warning("no crash reports: %s", error)

    def close(self) -> None:
        """End the watch, as the run ends regularly."""
        if self._faults is not None:
            faulthandler.disable()
            self._faults.close()
            self._faults = None
            self._fault_path(os.getpid()).unlink(missing_ok=True)

    def write(self, what: str, details: str) -> Path | None:
        """Write a report; return None if enough were written, or if it cannot be written.

        Args:
            what: the error in a line.
            details: details, for example a traceback.
        """
        number = next(self._numbers)
        if number > _MOST_OF_A_RUN:
            return None
        now = datetime.now()
        head = f"{what}\n{now.isoformat(timespec='seconds')}\nFineParser Studio {__version__}\n{platform.platform()}\n"
        text = f"{head}\n{details}\n\nLast lines of the log:\n{self._end_of_log()}\n"
        path = self.folder / f"{_NEW}-{now:%Y%m%d-%H%M%S}-{os.getpid()}-{number}.txt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shown = _NAMED.sub(r"…\1", without_home(printable(text, keep="\n"))[:_MOST_BYTES])
            path.write_text(shown, encoding="utf-8")
            self._sweep()
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)  # half of it
            log.warning("no crash report: %s", error)
            return None
        return path

    def unseen(self) -> list[Path]:
        """Return the reports that the user has not seen, the oldest first, including those of crashed runs."""
        try:
            for path in self.folder.glob(f"{_RUNNING}-*.txt"):
                self._take_over(path)
            return sorted(self.folder.glob(f"{_NEW}-*.txt"))
        except OSError as error:
            log.warning("crash reports: %s", error)
            return []

    def take_unseen(self) -> list[Path]:
        """Mark the unseen reports as seen and return their new paths: they stay in the folder."""
        taken = []
        for path in self.unseen():
            seen = path.with_name(path.name.replace(_NEW, _SEEN, 1))
            try:
                path.rename(seen)
                taken.append(seen)
            except OSError as error:
                log.warning("crash reports: %s", error)
        return taken

    def _take_over(self, path: Path) -> None:
        """Make a report of the file that a crashed run has left; an empty file means that it was ended from outside."""
        found = re.fullmatch(rf"{_RUNNING}-(\d+)\.txt", path.name)
        if found is None or int(found[1]) == os.getpid() or is_running(int(found[1])):
            return
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        if not text or self.write("The app crashed.", text) is not None:  # else it is tried again at the next start
            path.unlink()

    def _fault_path(self, pid: int) -> Path:
        return self.folder / f"{_RUNNING}-{pid}.txt"

    def _end_of_log(self) -> str:
        try:
            lines = self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "(none)"
        return "\n".join(lines[-_LOG_LINES:])

    def _sweep(self) -> None:
        kept = sorted(self.folder.glob("*-*-*.txt"), key=lambda path: path.name.partition("-")[2])
        for path in kept[:-_MOST_KEPT]:
            path.unlink(missing_ok=True)
