"""Clips on their way into the session: dropped files and folders, dives of a session file, videos that were located."""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from fineparser_core.types import VideoInfo
from fineparser_gui.session.dive import LONGEST_DIVE_S, DiveState
from fineparser_gui.session.opening import Opener, is_video, sort_key
from fineparser_gui.session.session_file import SavedSession

if TYPE_CHECKING:
    from fineparser_gui.session.session import Session

_MOST_NAMES = 6


def names_of(paths: list[Path]) -> str:
    """File names of the first, and how many there are beside them."""
    names = ", ".join(path.name for path in paths[:_MOST_NAMES])
    return names if len(paths) <= _MOST_NAMES else f"{names} … (+{len(paths) - _MOST_NAMES})"


class Arrivals(QObject):
    """Belongs to a `Session`, whose dives it adds, opens and hands to the queue."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._refused: list[tuple[Path, str]] = []
        self._known: dict[Path, dict[str, object]] = {}  # by folder that is being looked into
        self._before: dict[str, Path] = {}  # where the video of a dive was said to be, until the new place holds
        self._opener = Opener(self)
        self._opener.found.connect(self._on_found)
        self._opener.opened.connect(self._on_opened)
        self._opener.failed.connect(self._on_failed)

    def add(self, paths: Iterable[Path], **known: object) -> None:
        """Add videos, and the videos of folders and of the folders in them; show the first.

        Files that are no videos are named in one sentence; a single one is tried all the same.

        Args:
            known: attributes of `Dive` that hold for all of them.
        """
        given = list(paths)
        files = [path for path in given if not path.is_dir()]
        videos = [path for path in files if is_video(path) or len(given) == 1]
        for folder in (path for path in given if path not in files):
            self._known[folder] = known
            self._opener.look_into(folder)
        self._tell_left_out([path for path in files if path not in videos])
        self._add(videos, known)

    def add_cut(self, path: Path, shown_frame: int, **known: object) -> str:
        """Add a dive of a file that is open already; returns its key.

        Args:
            shown_frame: of its thumbnail.
            known: attributes of `Dive`.
        """
        key = self._session.add(path=path, **known)
        self._opener.open(key, path, shown_frame)
        return key

    def restore(self, saved: SavedSession) -> None:
        """Add the dives of a session file and analyse them; one whose video is gone waits until it is located."""
        self._session.queue.pause(saved.paused)
        keys = []
        for one in saved.dives:
            known = {field.name: getattr(one, field.name) for field in fields(one)}
            keys.append(self._session.add(restored=True, **known))
            self._opener.open(keys[-1], one.path)
        if keys:
            self._session.select(keys[saved.selected or 0])

    def locate(self, key: str, path: Path) -> None:
        """Say where the video of a missing dive is now; where it cannot be opened, it is as before."""
        self._before[key] = self._session.dive(key).path
        self._session.update(key, path=path, state=DiveState.OPENING, problem=None)
        self._opener.open(key, path)

    def too_long(self, key: str) -> bool:
        """Whether what would be analysed is longer than one dive, and nobody said that it lies there."""
        dive = self._session.dive(key)
        if dive.info is None or (dive.in_frame is not None and dive.out_frame is not None):
            return False
        share = (dive.last_frame - dive.first_frame + 1) / dive.info.n_frames
        return share * dive.info.duration_s > LONGEST_DIVE_S

    def close(self) -> None:
        """The window is closing."""
        self._opener.close()

    def _add(self, videos: list[Path], known: dict[str, object]) -> None:
        keys = []
        for path in videos:
            keys.append(self._session.add(path=path, **known))
            self._opener.open(keys[-1], path)
        if keys:
            self._session.select(keys[0])

    def _on_found(self, folder: Path, videos: list[Path], others: list[Path]) -> None:
        there = {self._session.dive(key).path for key in self._session.keys}
        self._add([path for path in videos if path not in there], self._known.pop(folder, {}))
        if videos:
            self._tell_left_out(others)
        else:
            text = self.tr("There is no video in {0}: choose a folder with .mp4, .mov, .avi … files.")
            self._session.problem.emit(text.format(folder))

    def _tell_left_out(self, others: list[Path]) -> None:
        if others:
            self._session.problem.emit(self.tr("No videos, and left out: {0}.").format(names_of(others)))

    def _on_opened(self, key: str, info: VideoInfo, thumbnail: QImage) -> None:
        if key not in self._session.keys:
            return
        self._before.pop(key, None)
        self._session.update(key, info=info, thumbnail=thumbnail)
        if self.too_long(key):
            self._session.update(key, state=DiveState.HELD)
            if self._session.dive(key).segments is None:
                self._session.trimming.find(key)
        elif self._session.dive(key).cancelled:
            self._session.update(key, state=DiveState.CANCELLED)
        else:
            self._session.queue.analyse(key)
        self._tell_refused()

    def _on_failed(self, key: str, message: str) -> None:
        if key in self._session.keys:
            dive = self._session.dive(key)
            if dive.restored:
                path = self._before.pop(key, dive.path)
                self._session.update(key, path=path, state=DiveState.MISSING, problem=message)
            else:
                self._session.remove(key)
                self._refused.append((dive.path, message))
        self._tell_refused()

    def _tell_refused(self) -> None:
        """What could not be opened of all that came together, in one sentence."""
        dives = (self._session.dive(key) for key in self._session.keys)
        if not self._refused or any(dive.state is DiveState.OPENING for dive in dives):
            return
        refused, self._refused = sorted(self._refused, key=lambda one: sort_key(one[0])), []
        text = refused[0][1]
        if len(refused) > 1:
            text = self.tr("Not opened: {0}. Of the first: {1}").format(names_of([path for path, _ in refused]), text)
        self._session.problem.emit(text)
