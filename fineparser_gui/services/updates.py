"""Looks up whether there is a newer version, when the coach asks; nothing else ever asks the internet."""

import json
import logging
import re
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThreadPool, Signal

from fineparser_core import __version__
from fineparser_core.resources import made
from fineparser_core.support.files import parse_json

log = logging.getLogger(__name__)

_MOST_BYTES = 65_536
_PATIENCE_S = 15
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


@dataclass(frozen=True)
class NewestRelease:
    """The newest release, as the version file has it.

    Attributes:
        page: address at which it can be downloaded; "" where the file has none.
    """

    version: str
    page: str

    @property
    def newer(self) -> bool:
        """Whether it is newer than this program."""
        return _numbers(self.version) > _numbers(__version__)


def updates_url() -> str:
    """Address of the version file, a setting of the build; "" where there is none."""
    try:
        stored = json.loads(made("build.json").read_text(encoding="utf-8"))["updates_url"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return stored if isinstance(stored, str) else ""


def read_release(data: bytes) -> NewestRelease:
    """The content of a version file: JSON with `version`, such as "1.2.0", and `page`, an https address.

    Raises:
        ValueError: it is none.
    """
    fields = parse_json(data)
    if not isinstance(fields, dict) or not _VERSION.fullmatch(str(fields.get("version"))):
        raise ValueError("no version in it")
    page = fields.get("page", "")
    return NewestRelease(fields["version"], page if isinstance(page, str) and page.startswith("https://") else "")


def _numbers(version: str) -> tuple[int, ...]:
    found = _VERSION.match(version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


class Updates(QObject):
    """Asks for the newest release, off the GUI thread.

    Args:
        url: of the version file.

    Signals:
        found: (Release)
        failed: (str) the reason, for a sentence.
    """

    found = Signal(object)
    failed = Signal(str)

    def __init__(self, url: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.url = url
        self._threads = QThreadPool(self, maxThreadCount=1)

    def look(self) -> None:
        """Ask; ends in one of the signals."""
        self._threads.start(self._look)

    def _look(self) -> None:
        import urllib.request  # 30 ms, which the app's start does without

        try:
            with urllib.request.urlopen(self.url, timeout=_PATIENCE_S) as answer:
                release = read_release(answer.read(_MOST_BYTES))
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            log.warning("updates: %s", error)
            self.failed.emit(str(reason))
        else:
            self.found.emit(release)
