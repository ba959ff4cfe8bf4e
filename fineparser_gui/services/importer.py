"""Opening of videos for the session: dropped files and folders, dives of a session file, relocated videos."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from fineparser_core.diving.meet import renamed
from fineparser_core.language import text
from fineparser_core.video.files import is_video, names_of, sort_key
from fineparser_gui.services.analysis import AnalysisService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.trimming import TrimmingService
from fineparser_gui.services.undo import Edit, EditStack, Subject
from fineparser_gui.services.video_opener import OpenTask, VideoOpener
from fineparser_gui.session.dive import (
    NOT_ANALYZED,
    Dive,
    DiveState,
    Place,
    ScoreState,
    SearchState,
    restored_attributes,
)
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.session.video_files import relocated
from fineparser_gui.worker.analysis_cache import AnalysisCache

#: Rows that are added in a turn of the event loop: each costs the window about a millisecond.
_ROWS_AT_ONCE = 8


class DiveImporter(QObject):
    """Service that opens videos, adds their dives to the session and starts their analyses."""

    def __init__(
        self,
        state: SessionState,
        edits: EditStack,
        analyses: AnalysisService,
        trimming: TrimmingService,
        cache: AnalysisCache | None = None,
    ) -> None:
        super().__init__(state)
        self._state, self._edits, self._analyses, self._trimming = state, edits, analyses, trimming
        self._refused: list[tuple[Path, str]] = []
        self._tasks: dict[str, OpenTask] = {}  # by key of the dive whose video is being opened
        self._sought: set[str] = set()  # dives whose videos are searched at other paths
        self._located: dict[str, Place] = {}  # those of them whose video was found
        self._recorded_on: dict[str, object] = {}  # days of recording by key
        self._to_add: deque[tuple[Path, dict[str, object]]] = deque()  # videos, with known attributes of their dives
        self._adding = QTimer(self, interval=0)
        self._adding.timeout.connect(self._add_some)
        self._opener = VideoOpener(self, cache)
        edits.handlers |= dict.fromkeys((Subject.ADDED_ROWS, Subject.REMOVED_ROWS), self._apply_rows)
        edits.handlers[Subject.PLACE] = self._apply_place

    def add(self, paths: Iterable[Path], *, show: bool = True, **known: object) -> None:
        """Add videos, and the videos of folders and of the folders in them; show the first, unless another is shown.

        Files that are not videos are reported in a single sentence; a single file is tried in any case.

        Args:
            show: show the first dive instead of the shown dive.
            known: attributes of `Dive` for all of them, and "recorded_on", the day of recording, YYYY-MM-DD, for files
                that do not hold it.
        """
        given = list(paths)
        files = [path for path in given if not path.is_dir()]
        videos = [path for path in files if is_video(path) or len(given) == 1]
        for folder in (path for path in given if path not in files):
            self._opener.look_into(folder).found.connect(partial(self._on_found, folder, known))
        self._tell_left_out([path for path in files if path not in videos])
        self._add(videos, known, show=show)

    def restore(self, saved: SavedSession) -> list[str]:
        """Add the dives of a stored session and analyze them; a dive whose video is missing waits until it is located.

        Returns:
            Their keys.
        """
        keys = []
        for one in saved.dives:
            keys.append(self._state.add(**restored_attributes(one)))
            self._open(keys[-1])
        self._state.set_meet(renamed(saved.meet, {str(place): key for place, key in enumerate(keys)}))
        if keys:
            self._state.select(keys[saved.selected or 0])
        return keys

    def locate(self, places: Mapping[str, Path]) -> None:
        """Look for the videos of missing dives at new paths.

        Videos with the right identity are used, all as a single edit. If a video cannot be opened or differs, its dive
        stays missing and its `problem` says why.
        """
        self._sought |= places.keys()
        for key, path in places.items():
            self._state.update(key, state=DiveState.OPENING, problem=None, conflicting_video=None)
            self._open(key, path)

    def locate_moved(self, key: str, path: Path) -> None:
        """Look for the video of a missing dive at a new path, and for others that were moved with it."""
        old = self._state.dive(key).path
        missing = {one.key: one.path for one in self._state.dives if one.state is DiveState.MISSING and one.key != key}
        found = relocated(old, path, missing.values()) | {old: path}
        self.locate({key: path} | {one: found[was] for one, was in missing.items() if was in found})

    def with_same_conflict(self, key: str) -> list[str]:
        """Return the keys of the dives of the same video with the same conflicting video, including `key`."""
        asked = self._state.dive(key)
        conflict = asked.conflicting_video, asked.identity
        return [
            dive.key
            for dive in self._state.dives
            if dive.conflicting_video is not None and (dive.conflicting_video, dive.identity) == conflict
        ]

    def use_conflicting_video(self, key: str) -> None:
        """Use the conflicting video for all dives of the same video, as a single edit."""
        conflict = self._state.dive(key).conflicting_video
        if conflict is not None:
            self._use(dict.fromkeys(self.with_same_conflict(key), conflict))

    def remove(self, key: str) -> None:
        """Take a dive out of the session; the file stays."""
        self._analyses.drop(key)
        self._trimming.forget(key)
        self._tasks.pop(key, None)
        self._state.drop(key)
        self._end_search(key)

    def forget(self) -> None:
        """Add none of the videos that wait to be added: another session is opened."""
        self._to_add.clear()
        self._adding.stop()

    def close(self) -> None:
        """Stop opening videos, as the window closes."""
        self.forget()
        self._opener.close()

    def _add(self, videos: list[Path], known: dict[str, object], *, show: bool = True) -> None:
        """Add a row for each video and show the first: a few rows now, others in the next turns of the event loop."""
        waiting = len(self._to_add)
        self._to_add += [(path, known) for path in videos]
        if videos and not waiting:
            first = self._add_some()[0]
            if show or self._state.current is None:
                self._state.select(first)
        if self._to_add:
            self._adding.start()

    def _add_some(self) -> list[str]:
        keys = []
        for path, known in [self._to_add.popleft() for _ in range(min(_ROWS_AT_ONCE, len(self._to_add)))]:
            attributes = {name: value for name, value in known.items() if name != "recorded_on"}
            keys.append(self._state.add(path=path, **attributes))
            self._recorded_on[keys[-1]] = known.get("recorded_on", "")
            self._open(keys[-1], refuse=True)
        if not self._to_add:
            self._adding.stop()
        return keys

    def _open(self, key: str, path: Path | None = None, *, refuse: bool = False) -> None:
        """Probe the video of a dive.

        Args:
            path: where it may be; None: at the dive's own path.
            refuse: where it cannot be opened, remove the dive instead of calling its video missing.
        """
        dive = self._state.dive(key)
        shown = None
        if dive.in_frame is not None and dive.out_frame is not None:
            shown = dive.in_frame + (dive.out_frame - dive.in_frame) // 3
        task = self._opener.open(path or dive.path, shown)
        self._tasks[key] = task
        task.opened.connect(partial(self._on_opened, key, task))
        task.failed.connect(partial(self._on_failed, key, task, refuse))

    def _open_again(self, key: str, place: Place) -> None:
        """Open the video of a dive at a place, and analyze it from the start."""
        self._analyses.drop(key)
        self._trimming.forget(key)
        path, identity = place
        opened: dict[str, object] = {
            "path": path,
            "identity": identity,
            "info": None,
            "thumbnail": None,
            "conflicting_video": None,
        }
        if self._state.dive(key).searching:
            opened["search_state"] = SearchState.NONE
        self._state.update_analysis(key, state=DiveState.OPENING, **opened, **NOT_ANALYZED)
        self._open(key)

    def _use(self, places: Mapping[str, Place]) -> None:
        """Use videos at other paths as a single edit; a video at its old path is only opened again."""
        before = {dive.key: (dive.path, dive.identity) for dive in self._state.dives if dive.key in places}
        moved = [key for key, was in before.items() if was not in (places[key], (places[key][0], None))]
        for key in before.keys() - set(moved):
            self._open_again(key, before[key])
        if moved:
            with self._edits.macro(self.tr("locating videos ({0})").format(len(moved))):
                for key in moved:
                    text = self.tr("locating a video")
                    self._edits.do(
                        Edit(subject=Subject.PLACE, key=key, before=before[key], after=places[key], text=text)
                    )

    def _apply_place(self, edit: Edit) -> None:
        if self._state.find(edit.key) is not None:  # the dive may have been removed
            self._open_again(edit.key, edit.after)

    def _apply_rows(self, edit: Edit) -> Edit:
        """Insert or remove dives; returns the edit with the removed dives in their last state."""
        keys = self._state.keys
        rows = [(self._state.dive(dive.key), keys.index(dive.key)) for dive, _ in edit.before if dive.key in keys]
        for dive, _ in rows:
            self.remove(dive.key)
        for dive, place in sorted(edit.after, key=lambda row: row[1]):
            self._put_in(dive, place)
        if edit.subject is Subject.REMOVED_ROWS and edit.after:
            self._state.select(edit.after[0][0].key)
        paths = {dive.path for dive, _ in (*rows, *edit.after)}
        for dive in self._state.dives:
            if dive.segments and dive.path in paths:  # its row shows which proposals were accepted
                self._state.update(dive.key)
        return replace(edit, before=tuple(rows))

    def _put_in(self, dive: Dive, place: int) -> None:
        """Insert a removed or new dive, and restart its unfinished work."""
        idle: dict[str, object] = {"progress": None}
        if dive.scoring:
            idle["score_state"] = ScoreState.NONE
        if dive.searching:
            idle["search_state"] = SearchState.NONE
        self._state.insert(replace(dive, **idle), place)  # type: ignore[arg-type]
        if self._analyses.outdated(dive.key):
            self._analyses.analyze(dive.key)
        elif dive.searching:
            self._trimming.find(dive.key)
        elif dive.state is DiveState.OPENING:
            self._open(dive.key)
        elif dive.scoring:
            self._analyses.score_anew(dive.key)
        elif dive.busy:
            self._analyses.analyze(dive.key)

    def _on_found(self, folder: Path, known: dict[str, object], videos: list[Path], others: list[Path]) -> None:
        there = {dive.path for dive in self._state.dives} | {path for path, _ in self._to_add}
        self._add([path for path in videos if path not in there], known)
        if videos:
            self._tell_left_out(others)
        else:
            text = self.tr("There is no video in {0}. Choose a folder with .mp4, .mov, .avi … files.")
            self._state.problem.emit(text.format(folder))

    def _tell_left_out(self, others: list[Path]) -> None:
        if others:
            self._state.problem.emit(self.tr("Skipped (not videos): {0}.").format(names_of(others)))

    def _on_opened(self, key: str, task: OpenTask, video: dict[str, Any]) -> None:
        if self._tasks.get(key) is not task:  # the dive was removed, or another path is being tried
            return
        del self._tasks[key]
        info, identity = video["info"], video["identity"]
        expected = self._state.dive(key).identity
        if expected is not None and not expected.same_file(identity):
            problem = text("{0} is another file than that of the session.", info.path.name)
            conflict = info.path, identity
            self._state.update(key, state=DiveState.MISSING, problem=problem, conflicting_video=conflict)
        elif key in self._sought:
            self._located[key] = info.path, identity
        else:
            day = self._state.dive(key).day
            recorded_on = info.recorded_on or self._recorded_on.get(key, "")
            self._begin(key, **video, day=recorded_on if day is None else day)
        self._end_search(key)
        self._tell_refused()

    def _begin(self, key: str, **opened: object) -> None:
        dive = replace(self._state.dive(key), **opened)  # type: ignore[arg-type]
        if dive.too_long:
            search = {"search_state": SearchState.CANCELLED} if dive.segments is None and dive.cancelled else {}
            self._state.update(key, state=DiveState.NEEDS_TRIM, **opened, **search)
            if dive.segments is None and not dive.cancelled:
                self._trimming.find(key)
        elif dive.cancelled:
            self._state.update(key, state=DiveState.CANCELLED, **opened)
        else:
            self._state.update(key, state=DiveState.QUEUED, **opened)  # its identity is confirmed
            self._analyses.analyze(key)

    def _on_failed(self, key: str, task: OpenTask, refuse: bool, message: str) -> None:
        if self._tasks.get(key) is not task:
            return
        del self._tasks[key]
        if refuse:
            self._refused.append((self._state.dive(key).path, message))
            self.remove(key)
        else:
            self._state.update(key, state=DiveState.MISSING, problem=message)
        self._end_search(key)
        self._tell_refused()

    def _end_search(self, key: str) -> None:
        """Use the videos found, once all that were looked for together have been tried."""
        if key in self._sought:
            self._sought.remove(key)
            if not self._sought:
                located, self._located = self._located, {}
                self._use(located)

    def _tell_refused(self) -> None:
        """Report all videos that could not be opened in a single sentence."""
        if not self._refused or self._to_add or any(dive.state is DiveState.OPENING for dive in self._state.dives):
            return
        refused, self._refused = sorted(self._refused, key=lambda one: sort_key(one[0])), []
        text = refused[0][1]
        if len(refused) > 1:
            text = self.tr("Could not open {0}. First error: {1}").format(names_of([path for path, _ in refused]), text)
        self._state.problem.emit(text)
