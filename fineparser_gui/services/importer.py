"""Clips on their way into the session: dropped files and folders, dives of a session file, videos that were located."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject

from fineparser_core.types import VideoInfo
from fineparser_gui.model.dive import LONGEST_DIVE_S, NOT_ANALYSED, DiveState, Place
from fineparser_gui.model.session_file import SavedSession
from fineparser_gui.model.video_files import is_video, names_of, sort_key
from fineparser_gui.model.video_identity import VideoIdentity
from fineparser_gui.services.video_opener import Opener

if TYPE_CHECKING:
    from fineparser_gui.services.session import Session

translate = QCoreApplication.translate


class DiveImporter(QObject):
    """Belongs to a `Session`, whose dives it adds, opens and hands to the queue."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._refused: list[tuple[Path, str]] = []
        self._known: dict[Path, dict[str, object]] = {}  # by folder that is being looked into
        self._sought: dict[str, Path] = {}  # where the videos of missing dives may be now
        self._found: dict[str, Place] = {}  # of those what was the same video
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
        self._session.exemplar_drawings.update(saved.exemplar_drawings)
        keys = []
        for one in saved.dives:
            known = {field.name: getattr(one, field.name) for field in fields(one)}
            keys.append(self._session.add(restored=True, **known))
            self._opener.open(keys[-1], one.path)
        if keys:
            self._session.select(keys[saved.selected or 0])

    def locate(self, places: Mapping[str, Path]) -> None:
        """Say where the videos of missing dives may be now.

        What is the same video is used from there, all of it as one edit. Where it cannot be opened or is another one,
        the dive stays missing and says why.
        """
        self._sought.update(places)
        for key, path in places.items():
            self._session.update(key, state=DiveState.OPENING, problem=None, conflicting_video=None)
            self._opener.open(key, path)

    def with_same_conflict(self, key: str) -> list[str]:
        """The dives of one video in whose place lies the same other one, that of `key` among them."""
        asked = self._session.dive(key)
        dives = map(self._session.dive, self._session.keys)
        return [
            dive.key
            for dive in dives
            if dive.conflicting_video is not None
            and (dive.conflicting_video, dive.identity) == (asked.conflicting_video, asked.identity)
        ]

    def use_conflicting_video(self, key: str) -> None:
        """Use the video that is another one than the session was made with: the coach says so.

        So do all dives of that video, as one edit.
        """
        conflict = self._session.dive(key).conflicting_video
        if conflict is not None:
            self._session.editing.locate(dict.fromkeys(self.with_same_conflict(key), conflict))

    def open_again(self, key: str, place: Place | None = None) -> None:
        """Open the video of a dive, at a place where given, and analyse it from the start."""
        dive = self._session.dive(key)
        path, identity = place or (dive.path, dive.identity)
        self._session.queue.drop(key)
        self._session.trimming.forget(key)
        at = {
            "path": path,
            "identity": identity,
            "info": None,
            "thumbnail": None,
            "conflicting_video": None,
            "searching": False,
        }
        self._session.update_analysis(key, state=DiveState.OPENING, **at, **NOT_ANALYSED)
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
            text = self.tr("There is no video in {0}. Choose a folder with .mp4, .mov, .avi … files.")
            self._session.problem.emit(text.format(folder))

    def _tell_left_out(self, others: list[Path]) -> None:
        if others:
            self._session.problem.emit(self.tr("Skipped (not videos): {0}.").format(names_of(others)))

    def _on_opened(self, key: str, info: VideoInfo, identity: VideoIdentity, thumbnail: np.ndarray) -> None:
        sought = self._sought.get(key) == info.path
        if key in self._session.keys and (sought or self._session.dive(key).path == info.path):
            expected = self._session.dive(key).identity
            if expected is not None and not expected.same_file(identity):
                problem = difference(info.path, identity, expected)
                conflict = info.path, identity
                self._session.update(
                    key, state=DiveState.MISSING, problem=problem, conflicting_video=conflict, restored=True
                )
            elif sought:
                self._found[key] = info.path, identity
            else:
                self._session.update(key, info=info, identity=identity, thumbnail=thumbnail)
                self._begin(key)
        self._end_search(key, info.path)
        self._tell_refused()

    def _begin(self, key: str) -> None:
        if self.too_long(key):
            self._session.update(key, state=DiveState.NEEDS_TRIM)
            if self._session.dive(key).segments is None:
                self._session.trimming.find(key)
        elif self._session.dive(key).cancelled:
            self._session.update(key, state=DiveState.CANCELLED)
        else:
            self._session.update(key, state=DiveState.QUEUED)  # no longer opening: its video is known to be its own
            self._session.queue.analyse(key)

    def _on_failed(self, key: str, path: Path, message: str) -> None:
        dive = self._session.dive(key) if key in self._session.keys else None
        if dive is not None and path in (dive.path, self._sought.get(key)):
            if dive.restored:
                self._session.update(key, state=DiveState.MISSING, problem=message)
            else:
                self._session.remove(key)
                self._refused.append((dive.path, message))
        self._end_search(key, path)
        self._tell_refused()

    def _end_search(self, key: str, path: Path) -> None:
        """Use what was found, once all that was looked for together has been opened."""
        if self._sought.get(key) == path:
            del self._sought[key]
            if not self._sought:
                found, self._found = self._found, {}
                self._session.editing.locate(found)

    def _tell_refused(self) -> None:
        """What could not be opened of all that came together, in one sentence."""
        dives = (self._session.dive(key) for key in self._session.keys)
        if not self._refused or any(dive.state is DiveState.OPENING for dive in dives):
            return
        refused, self._refused = sorted(self._refused, key=lambda one: sort_key(one[0])), []
        text = refused[0][1]
        if len(refused) > 1:
            text = self.tr("Could not open {0}. First error: {1}").format(names_of([path for path, _ in refused]), text)
        self._session.problem.emit(text)


def difference(path: Path, found: VideoIdentity, expected: VideoIdentity) -> str:
    """How a file differs from the one that the session was made with, in one sentence."""
    for text, of_one in (
        (translate("VideoIdentity", "{0} has {1} frames at {2} fps, the session was made with {3} at {4}."), _length),
        (
            translate("VideoIdentity", "{0} has a picture of {1} × {2} pixels, the session was made with {3} × {4}."),
            _picture,
        ),
        (
            translate(
                "VideoIdentity",
                "{0} is as long, but another file or copy: it has {1} MB, the session was made with {2}.",
            ),
            _size,
        ),
    ):
        if of_one(found) != of_one(expected):
            return text.format(path.name, *of_one(found), *of_one(expected))
    return translate(
        "VideoIdentity", "{0} is as long and as large, but its content is not that of the session's video."
    ).format(path.name)


def _length(one: VideoIdentity) -> tuple[str, ...]:
    return str(one.n_frames), f"{one.fps:.4g}"


def _picture(one: VideoIdentity) -> tuple[str, ...]:
    return str(one.width_px), str(one.height_px)


def _size(one: VideoIdentity) -> tuple[str, ...]:
    return (f"{one.size_bytes / 1e6:.2f}",)
