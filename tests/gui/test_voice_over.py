"""A coach's voice-over from the real window to the clip; only the microphone, and the clock of both, are the test's."""

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
from fineparser_gui.player import microphone
from fineparser_gui.shell import voice_over

LEFT, RATE_HZ, FPS = Qt.MouseButton.LeftButton, 44_100, 30
#: Length of the block with which the microphone begins.
FIRST_S = 0.1


class Pool:
    """The noise at a pool: a clock that goes on as the test says, and what the microphone hears meanwhile."""

    def __init__(self):
        self.now_s, self.opened, self._listens = 100.0, 0, None
        self.module = ModuleType("sounddevice")
        self.module.InputStream, self.module.PortAudioError = self._stream, OSError

    def _stream(self, *, channels, dtype, callback):
        assert (channels, dtype) == (1, "int16")
        return SimpleNamespace(samplerate=RATE_HZ, start=lambda: self._start(callback), close=self._close)

    def _start(self, callback):
        self.opened, self._listens = self.opened + 1, callback
        self.hear(FIRST_S)

    def _close(self):
        self.opened, self._listens = self.opened - 1, None

    def hear(self, duration_s, loud=0, lost=False):
        """Let time pass; `lost`: the device lost what was heard in it but for the last tenth."""
        self.now_s += duration_s
        if self._listens is not None:
            n = round((duration_s / 10 if lost else duration_s) * RATE_HZ)
            wave = loud * np.sin(np.arange(n) * 2 * np.pi * 440 / RATE_HZ)
            self._listens(wave.astype(np.int16)[:, None], n, None, SimpleNamespace(input_overflow=lost))


@pytest.fixture
def pool(monkeypatch):
    made = Pool()
    monkeypatch.setitem(sys.modules, "sounddevice", made.module)
    for module in (microphone, voice_over):
        monkeypatch.setattr(module, "perf_counter", lambda: made.now_s)
    return made


@pytest.fixture
def studio(idle_studio, pool, qtbot, small_video, tmp_path_factory, tmp_path, monkeypatch):
    """The program with a scored dive on the screen, whose playback has the test's clock too."""
    open_scored(idle_studio, qtbot, small_video, tmp_path_factory.mktemp("answers"))
    window = idle_studio.window
    window.transport._clock = lambda: pool.now_s
    qtbot.waitUntil(lambda: window.player.pane.canvas.shown_frame is not None)
    activate(qtbot, window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "said.mp4"), ""))
    return idle_studio


def button(window, command):
    """The button of a command on the player."""
    (found,) = [
        one
        for one in window.player.findChildren(QToolButton)
        if one.defaultAction() is window.actions_by_id[command] and one.isVisible()
    ]
    return found


def shown(studio, qtbot, frame):
    """Wait until the picture of a frame is on the screen."""
    canvas = studio.window.player.pane.canvas
    qtbot.waitUntil(lambda: canvas.shown_frame == frame)
    canvas.repaint()


def begin(studio, qtbot, frame):
    """Press "Voice-over" on a frame."""
    studio.window.transport.seek(frame)
    shown(studio, qtbot, frame)
    qtbot.mouseClick(button(studio.window, "voice_over"), LEFT)
    qtbot.waitUntil(lambda: button(studio.window, "voice_over").text().startswith("Stop"))


def end(studio, qtbot):
    """Press "Stop", and wait for the file."""
    qtbot.mouseClick(button(studio.window, "voice_over"), LEFT)
    qtbot.waitUntil(lambda: not studio.session.exports.busy)


def heard(path):
    """The sound of a clip at its rate, and that."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        return np.concatenate(parts), container.streams.audio[0].rate


def loud_s(path):
    """When a clip begins and ceases to be loud, in seconds."""
    sound, rate = heard(path)
    at = np.flatnonzero(np.abs(sound) > np.abs(sound).max() / 3) / rate
    return at[0], at[-1]


def test_what_is_shown_and_said_becomes_a_clip(studio, pool, qtbot, tmp_path, number_of):
    window, canvas = studio.window, studio.window.player.pane.canvas
    qtbot.mouseClick(button(window, "mask"), LEFT)  # off: the picture's numbers are read
    begin(studio, qtbot, 20)
    assert not window.player.sound._on
    pool.hear(0.9)  # a pause, from 0 to 1 s
    qtbot.mouseClick(button(window, "step_forward"), LEFT)
    shown(studio, qtbot, 21)
    pool.hear(1.0)
    qtbot.mouseClick(button(window, "draw_line"), LEFT)
    for x, y in ((5, 2), (60, 2)):
        qtbot.mouseMove(canvas, canvas.to_widget(x, y).toPoint())
        qtbot.mouseClick(canvas, LEFT, pos=canvas.to_widget(x, y).toPoint())
    canvas.repaint()  # drawn at 2 s
    pool.hear(0.5, loud=9000)
    qtbot.mouseClick(button(window, "play"), LEFT)
    for frame in range(22, 37):  # half a second of playback
        pool.hear(1 / FPS)
        shown(studio, qtbot, frame)
    qtbot.mouseClick(button(window, "play"), LEFT)
    pool.hear(0.6)
    qtbot.waitUntil(lambda: button(window, "voice_over").text() == "Stop 0:04")
    end(studio, qtbot)
    path = tmp_path / "said.mp4"
    assert os.listdir(tmp_path) == ["said.mp4"]
    assert pool.opened == 0
    assert window.player.sound._on
    assert not window.messages.isVisible()
    with VideoReader(path) as reader:
        info = reader.info
        pictures = [reader.frame(frame).copy() for frame in range(info.n_frames)]
    assert info.pts_s == pytest.approx(np.arange(108) / FPS, abs=1e-3)
    wanted = [20] * 30 + [21] * 45 + list(range(21, 36)) + [36] * 18
    assert np.abs(np.subtract([number_of(one) for one in pictures], wanted)).max() <= 1
    assert np.mean(np.equal([number_of(one) for one in pictures], wanted)) > 0.95
    drawn = [bool((picture[:6, 30:50, 2] < 90).any()) for picture in pictures]  # yellow, on grey
    assert drawn[:75] == [False] * 60 + [True] * 15
    assert loud_s(path) == pytest.approx((2.0, 2.5), abs=0.03)


def test_what_is_magnified_is_magnified_in_the_clip(studio, pool, qtbot, tmp_path):
    canvas = studio.window.player.pane.canvas
    begin(studio, qtbot, 3)
    pool.hear(0.9)
    canvas.zoom_by(4, canvas.to_widget(0, 0))
    canvas.repaint()
    pool.hear(0.5)
    end(studio, qtbot)
    with VideoReader(tmp_path / "said.mp4") as reader:
        before, after = (reader.frame(frame).copy() for frame in (28, 32))
    red = [(one[..., 0].astype(int) - one[..., 1] > 60).mean() for one in (before, after)]
    assert red[0] < 0.2  # the corner of the picture
    assert red[1] > 0.95


def test_lost_samples_are_silence_so_that_the_voice_stays_in_time(studio, pool, qtbot, tmp_path):
    begin(studio, qtbot, 3)
    pool.hear(0.4)
    pool.hear(1.0, lost=True)
    pool.hear(0.5, loud=9000)
    end(studio, qtbot)
    assert loud_s(tmp_path / "said.mp4") == pytest.approx((1.5, 2.0), abs=0.03)


def test_without_a_file_it_is_offered_again_and_closing_asks(studio, pool, qtbot, tmp_path, monkeypatch):
    window, chosen = studio.window, iter(["", "", str(tmp_path / "gone" / "a.mp4"), str(tmp_path / "b.mp4")])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (next(chosen), ""))
    begin(studio, qtbot, 3)
    pool.hear(0.9)
    end(studio, qtbot)  # the dialog for the file is cancelled
    assert window.messages.text == "The voice-over of 0:01 is not saved."
    assert window.files._unfinished() == [window.messages.text]
    press(window.messages, "Discard")
    assert (window.files._unfinished(), window.messages.isVisible()) == ([], False)
    begin(studio, qtbot, 3)
    pool.hear(1.9)
    window.player.pane.canvas.repaint()
    studio.session.editing.remove(studio.session.keys)  # another dive, or none, is shown
    assert pool.opened == 0
    assert window.messages.text == "The voice-over of 0:02 is not saved."
    press(window.messages, "Export…")  # cancelled again
    press(window.messages, "Export…")  # where no folder is
    qtbot.waitUntil(lambda: not studio.session.exports.busy)
    assert "gone" in reads(window.messages)
    press(window.messages, "Export…")
    qtbot.waitUntil(lambda: not studio.session.exports.busy)
    assert (os.listdir(tmp_path), window.files._unfinished()) == (["b.mp4"], [])


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (None, 'needs the extra "sound"'),
        (
            SimpleNamespace(InputStream=lambda **_: 1 / 0, PortAudioError=ZeroDivisionError),
            "No microphone can be opened",
        ),
    ],
)
def test_without_a_microphone_it_says_so_and_records_without_voice(
    studio, pool, qtbot, tmp_path, monkeypatch, module, said
):
    window = studio.window
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    qtbot.mouseClick(button(window, "voice_over"), LEFT)
    qtbot.waitUntil(lambda: said in window.messages.text)
    assert button(window, "voice_over").text() == "Voice-over"
    press(window.messages, "Record without voice")
    pool.hear(0.5)
    end(studio, qtbot)
    with av.open(str(tmp_path / "said.mp4")) as container:
        assert (container.streams.video[0].frames, len(container.streams.audio)) == (15, 0)


def test_cancelled_or_closed_no_file_is_left(studio, pool, qtbot, tmp_path):
    begin(studio, qtbot, 3)
    pool.hear(590)
    qtbot.mouseClick(button(studio.window, "voice_over"), LEFT)
    (export,) = studio.session.exports.exports
    studio.session.exports.cancel(export.id)
    qtbot.waitUntil(lambda: not studio.session.exports.busy)
    assert studio.window.messages.text == "The voice-over of 9:50 is not saved."
    begin(studio, qtbot, 4)
    pool.hear(1)
    studio.window.close()
    assert (pool.opened, os.listdir(tmp_path)) == (0, [])


def test_it_ends_after_ten_minutes_and_where_the_microphone_is_gone(studio, pool, qtbot):
    window = studio.window
    begin(studio, qtbot, 3)
    pool.hear(601)
    qtbot.waitUntil(lambda: window.messages.text == "The voice-over of 10:00 is not saved.")
    begin(studio, qtbot, 3)
    pool.hear(0.9)
    pool.now_s += 3  # without a sample
    qtbot.waitUntil(lambda: "The microphone gives no sound any more" in reads(window.messages))
    assert window.messages.text == "The voice-over of 0:04 is not saved."
