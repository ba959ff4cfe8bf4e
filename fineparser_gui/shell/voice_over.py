"""Voice-over: what the picture shows while the coach plays, pauses and draws, and what the coach says, as a clip."""

import threading
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QAction

from fineparser_core.constants import HEARD_HZ
from fineparser_core.errors import ExportError
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.jobs import VoiceOverJob
from fineparser_core.export.options import Shown, VoiceOver
from fineparser_gui.services.exporting import ExportState, dive_title, file_stem, named_file
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.shell.player import PlayerPanel
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.background import Background
from fineparser_gui.support.formatting import time_text
from fineparser_gui.support.messages import MessageStack
from fineparser_gui.support.save_path import ask_save_path
from fineparser_gui.support.widgets import tool_button

#: Longest recording, in seconds: its samples are in memory, 58 MB of them at 48 kHz.
MOST_S = 600
#: Longest time between two blocks of samples of a microphone that works, in seconds.
_SILENT_S = 2.0
#: Shortest time between two entries of the log, in seconds: a frame of the clip.
_ENTRY_S = 1 / 30
#: Time in which an opened device must give its first samples, in seconds.
_OPENING_S = 5.0


class Microphone:
    """The computer's usual microphone, which records from its opening on.

    Attributes:
        rate_hz: of the samples.
        began_s: time of the first sample, and `latest_s` of the last, by `perf_counter`.
    """

    def __init__(self) -> None:
        """Open it, which takes a moment. Raises: ExportError, if there is none."""
        self._blocks: list[np.ndarray] = []
        self._n_samples, self._first = 0, threading.Event()
        self.began_s = self.latest_s = 0.0
        try:
            import sounddevice  # looks for devices as it is imported
        except ImportError as error:
            raise ExportError(
                "Recording a voice is not part of this installation: see Installing in the guide."
            ) from error
        except OSError as error:  # the library of the system is missing
            raise _none(error) from error
        try:
            self._stream = sounddevice.InputStream(channels=1, dtype="int16", callback=self._take)
            self.rate_hz = int(self._stream.samplerate)
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise _none(error) from error
        if not self._first.wait(_OPENING_S):
            self.close()
            raise _none("no samples")

    def samples(self) -> np.ndarray:
        """Return all samples so far: (n,) int16."""
        return np.concatenate(self._blocks)

    def close(self) -> None:
        """Close the device."""
        self._stream.close()

    def _take(self, block: np.ndarray, count: int, _times: Any, status: Any) -> None:
        """Keep samples, with silence for those that were lost before; called by the device on its thread."""
        self.latest_s = perf_counter()
        if not self._blocks:
            self.began_s = self.latest_s - count / self.rate_hz
        elif status.input_overflow:
            due = round((self.latest_s - self.began_s) * self.rate_hz) - count
            self._keep(np.zeros(max(due - self._n_samples, 0), np.int16))
        self._keep(block[:, 0].copy())
        self._first.set()

    def _keep(self, samples: np.ndarray) -> None:
        self._blocks.append(samples)
        self._n_samples += len(samples)


def _none(reason: object) -> ExportError:
    return ExportError(
        "No microphone can be opened ({0}): connect one, or allow its use in the system's settings.", reason
    )


class VoiceOvers(QObject):
    """Recorder of voice-overs of the shown dive, and the way of each into a file.

    A recording is kept in memory until its file is written or the coach discards it.

    Args:
        actions: "voice_over", on while it records, and "sound", as the video is silent meanwhile.
    """

    def __init__(
        self, session: Session, player: PlayerPanel, messages: MessageStack, actions: ActionRegistry, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._player, self._messages = session, player, messages
        self._action: QAction = actions["voice_over"]
        self._sound: QAction = actions["sound"]
        self._opening = Background(self)
        self._microphone: Microphone | None = None
        self._dive: Dive | None = None  # None: nothing is recorded
        self._began_s = 0.0
        self._shown: list[Shown] = []
        self._marks: dict[Mark, int] = {}
        self._unsaved: list[VoiceOverJob] = []  # the last is offered
        self._seconds = QTimer(self, interval=1000, timeout=self._on_second)
        self._player.pane.canvas.painted.connect(self._log)
        session.current_changed.connect(self._stop)
        self._action.enabledChanged.connect(self._on_enabled)
        self._button = tool_button(self._action)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self._button.setProperty("role", "record")
        player.pane.add_button(self._button)
        self._show()

    def use(self, on: bool) -> None:
        """Open the microphone and record; or stop, and ask for a file."""
        if on:
            self._opening.run(Microphone, self._begin, self._on_no_microphone)
        elif job := self._end():
            self._unsaved.append(job)
            self._save()

    def losing(self) -> list[str]:
        """Return a sentence for each recording that closing the window would lose."""
        durations_s = [job.recorded.duration_s for job in self._unsaved]
        present = [] if self._dive is None else [perf_counter() - self._began_s]
        return [self._unsaved_text(duration_s) for duration_s in durations_s + present]

    def close(self) -> None:
        """Record no more, and forget what was not saved; the window closes."""
        self._opening.close()
        self._end()

    def _begin(self, microphone: Microphone | None) -> None:
        self._messages.withdraw()
        wanted = self._action.isChecked() or microphone is None
        if self._dive is not None or self._session.current is None or not wanted:
            if microphone is not None:  # stopped while it was opened
                microphone.close()
            return
        self._microphone, self._dive = microphone, self._session.current
        self._began_s = perf_counter() if microphone is None else microphone.began_s
        self._shown, self._marks = [], {}
        self._player.sound.use(False)
        self._seconds.start()
        self._set_checked(True)
        self._log()

    def _on_no_microphone(self, problem: str) -> None:
        self._set_checked(False)
        self._messages.offer(problem, [(self.tr("Record without voice"), lambda: self._begin(None))])

    def _log(self, _frame: int = 0) -> None:
        """Note what the picture shows now, where it is anything else than before."""
        canvas, time_s = self._player.pane.canvas, perf_counter() - self._began_s
        if self._dive is None or canvas.shown_frame is None:
            return
        current = self._session.current
        if current is not None and current.key == self._dive.key:
            self._dive = current  # which may be analyzed by now
        painted = self._player.drawing.layers[0].painted
        overlays = canvas.overlays
        now = Shown(
            time_s=time_s,
            frame=canvas.shown_frame,
            marks=tuple(self._marks.setdefault(mark, len(self._marks)) for mark in painted),
            mask_style=overlays.style if overlays.mask else None,
            skeleton=overlays.skeleton,
            zoom=canvas.view.zoom,
            center=canvas.view.center,
        )
        if self._shown and replace(now, time_s=self._shown[-1].time_s) == self._shown[-1]:
            return
        if len(self._shown) > 1 and time_s - self._shown[-2].time_s < _ENTRY_S:
            del self._shown[-1]
        self._shown.append(now)

    def _on_second(self) -> None:
        now_s, microphone = perf_counter(), self._microphone
        if microphone is not None and now_s - microphone.latest_s > _SILENT_S:
            self._session.problem.emit(self.tr("The microphone gives no sound any more: connect it again."))
            self._stop()
        elif now_s - self._began_s >= MOST_S:
            self._stop()
        self._show()

    def _on_enabled(self, on: bool) -> None:
        self._button.setVisible(on or self._session.comparing.beside is None)  # two pictures need the space
        if not on:
            self._stop()

    def _stop(self) -> None:
        """End it for another reason than the coach's wish, and offer what was recorded."""
        if job := self._end():
            self._keep(job)

    def _end(self) -> VoiceOverJob | None:
        """End the recording; return the job of its clip, whose path is not chosen yet, or None if there is none."""
        dive, microphone, self._dive, self._microphone = self._dive, self._microphone, None, None
        duration_s = min(perf_counter() - self._began_s, MOST_S)
        self._seconds.stop()
        self._set_checked(False)
        if microphone is not None:
            microphone.close()
        if dive is None:
            return None
        self._player.sound.use(self._sound.isChecked())
        if not self._shown:  # no picture was decoded
            return None
        rate_hz = HEARD_HZ if microphone is None else microphone.rate_hz
        samples = np.zeros(0, np.int16) if microphone is None else microphone.samples()[: int(duration_s * rate_hz)]
        recorded = VoiceOver(
            video=dive.path,
            parse=dive.analysis.parse if dive.analysis is not None else None,
            title=dive_title(dive),
            shown=tuple(self._shown),
            marks=tuple(self._marks),
            duration_s=duration_s,
            samples=samples,
            rate_hz=rate_hz,
        )
        name = named_file(file_stem(dive), self.tr("Voice-over"))
        return VoiceOverJob(path=dive.path.absolute().with_name(f"{name}.mp4"), recorded=recorded)

    def _save(self) -> None:
        """Ask for a file for the last recording and write it; one that has no file in the end is offered again."""
        job = self._unsaved.pop()
        self._messages.withdraw()
        path = ask_save_path(self._player, job.path, (".mp4",))
        if path is None:
            self._keep(job)
        else:
            self._session.exports.add(
                replace(job, path=path), lambda state: state is ExportState.DONE or self._keep(job)
            )
            self._offer()

    def _keep(self, job: VoiceOverJob) -> None:
        self._unsaved.append(job)
        self._offer()

    def _discard(self) -> None:
        self._unsaved.pop()
        self._messages.withdraw()
        self._offer()

    def _offer(self) -> None:
        if self._unsaved:
            said = self._unsaved_text(self._unsaved[-1].recorded.duration_s)
            self._messages.offer(said, [(self.tr("Export…"), self._save), (self.tr("Discard"), self._discard)])

    def _unsaved_text(self, duration_s: float) -> str:
        return self.tr("The voice-over of {0} is not saved.").format(time_text(duration_s, 0))

    def _set_checked(self, on: bool) -> None:
        with QSignalBlocker(self._action):
            self._action.setChecked(on)
        self._action.changed.emit()
        self._show()

    def _show(self) -> None:
        if self._dive is None:
            self._action.setIconText(self.tr("Voice-over"))
        else:
            self._action.setIconText(self.tr("Stop {0}").format(time_text(perf_counter() - self._began_s, 0)))
        self._button.setMinimumWidth(max(self._button.minimumWidth(), self._button.sizeHint().width()))
