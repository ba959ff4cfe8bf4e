import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage

from fineparser_gui.canvas.mask_track import MaskTrack, mask_image
from fineparser_gui.playback.decoder import Decoder
from fineparser_gui.playback.frame_cache import FrameCache


def _array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


@pytest.fixture
def decoder(small_video):
    made = Decoder(small_video)
    made.start()
    yield made
    made.stop()


def test_every_wanted_frame_comes_exactly(decoder, qtbot, number_of):
    for frame in (0, 1, 2, 60, 59, 58, 119, 3):
        decoder.want(frame)
        qtbot.waitUntil(lambda frame=frame: decoder.cache.get(frame) is not None, timeout=5000)
        assert number_of(_array(decoder.cache.get(frame))) == frame


def test_scrubbing_shows_some_frame_at_once(decoder, qtbot):
    decoder.want(0)
    qtbot.waitUntil(lambda: decoder.cache.get(0) is not None, timeout=5000)
    assert decoder.want(110) is not None


def test_a_file_that_is_no_video_is_one_sentence(tmp_path, qtbot):
    path = tmp_path / "x.mp4"
    path.write_text("no", encoding="utf-8")
    decoder = Decoder(path)
    with qtbot.waitSignal(decoder.failed, timeout=5000) as failed:
        decoder.start()
    decoder.stop()
    assert "x.mp4" in failed.args[0]


def test_the_cache_keeps_its_bound_and_the_frames_near_the_playhead():
    frame = QImage(100, 100, QImage.Format.Format_RGB32)
    cache = FrameCache(10 * frame.sizeInBytes())
    for index in range(50):
        cache.put(index, frame.copy(), playhead=20)
    assert cache.size_bytes <= 10 * frame.sizeInBytes()
    assert cache.get(20) is not None
    assert cache.get(0) is None


def test_masks_between_samples_are_interpolated():
    masks = np.zeros((96, 112, 112), np.float16)
    masks[1] = 1
    track = MaskTrack(
        sampled_frames=np.arange(96) * 2 + 10,
        mask_probability=masks,
        crop_xyxy=np.tile(np.array([0, 0, 8, 8], np.float32), (96, 1)),
    )
    assert track.at(9) is None
    assert track.at(12)[0].max() == 1
    assert track.at(11)[0].max() == pytest.approx(0.5)


def test_repeated_samples_of_a_short_clip_are_found():
    sampled = np.trunc(np.linspace(0, 15, 96)).astype(np.int64)
    masks = np.broadcast_to(np.linspace(0, 1, 96, dtype=np.float16)[:, None, None], (96, 112, 112))
    track = MaskTrack(sampled_frames=sampled, mask_probability=masks, crop_xyxy=np.zeros((96, 4), np.float32))
    for frame in range(16):
        assert track.at(frame) is not None


def test_a_mask_is_clear_where_the_model_is_sure_of_water():
    probability = np.zeros((112, 112), np.float32)
    probability[10, 20] = 1
    image = mask_image(probability, QColor("#ff4fa3"))
    assert image.pixelColor(20, 10).alpha() == 255
    assert image.pixelColor(0, 0).alpha() == 0


class _Emitter(QObject):
    flagged = Signal(bool)


def test_twenty_thousand_signals_leave_true_alive(qapp):
    """Some releases of PySide6 lose a reference to True at every emit, and abort after some thousand."""
    emitter = _Emitter()
    seen = []
    emitter.flagged.connect(seen.append)
    for _ in range(20_000):
        emitter.flagged.emit(True)
    assert len(seen) == 20_000
