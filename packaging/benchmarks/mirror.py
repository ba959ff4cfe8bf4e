"""The mirror at the pool: is each picture of 1080p30 shown, alone and while an analysis runs, and how soon after a key?

`QT_QPA_PLATFORM=offscreen python packaging/benchmarks/mirror.py` prints it. A video of the sample dive stands in
for the camera; recording and search run in their own process, as always.
"""

import argparse
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "screenshots"))

import av
from photographer import run_for, wait_until
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fineparser_core.resources import resource
from fineparser_gui.app import Studio
from fineparser_gui.poolside.window import PoolsideWindow

_SIZE, _FPS = (1920, 1080), 30
_KEYS = {
    "+ (a second more)": Qt.Key.Key_Plus,
    "2 (20 s)": Qt.Key.Key_2,
    "0 (live)": Qt.Key.Key_0,
    "left (a picture back)": Qt.Key.Key_Left,
    "right (a picture on)": Qt.Key.Key_Right,
    "Space (go on)": Qt.Key.Key_Space,
    "S (half speed)": Qt.Key.Key_S,
    "S (a quarter)": Qt.Key.Key_S,
    "S (an eighth)": Qt.Key.Key_S,
    "Esc (live)": Qt.Key.Key_Escape,
}
_ROUNDS, _BETWEEN_MS = 3, 400


def main() -> None:
    """Print pictures and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    with TemporaryDirectory() as name:
        stream = Path(name) / "stream.mp4"
        _make(stream, 4 * seconds + 60)
        app = QApplication(sys.argv[:1])
        studio = Studio(app)
        studio.window.show()
        studio.window.dialogs.poolside()
        poolside = studio.window.findChild(PoolsideWindow)
        assert poolside is not None
        poolside.resize(QSize(1600, 900))
        poolside.setup.folder.setText(str(Path(name) / "out"))
        poolside.setup.fields[0].use(str(stream))
        poolside.start_recording()
        wait_until(lambda: poolside.stage.tiles[0].shown > 0, 30_000)
        run_for(5000)
        poolside.stage.delay(3.0)
        run_for(2000)
        _count(poolside, seconds, "alone")
        for number, took in _keys(poolside).items():
            print(f"{number}: {median(took) * 1000:.0f} ms, at most {max(took) * 1000:.0f} ms")
        poolside.stage.delay(3.0)
        studio.session.open([resource("samples", "sample.mp4")], dive_number="207C", board_m=10.0)
        run_for(2000)
        _count(poolside, seconds, "an analysis runs")
        studio.window.close()


def _make(path: Path, seconds: int) -> None:
    """Return the sample dive forth and back, so long."""
    with av.open(str(resource("samples", "sample.mp4"))) as source:
        frames = [one.reformat(*_SIZE, "yuv420p") for one in source.decode(video=0)]
    way = [*frames, *frames[-2:0:-1]]
    with av.open(str(path), "w") as container:
        out = container.add_stream("libx264", _FPS, options={"preset": "ultrafast", "crf": "23", "g": str(2 * _FPS)})
        out.width, out.height, out.pix_fmt = *_SIZE, "yuv420p"
        for number in range(seconds * _FPS):
            frame = way[number % len(way)]
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(out.encode(frame))
        container.mux(out.encode(None))


def _count(poolside: PoolsideWindow, seconds: int, what: str) -> None:
    tile = poolside.stage.tiles[0]
    shown, dropped, began_s, cpu_s = tile.shown, tile.feed.dropped, time.monotonic(), time.process_time()
    run_for(seconds * 1000)
    took_s = time.monotonic() - began_s
    print(
        f"{what}: {tile.shown - shown} pictures shown in {took_s:.1f} s ({_FPS * took_s:.0f} sent), "
        f"{tile.feed.dropped - dropped} dropped; {(time.process_time() - cpu_s) / took_s:.2f} of a core"
    )


def _keys(poolside: PoolsideWindow) -> dict[str, list[float]]:
    tile = poolside.stage.tiles[0]
    took: dict[str, list[float]] = {name: [] for name in _KEYS}
    for _ in range(_ROUNDS):
        for name, key in _KEYS.items():
            before, began_s = tile.shown, time.monotonic()
            QTest.keyClick(tile, key)
            _wait_busily(lambda before=before: tile.shown > before)  # type: ignore[misc]
            took[name].append(time.monotonic() - began_s)
            run_for(_BETWEEN_MS)
    return took


def _wait_busily(condition: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 5
    while not condition() and time.monotonic() < until_s:
        QApplication.processEvents()
        time.sleep(0.001)


if __name__ == "__main__":
    main()
