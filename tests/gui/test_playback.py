import os
import subprocess
import sys
import time
from fractions import Fraction
from threading import Semaphore

import av
import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from fineparser_core.errors import VideoError
from fineparser_core.video.reader import VideoReader
from fineparser_gui.player.decoder import FrameDecoder
from fineparser_gui.player.prefetch import Playhead
from fineparser_gui.player.video_canvas import mask_image
from fineparser_gui.player.video_pane import VideoPane

SIZE = (64, 48)


def _wait_for(decoder, qtbot, head, size_px=None):
    """The picture of the wanted frame, of this size or as large as it may be shown."""
    found = decoder.request(head)

    def there():
        nonlocal found
        found = decoder.request(head)
        return found is not None and found[0] == head.frame and found[1].size_px == (size_px or head.sharp_px)

    qtbot.waitUntil(there)
    return found[1]


def _head(frame, direction=1, *, moving=False, size_px=SIZE):
    return Playhead(frame=frame, direction=direction, moving=moving, size_px=size_px, sharp_px=size_px)


@pytest.fixture
def decode(qtbot):
    made = []

    def start(path, cache_bytes=2**26):
        made.append(FrameDecoder(path, cache_bytes))
        made[-1].start()
        return made[-1]

    yield start
    for decoder in made:
        decoder.stop()


@pytest.mark.parametrize("cache_bytes", [2**26, 12 * 64 * 48 * 3 // 2])
def test_every_wanted_frame_comes_exactly(decode, qtbot, small_video, number_of, cache_bytes):
    decoder = decode(small_video, cache_bytes)
    for frame, direction in ((0, 1), (1, 1), (60, 1), (59, -1), (58, -1), (20, -1), (119, 1), (118, -1), (3, 1)):
        picture = _wait_for(decoder, qtbot, _head(frame, direction))
        assert number_of(picture.bgra()[..., 2::-1]) == frame
        cached = filter(None, map(decoder.cache.get, range(120)))
        assert sum(one.n_bytes for one in cached) <= cache_bytes * 1.1


def test_what_a_storm_of_seeks_ends_with_is_exact(decode, qtbot, small_video, number_of):
    decoder = decode(small_video)
    generator = np.random.default_rng(0)
    for _ in range(8):
        for frame in generator.integers(0, 120, 12):
            decoder.request(_head(int(frame), int(generator.choice([-1, 1])), moving=bool(generator.integers(2))))
            qtbot.wait(int(generator.integers(4)))
        assert number_of(_wait_for(decoder, qtbot, _head(int(frame))).bgra()[..., 2::-1]) == frame


def test_playing_backwards_finds_every_frame_decoded(decode, qtbot, small_video):
    decoder = decode(small_video)
    _wait_for(decoder, qtbot, _head(119, -1))
    qtbot.waitUntil(lambda: all(decoder.cache.get(frame) for frame in range(120)))
    for frame in range(119, -1, -1):
        assert decoder.request(_head(frame, -1, moving=True))[0] == frame


def test_well_ahead_of_the_playhead_it_decodes_after_what_is_painted(decode, qtbot, small_video):
    decoder = decode(small_video)
    _wait_for(decoder, qtbot, _head(0))
    qtbot.waitUntil(lambda: decoder.idle)
    there = next(frame for frame in range(120) if decoder.cache.get(frame) is None)
    assert there >= 16
    decoder.request(_head(0, moving=True))
    for frame in range(1, 4):
        decoder.request(_head(frame, moving=True))
        qtbot.wait(60)
        assert decoder.cache.get(there + frame - 1) is None
        decoder.painted()
        qtbot.waitUntil(lambda frame=frame: decoder.cache.get(there + frame - 1) is not None)


def test_late_frames_are_dropped_and_a_still_picture_is_exact(decode, qtbot, small_video, number_of, monkeypatch):
    """A decoder that takes as long for a frame as the playhead for five."""
    decoder = decode(small_video)
    _wait_for(decoder, qtbot, _head(0))
    qtbot.waitUntil(lambda: decoder.idle)
    decoder.cache.clear()
    fast, asked, allowed = VideoReader.seek, Semaphore(0), Semaphore(0)

    def slow(reader, index, **named):
        asked.release()
        allowed.acquire()
        return fast(reader, index, **named)

    monkeypatch.setattr(VideoReader, "seek", slow)
    shown = []
    for wanted in range(10, 110):
        found = decoder.request(_head(wanted, moving=True))
        if found is not None:
            shown.append((wanted, found[0]))
        if wanted % 5 == 0:
            asked.acquire()
            allowed.release()
    allowed.release(1000)
    assert all(frame <= wanted for wanted, frame in shown)
    assert len({frame for _, frame in shown}) >= 8
    assert max(wanted - frame for wanted, frame in shown[len(shown) // 2 :]) < 30
    assert number_of(_wait_for(decoder, qtbot, _head(109)).bgra()[..., 2::-1]) == 109


def test_a_file_damaged_at_its_end_plays_up_to_there(decode, qtbot, small_video, number_of, monkeypatch):
    fine = VideoReader.seek

    def damaged(reader, index, **named):
        if index >= 100:
            raise VideoError("small.mp4: frame 100 cannot be decoded, the file is damaged there.")
        return fine(reader, index, **named)

    monkeypatch.setattr(VideoReader, "seek", damaged)
    decoder = decode(small_video)
    with qtbot.waitSignal(decoder.failed):
        decoder.request(_head(110))
    qtbot.waitUntil(lambda: decoder.idle)
    shown, picture = decoder.request(_head(110))
    assert shown == number_of(picture.bgra()[..., 2::-1]) == 99
    assert number_of(_wait_for(decoder, qtbot, _head(50)).bgra()[..., 2::-1]) == 50


FORMATS = {
    "turned.mp4": {"rotation_deg": -90},
    "odd sides.mkv": {"size_px": (67, 51), "pix_fmt": "yuv444p"},
    "ten bits.mp4": {"codec": "libx265", "pix_fmt": "yuv420p10le", "encoder": {"x265-params": "log-level=none"}},
    "fast.mp4": {"fps": 240, "encoder": {"g": "250"}},
    "stamps guessed by the container.avi": {"encoder": {"bf": "3"}, "time_base": Fraction(1, 30)},
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_pane_shows_what_cameras_write(name, qtbot, tmp_path, make_video, number_of):
    """Twenty frames: fewer than the network's 96."""
    if FORMATS[name].get("codec", "libx264") not in av.codecs_available:
        pytest.skip("no such encoder in this FFmpeg")
    pane = VideoPane()
    qtbot.addWidget(pane)
    pane.resize(500, 400)
    with qtbot.waitExposed(pane):
        pane.show()
    pane.load(make_video(tmp_path / name, 20, **FORMATS[name]), name)
    for frame, direction in ((0, 1), (19, 1), (18, -1), (7, 1)):
        pane.show_frame(frame, direction)
        qtbot.waitUntil(lambda frame=frame: pane.canvas.shown_frame == frame and not pane.busy)
        image = pane.canvas._image.convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
        upright = np.rot90(pixels) if "rotation_deg" in FORMATS[name] else pixels
        assert number_of(upright) == frame
    ratio = pane.info.width_px / pane.info.height_px
    picture = pane.canvas.picture_rect()
    assert picture.width() / picture.height() == pytest.approx(ratio, rel=0.02)
    pane.unload()


_ENDINGS = """
import gc, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from fineparser_gui.player.video_pane import VideoPane

app = QApplication([])

def playing():
    pane = VideoPane()
    pane.load(Path(sys.argv[1]), "a video")
    while pane.info is None:
        app.processEvents()
    return pane

playing().deleteLater()
QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
pane = playing()
pane.itself = pane
del pane
gc.collect()
print("both are gone", flush=True)
pane = playing()
raise ValueError("with a running decoder")
"""


def test_a_video_ends_with_its_pane_however_that_ends(small_video):
    command = [sys.executable, "-c", _ENDINGS, str(small_video)]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (ended.returncode, ended.stdout) == (1, "both are gone\n"), ended.stderr
    assert ended.stderr.splitlines()[-1] == "ValueError: with a running decoder"


def test_a_mask_is_clear_where_the_model_is_sure_of_water():
    probability = np.zeros((112, 112), np.float32)
    probability[10, 20] = 1
    image, place = mask_image(probability, QColor("#ff4fa3"))
    assert (round(place.x() * 112), round(place.y() * 112)) == (19, 9)
    assert (image.width(), image.height()) == (3, 3)
    assert image.pixelColor(1, 1).alpha() == 255
    assert image.pixelColor(0, 0).alpha() == 0


def test_the_times_of_a_file_closed_meanwhile_are_not_taken_for_those_of_the_next(qtbot, tmp_path, make_video):
    first, second = make_video(tmp_path / "first.mp4", 20), make_video(tmp_path / "second.mp4", 30)
    pane = VideoPane()
    qtbot.addWidget(pane)
    opened = []
    pane.opened.connect(lambda: opened.append(pane.info.n_frames))
    pane.load(first, "first")
    while not pane._decoder.idle:  # it has told, and nobody has heard it yet
        time.sleep(0.01)
    pane.load(second, "second")
    qtbot.waitUntil(lambda: bool(opened))
    assert opened == [30]
    pane.unload()
