"""A coach's voice-over, from the real window to the clip; the microphone and the clock are the test's."""

import os
import sys
from types import ModuleType, SimpleNamespace

import av
import numpy as np
import pytest
from answers_kit import activate, open_scored
from finding import press, reads
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QToolButton

from fineparser_core.video.reader import VideoReader
from fineparser_gui.shell import voice_over

LEFT, RATE_HZ = Qt.MouseButton.LeftButton, 44_100


class Pool:
    """A microphone, and a clock that goes on as the test says."""

    def __init__(self):
        self.now_s, self.opened, self._listens = 100.0, 0, None
        self.module = ModuleType("sounddevice")
        self.module.InputStream, self.module.PortAudioError = self._stream, OSError

    def _stream(self, *, channels, dtype, callback):
        assert (channels, dtype) == (1, "int16")
        return SimpleNamespace(samplerate=RATE_HZ, start=lambda: self._start(callback), close=self._close)

    def _start(self, callback):
        self.opened, self._listens = self.opened + 1, callback
        self.hear(0.1)

    def _close(self):
        self.opened, self._listens = self.opened - 1, None

    def hear(self, duration_s, loud=0, lost=False):
        """Let time pass; `lost`: the device lost all but the last tenth of it."""
        self.now_s += duration_s
        if self._listens is not None:
            n = round((duration_s / 10 if lost else duration_s) * RATE_HZ)
            wave = loud * np.sin(np.arange(n) * 2 * np.pi * 440 / RATE_HZ)
            self._listens(wave.astype(np.int16)[:, None], n, None, SimpleNamespace(input_overflow=lost))


@pytest.fixture
def pool(monkeypatch):
    made = Pool()
    monkeypatch.setitem(sys.modules, "sounddevice", made.module)
    monkeypatch.setattr(voice_over, "perf_counter", lambda: made.now_s)
    return made


@pytest.fixture
def window(idle_studio, pool, qtbot, small_video, tmp_path_factory, tmp_path, monkeypatch):
    """The window with a scored dive on the screen, whose playback has the test's clock too."""
    open_scored(idle_studio, qtbot, small_video, tmp_path_factory.mktemp("answers"))
    window = idle_studio.window
    window.transport._clock = lambda: pool.now_s
    activate(qtbot, window)
    qtbot.waitUntil(lambda: window.player.pane.canvas.shown_frame is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "said.mp4"), ""))
    return window


def button(window, command):
    """The button of a command on the player."""
    action, buttons = window.actions_by_id[command], window.player.findChildren(QToolButton)
    return next(one for one in buttons if one.defaultAction() is action and one.isVisible())


def click(window, qtbot, command):
    qtbot.mouseClick(button(window, command), LEFT)


def shown(window, qtbot, frame):
    """Wait until the picture of a frame is on the screen."""
    canvas = window.player.pane.canvas
    qtbot.waitUntil(lambda: canvas.shown_frame == frame)
    canvas.repaint()


def begin(window, qtbot, frame=3):
    window.transport.seek(frame)
    shown(window, qtbot, frame)
    click(window, qtbot, "voice_over")
    qtbot.waitUntil(lambda: button(window, "voice_over").text().startswith("Stop"))


def end(window, qtbot):
    click(window, qtbot, "voice_over")
    qtbot.waitUntil(lambda: not window.session.exports.busy)


def test_what_is_shown_and_said_becomes_a_clip(window, pool, qtbot, tmp_path, number_of):
    canvas, path = window.player.pane.canvas, tmp_path / "said.mp4"
    click(window, qtbot, "mask")  # off: the picture's numbers are read
    begin(window, qtbot, 20)
    assert not window.player.sound._on
    pool.hear(0.9)  # a pause, from 0 to 1 s
    click(window, qtbot, "step_forward")
    shown(window, qtbot, 21)
    pool.hear(1.0, lost=True)
    click(window, qtbot, "draw_line")  # to be seen from 2 s on
    for x in (5, 60):
        qtbot.mouseMove(canvas, canvas.to_widget(x, 2).toPoint())
        qtbot.mouseClick(canvas, LEFT, pos=canvas.to_widget(x, 2).toPoint())
    canvas.repaint()
    pool.hear(0.5, loud=9000)
    click(window, qtbot, "play")
    for frame in range(22, 37):
        pool.hear(1 / 30)
        shown(window, qtbot, frame)
    click(window, qtbot, "play")
    pool.hear(0.6)
    qtbot.waitUntil(lambda: button(window, "voice_over").text() == "Stop 0:04")
    end(window, qtbot)
    assert (pool.opened, window.player.sound._on, os.listdir(tmp_path)) == (0, True, ["said.mp4"])
    with VideoReader(path) as reader:
        times_s = reader.info.pts_s
        pictures = [reader.frame(frame).copy() for frame in range(reader.info.n_frames)]
    assert times_s == pytest.approx(np.arange(108) / 30, abs=1e-3)
    differ = np.subtract([number_of(one) for one in pictures], [20] * 30 + [21] * 45 + [*range(21, 36)] + [36] * 18)
    assert np.abs(differ).max() <= 1
    assert np.count_nonzero(differ) <= 2  # rounded times
    drawn = [bool((picture[:6, 30:50, 2] < 90).any()) for picture in pictures[:75]]  # yellow on gray
    assert drawn == [False] * 60 + [True] * 15
    with av.open(str(path)) as container:
        sound = np.abs(np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]))
        loud_s = np.flatnonzero(sound > sound.max() / 3) / container.streams.audio[0].rate
    assert loud_s[[0, -1]] == pytest.approx((2.0, 2.5), abs=0.03)


def test_what_is_magnified_is_so_in_the_clip(window, pool, qtbot, tmp_path):
    canvas = window.player.pane.canvas
    begin(window, qtbot)
    pool.hear(0.9)
    canvas.zoom_by(4, canvas.to_widget(0, 0))
    canvas.repaint()
    pool.hear(0.5)
    end(window, qtbot)
    with VideoReader(tmp_path / "said.mp4") as reader:
        red = [np.ptp(reader.frame(frame)[..., :2].astype(int), axis=2) > 60 for frame in (28, 32)]
    assert red[0].mean() < 0.2  # the corner of the picture
    assert red[1].mean() > 0.95


def test_without_a_file_it_is_offered_again_and_closing_asks(window, pool, qtbot, tmp_path, monkeypatch):
    chosen = iter(["", "", str(tmp_path / "gone" / "a.mp4"), str(tmp_path / "b.mp4")])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (next(chosen), ""))
    begin(window, qtbot)
    pool.hear(0.9)
    end(window, qtbot)  # the dialog for the file is cancelled
    assert window.messages.text == "The voice-over of 0:01 is not saved."
    assert window.files._unfinished() == [window.messages.text]
    press(window.messages, "Discard")
    assert (window.files._unfinished(), window.messages.isVisible()) == ([], False)
    begin(window, qtbot)
    pool.hear(1.9)
    window.session.editing.remove(window.session.keys)  # another dive, or none, is shown
    assert pool.opened == 0
    assert window.messages.text == "The voice-over of 0:02 is not saved."
    press(window.messages, "Export…")  # cancelled again
    press(window.messages, "Export…")  # where no folder is
    qtbot.waitUntil(lambda: not window.session.exports.busy)
    assert "gone" in reads(window.messages)
    press(window.messages, "Export…")
    qtbot.waitUntil(lambda: not window.session.exports.busy)
    assert (os.listdir(tmp_path), window.files._unfinished()) == (["b.mp4"], [])


NONE = SimpleNamespace(InputStream=lambda **_: 1 / 0, PortAudioError=ZeroDivisionError)


@pytest.mark.parametrize(
    ("module", "said"), [(None, "not part of this installation"), (NONE, "No microphone can be opened")]
)
def test_without_a_microphone_it_says_so(window, pool, qtbot, tmp_path, monkeypatch, module, said):
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    click(window, qtbot, "voice_over")
    qtbot.waitUntil(lambda: said in window.messages.text)
    assert button(window, "voice_over").text() == "Voice-over"
    press(window.messages, "Record without voice")
    pool.hear(0.5)
    end(window, qtbot)
    with av.open(str(tmp_path / "said.mp4")) as container:
        assert (container.streams.video[0].frames, len(container.streams.audio)) == (15, 0)


def test_it_ends_by_itself_and_cancelled_or_closed_no_file_is_left(window, pool, qtbot, tmp_path):
    begin(window, qtbot)
    pool.hear(601)
    qtbot.waitUntil(lambda: window.messages.text == "The voice-over of 10:00 is not saved.")
    press(window.messages, "Export…")
    window.session.exports.cancel(window.session.exports.exports[0].id)
    qtbot.waitUntil(lambda: not window.session.exports.busy)
    assert window.messages.text == "The voice-over of 10:00 is not saved."
    begin(window, qtbot)
    pool.hear(0.9)
    pool.now_s += 3  # without a sample
    qtbot.waitUntil(lambda: "The microphone gives no sound any more" in reads(window.messages))
    assert window.messages.text == "The voice-over of 0:04 is not saved."
    begin(window, qtbot)
    window.close()
    assert (pool.opened, os.listdir(tmp_path)) == (0, [])
