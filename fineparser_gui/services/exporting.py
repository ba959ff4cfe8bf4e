"""Exports of the session: which files are written of which dives."""

import itertools
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, Signal

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ExportError
from fineparser_core.export.dive_words import DiveWords, dive_words
from fineparser_core.export.jobs import (
    Advanced,
    Job,
    JobMessage,
    MeetJob,
    ReportJob,
    Stopped,
    TableJob,
    Written,
    save_job,
)
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.page import ReportedTrend
from fineparser_core.export.tables import ExportedDive
from fineparser_core.language import language, short_number, translated
from fineparser_core.measures.explanation import Bands, good_bands
from fineparser_core.measures.words import dive_text
from fineparser_core.records import ComparedDive, VerdictCode
from fineparser_core.support.atomic import sweep_leftovers, temporary_folder
from fineparser_core.support.files import allowed_name
from fineparser_core.support.processes import Failed
from fineparser_gui.services.history import HistoryService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import Dive, SavedDive
from fineparser_gui.session.drawings import NOTE
from fineparser_gui.store.records import HistoryDive
from fineparser_gui.support.background import Background
from fineparser_gui.support.formatting import day_text
from fineparser_gui.support.process import Process

# Time for a canceled process to end, in milliseconds: enough for a frame and for removing the unfinished file.
PATIENCE_MS = 5000
JOB_MODULE = "fineparser_core.export.jobs"
_LONGEST_STEM = 120


class ExportState(Enum):
    """State of an export."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()

    @property
    def over(self) -> bool:
        return self not in (ExportState.WAITING, ExportState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file to write. Immutable: replaced when something changes.

    Attributes:
        done, total: progress; 0 of 0 while unknown.
        message: a sentence for the user once the export has ended, or "".
    """

    id: int
    path: Path
    state: ExportState = ExportState.WAITING
    done: int = 0
    total: int = 0
    message: str = ""


def dive_title(dive: Dive) -> str:
    """Return a dive's title in exports: diver, number, board and day; without the first three, its file's name."""
    board = f"{short_number(dive.known_board_m)} m" if dive.known_board_m is not None else ""
    known = [text for text in (dive.athlete, dive.known_number or "", board) if text]
    return " · ".join(filter(None, (*(known or [dive.path.stem]), dive.day)))


def is_named(dive: Dive) -> bool:
    """Return True if a dive's files can be named after its diver or number."""
    return bool(dive.athlete.strip() or dive.known_number)


def file_stem(dive: Dive) -> str:
    """Return the stem of a dive's files, "Anna 103B 3m 2026-11-29", or its video's if diver and number are unknown."""
    if not is_named(dive):
        return dive.path.stem
    board = f"{short_number(dive.known_board_m)}m" if dive.known_board_m is not None else ""
    return named_file(dive.athlete, dive.known_number or "", board, dive.day or "")


def session_stem(dives: Sequence[Dive]) -> str:
    """Return the stem of a session's files: its diver, or the first video's folder if there are several; the day."""
    divers = {dive.athlete.strip() for dive in dives}
    days = sorted(filter(None, (dive.day for dive in dives)))
    who = divers.pop() if len(divers) == 1 else ""
    return named_file(who or (dives[0].path.absolute().parent.name if dives else ""), days[0] if days else "")


def named_file(*parts: str) -> str:
    """Return a file name of some words, with a dash for each character that some system does not allow."""
    return allowed_name(" ".join(filter(None, (part.strip() for part in parts))), _LONGEST_STEM)


def season_of(dive: Dive, dives: Sequence[Dive]) -> list[Dive]:
    """Return the dives of a dive's diver, the oldest first; empty if the diver is not known."""
    name = dive.athlete.strip().casefold()
    if not name:
        return []
    same = [one for one in dives if one.athlete.strip().casefold() == name]
    return sorted(same, key=lambda one: one.day or "")


def notes_of(dive: SavedDive) -> str:
    """Return the coach's note on a dive and the notes on its frames, a line each."""
    on_frames = (drawing.text for drawing in sorted(dive.drawings, key=lambda one: one.frame) if drawing.kind == NOTE)
    return "\n".join(filter(None, (dive.note, *on_frames)))


def bands_for(dive: Dive) -> Bands:
    """Return the bands of good dives of a dive's number and board; while the number is doubtful, those of any dive."""
    return (
        good_bands(None, None)
        if dive.verdict.code is VerdictCode.OTHER_DIVE
        else good_bands(dive.known_number, dive.known_board_m)
    )


def words_of(dive: Dive) -> DiveWords:
    """Return the words of an analyzed dive, as every export says them."""
    assert dive.analysis is not None
    named = dive_text(dive.known_number, dive.known_board_m) if dive.known_number else ""
    return dive_words(dive.analysis, name=dive.athlete, dive=named, judging=dive.judging, bands=bands_for(dive))


def reported_dive(
    dive: Dive,
    dives: Sequence[Dive],
    *,
    drawings: bool,
    comparison: ComparedDive | None = None,
    strobe: bool = False,
    club: str = "",
) -> ReportedDive:
    """Return a dive of the session for a report.

    Args:
        dive: the dive, which is analyzed.
        dives: dives of the session or season, for the trend.
        drawings: whether its drawings are shown, and their notes beside its own.
        strobe: whether its stroboscopic picture is shown.
        club: of the diver, or "".
    """
    assert dive.analysis is not None
    return ReportedDive(
        path=dive.path,
        analysis=dive.analysis,
        details=replace(dive.known, note=notes_of(dive)) if drawings else dive.known,
        date=day_text(dive.day),
        club=club,
        marks=dive.drawings if drawings else (),
        bands=bands_for(dive),
        trend=_trend(dive, dives),
        comparison=comparison,
        strobe=strobe,
    )


def _trend(dive: Dive, dives: Sequence[Dive]) -> tuple[ReportedTrend, ...]:
    """Return the trend of the judged or scored dives of the same number and board by the same diver."""
    points = []
    group = dive.known_number, dive.known_board_m
    for one in (one for one in season_of(dive, dives) if (one.known_number, one.known_board_m) == group):
        scored = one.analysis and (one.analysis.scoring or one.analysis.own_award)
        judged = one.judging.award if one.judging is not None else None
        if scored or judged is not None:
            award, label = scored.award if scored else None, day_text(one.day) or one.title
            points.append(ReportedTrend(label=label, award=award, is_this=one.key == dive.key, judged=judged))
    return tuple(points)


class ExportQueue(QObject):
    """Queue of exports.

    Signals:
        changed: an export was added, progressed, ended or was dismissed.

    Attributes:
        written: files that this run has written, the latest last.
    """

    changed = Signal()

    def __init__(self, state: SessionState) -> None:
        super().__init__(state)
        self._state = state
        self._exports: dict[int, Export] = {}
        self._jobs: dict[int, tuple[Callable[[], Job], Callable[[ExportState], object] | None]] = {}
        self.written: list[Path] = []
        self._ids = itertools.count(1)
        self._folder: TemporaryDirectory | None = None
        self._process: Process | None = None
        self._last: JobMessage = Stopped()  # of the messages that end a job
        self._running: int | None = None
        self._stopping = False
        self._thread = Background(self)

    @property
    def exports(self) -> list[Export]:
        """The exports in the order in which they were requested."""
        return list(self._exports.values())

    @property
    def busy(self) -> bool:
        """True if anything runs or waits."""
        return any(not export.state.over for export in self._exports.values())

    def folder_to_send(self) -> Path | None:
        """Return a folder of files that are only sent, which goes with the program; None if none can be made."""
        try:
            self._folder = self._folder or temporary_folder("fineparser-export")
            (folder := Path(self._folder.name) / "send").mkdir(exist_ok=True)
        except OSError:
            return None
        return folder

    def cancel(self, number: int) -> None:
        """Stop an export, or take it out of the queue; no file is left."""
        if number == self._running:
            self._stopping = True
            if self._process is not None:
                self._last = Stopped()
                self._process.stop(PATIENCE_MS)
        elif self._exports[number].state is ExportState.WAITING:
            self._finish(number, ExportState.CANCELLED)

    def dismiss(self, number: int) -> None:
        """Remove an ended export from the list."""
        if self._exports[number].state.over:
            del self._exports[number]
            self.changed.emit()

    def close(self) -> None:
        """Stop everything; the window is closing."""
        self.blockSignals(True)
        self._thread.close()
        if self._process is not None and self._running and not self._process.close(PATIENCE_MS):
            sweep_leftovers(self._exports[self._running].path.parent)
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, job: Job, over: Callable[[ExportState], object] | None = None) -> None:
        """Write a file, when its turn comes; then call `over` with the state in which it ended."""
        self._add_made(job.path, lambda: job, over)

    def _add_made(
        self, path: Path, make: Callable[[], Job], over: Callable[[ExportState], object] | None = None
    ) -> None:
        """Add an export whose job is made on a thread, when its turn comes."""
        number = next(self._ids)
        done = [one for one, export in self._exports.items() if export.state is ExportState.DONE]
        for one in done:  # finished exports make space
            del self._exports[one]
        self._exports[number] = Export(id=number, path=path)
        self._jobs[number] = make, over
        self.changed.emit()
        self._start_next()

    def _start_next(self) -> None:
        if self._running is not None:
            return
        waiting = (number for number, export in self._exports.items() if export.state is ExportState.WAITING)
        number = next(waiting, None)
        if number is None:
            return
        try:
            if self._folder is None:
                self._folder = temporary_folder("fineparser-export")
            folder = self._job_folder(number)
            folder.mkdir()
        except OSError as error:
            text = self.tr("No temporary file can be made ({0}): make room on the disk.")
            self._finish(number, ExportState.FAILED, text.format(error.strerror))
            return
        self._running, self._stopping = number, False
        self._update(number, state=ExportState.RUNNING)
        make = self._jobs[number][0]  # off the thread of the window: the masks of a dive take a moment to pack
        self._thread.run(
            lambda: save_job(make(), folder),
            lambda _: self._on_saved(number),
            lambda problem: self._finish(number, ExportState.FAILED, problem),
        )

    def _job_folder(self, number: int) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / str(number)

    def _on_saved(self, number: int) -> None:
        if self._stopping:
            self._finish(number, ExportState.CANCELLED)
            return
        arguments = (str(self._job_folder(number)), language())
        process = Process("export", JOB_MODULE, *arguments, parent=self, messages=JobMessage)
        process.received.connect(self._on_received)
        process.ended.connect(self._on_ended)
        self._process, self._last = process, Failed(kind="", message="")
        process.start()

    def _on_received(self, message: JobMessage) -> None:
        if not isinstance(message, Advanced):
            self._last = message
        elif self._running is not None:
            self._update(self._running, done=message.done, total=message.total)

    def _on_ended(self) -> None:
        assert self._running is not None
        number, last = self._running, self._last
        path = self._exports[number].path
        if isinstance(last, Written):
            self._finish(number, ExportState.DONE, " ".join(last.notes))
            return
        sweep_leftovers(path.parent)
        if isinstance(last, Failed):
            text = self.tr("Writing {0} stopped unexpectedly. Export it again. The log has details.")
            self._finish(number, ExportState.FAILED, last.message or text.format(path.name))
        else:
            self._finish(number, ExportState.CANCELLED)

    def _update(self, number: int, **changes: object) -> None:
        self._exports[number] = replace(self._exports[number], **changes)  # type: ignore[arg-type]
        self.changed.emit()

    def _finish(self, number: int, state: ExportState, message: str = "") -> None:
        _, over = self._jobs.pop(number)
        if number == self._running:
            self._running = None
            if self._process is not None:
                self._process.deleteLater()
                self._process = None
            shutil.rmtree(self._job_folder(number), ignore_errors=True)
        if state is ExportState.DONE:
            self.written.append(self._exports[number].path)
        self._update(number, state=state, message=message)
        if state is ExportState.FAILED:
            self._state.problem.emit(message)
        if over is not None:
            over(state)
        self._start_next()


class ExportService(ExportQueue):
    """Service that writes dives of the session to files."""

    def table(self, keys: Sequence[str], path: Path) -> None:
        """Write dives as CSV, or as JSON if the path ends in .json."""
        dives = tuple(exported(self._state.dive(key), drawings=True) for key in keys)
        self.add(TableJob(path=path, dives=dives))

    def history_table(self, dives: Sequence[HistoryDive], history: HistoryService, path: Path) -> None:
        """Write dives of the history, as `table` does those of the session."""

        def row(dive: HistoryDive) -> ExportedDive:
            state = "analysed" if dive.analysed else "not analysed"
            return replace(exported(history.restored(dive), drawings=True), state=state)

        self._add_made(path, lambda: TableJob(path=path, dives=tuple(map(row, dives))))

    def season(
        self,
        dives: Sequence[HistoryDive],
        history: HistoryService,
        path: Path,
        title: str,
        note: str,
        *,
        drawings: bool,
    ) -> None:
        """Write an overview with a note and a page for each dive of the history whose analysis is kept."""

        def make() -> ReportJob:
            every, club = [history.restored(dive) for dive in dives], self._state.club
            known = [dive for dive in every if dive.analysis is not None]
            pages = [reported_dive(dive, every, drawings=drawings, club=club) for dive in known]
            lacking = ExportError(
                "Nothing is kept of what was found of some dives ({0}): open and analyse them again.",
                len(dives) - len(pages),
            )
            if not pages:
                raise lacking
            if len(pages) < len(dives):
                self._state.problem.emit(translated(lacking))
            return ReportJob(path=path, dives=tuple(pages), title=title, overview_note=note)

        self._add_made(path, make)

    def report(self, dives: Sequence[ReportedDive], path: Path, title: str = "") -> None:
        """Write a page for each dive, as PDF or HTML by the path's end."""
        self.add(ReportJob(path=path, dives=tuple(dives), title=title))

    def meet_sheet(self, meet: Meet, path: Path, *, with_model: bool) -> None:
        """Write the sheet of a meet as PDF or HTML by the path's end, perhaps with the model's scores beside."""
        scored = {dive.key: dive.analysis.scoring for dive in self._state.dives if dive.analysis is not None}
        scores = {key: scoring.score for key, scoring in scored.items() if scoring is not None}
        self.add(MeetJob(path=path, meet=meet, predicted=scores if with_model else None))

    def labelled_dives(self) -> list[Dive]:
        """Return the dives with judges' marks or corrected moments."""
        return [dive for dive in self._state.dives if dive.judging is not None or dive.moments_corrected]

    def judged(self, path: Path) -> None:
        """Write the labelled dives as a set to learn from."""
        dives = tuple(exported(dive, drawings=False) for dive in self.labelled_dives())
        self.add(TableJob(path=path, dives=dives, judged=True))


def exported(dive: Dive, *, drawings: bool) -> ExportedDive:
    """Return the exported form of a dive, with or without drawings."""
    return ExportedDive(
        path=dive.path,
        details=dive.known,
        frames=(dive.in_frame, dive.out_frame),
        state="analysed" if dive.analysis is not None else dive.state.name.lower(),
        # The worker does not know the contradictions where the window holds back the request for a score.
        analysis=None if dive.analysis is None else replace(dive.analysis, contradictions=dive.contradictions),
        corrected=dive.corrected_frames is not None,
        contact_corrected=dive.contact_corrected,
        marks=dive.drawings if drawings else (),
    )
