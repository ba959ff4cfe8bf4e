"""The sound beside the frames, as a device asks for it; here the test is the device."""

import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from numbered_video import add_sound

from fineparser_core.constants import HEARD_HZ
from fineparser_gui.player import sound
from fineparser_gui.player.sound import Sound, _Playing
from fineparser_gui.player.transport import Transport

BLOCK, LATENCY_S, TONE_S = 480, 0.04, 1.0


@pytest.fixture
def beep(make_video, tmp_path):
    """Two seconds of video with a tone in the second one."""
    add_sound(make_video(tmp_path / "silent.mp4", 60), tmp_path / "beep.mp4", "aac", (TONE_S, 2.0))
    return tmp_path / "beep.mp4"


def test_the_device_hears_what_is_due_and_follows_jumps(beep, qtbot):
    now = [0.0]
    playing = _Playing(beep, lambda: now[0])

    def decode():
        while not playing.ended.is_set():
            playing._decode_from(now[0])

    thread = threading.Thread(target=decode)
    thread.start()
    times = SimpleNamespace(outputBufferDacTime=5 + LATENCY_S, currentTime=5.0)

    def decoded(first_s, last_s):
        parts = list(playing._parts)
        return bool(parts) and parts[0][0] <= first_s and parts[-1][0] + len(parts[-1][1]) / HEARD_HZ >= last_s

    def hear(first_s, last_s):
        """When it is loud, by the time at which it is heard."""
        now[0], loud = first_s, []
        qtbot.waitUntil(lambda: decoded(first_s, min(first_s + 0.5, 1.98)))  # however busy the machine
        while now[0] < last_s:
            out = np.empty((BLOCK, 2), np.float32)
            playing._fill(out, BLOCK, times, None)
            loud += (now[0] + LATENCY_S + np.flatnonzero(np.abs(out[:, 1]) > 0.3) / HEARD_HZ).tolist()
            now[0] += BLOCK / HEARD_HZ
            time.sleep(0.001)
        return loud

    assert hear(0.7, 1.3)[0] == pytest.approx(TONE_S, abs=0.033)
    assert hear(0.8, 1.1)[0] == pytest.approx(TONE_S, abs=0.033), "back"
    assert hear(0.1, 0.6) == []
    assert hear(1.5, 1.7)[0] == pytest.approx(1.5 + LATENCY_S, abs=0.033), "forward"
    assert hear(1.9, 2.5)[-1] == pytest.approx(2.0, abs=0.05), "to the end"
    assert hear(0.9, 1.2)[0] == pytest.approx(TONE_S, abs=0.033), "and back from there"
    playing.ended.set()
    thread.join()


def test_it_plays_at_full_speed_only_and_ends_with_the_file(beep, qapp, monkeypatch):
    monkeypatch.setattr(sound, "AVAILABLE", True)
    monkeypatch.setattr(_Playing, "run", lambda playing: playing.ended.wait())  # a machine without a device
    transport = Transport()
    transport.load(np.arange(60) / 30)
    made = Sound(transport)
    made.load(beep)
    running = []
    for act in (
        lambda: transport.play(1.0),
        lambda: transport.set_speed(0.5),
        lambda: transport.play(1.0),
        lambda: transport.play(-1.0),
        lambda: transport.play(1.0),
        lambda: made.use(False),
        lambda: made.use(True),
        transport.pause,
        lambda: transport.play(1.0),
        lambda: made.load(None),
    ):
        act()
        running.append(made._playing is not None)
    assert running == [True, False, True, False, True, False, True, False, True, False]
    made.close()
    transport.pause()


def test_a_machine_without_sound_is_silent(beep, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    playing = _Playing(beep, lambda: 0.0)
    playing.start()
    playing.join()
    assert not playing.is_alive()
