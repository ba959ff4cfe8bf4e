"""Test videos, created once and kept in a temporary folder."""

import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from fineparser_core.support.atomic import atomic_file

WIDTH_PX, HEIGHT_PX, FPS = 1920, 1080, 30
GROUP_FRAMES = 250
_GROUPS = 3
_SMALL = (320, 240)
_TEN_MINUTES_FRAMES = 600 * FPS


def folder() -> Path:
    """Return the folder of the clips."""
    path = Path(tempfile.gettempdir()) / "fineparser-bench"
    path.mkdir(exist_ok=True)
    return path


def long_groups() -> Path:
    """Three groups of 250 frames of 1080p30 H.264 with B-frames: a camera that pans over noisy detail."""
    path = folder() / f"groups-{GROUP_FRAMES}-1080p.mp4"
    if not path.is_file():
        _write(path, _frames(WIDTH_PX, HEIGHT_PX, _GROUPS * GROUP_FRAMES), (WIDTH_PX, HEIGHT_PX), GROUP_FRAMES)
    return path


def ten_minutes(number: int) -> Path:
    """Ten minutes of `long_groups` repeated; every number is a separate file with the same content."""
    first, path = (folder() / f"ten-minutes-{n}-1080p.mp4" for n in (0, number))
    if not first.is_file():
        _repeat(long_groups(), first, _TEN_MINUTES_FRAMES)
    if not path.is_file():
        os.link(first, path)
    return path


def many_small(count: int) -> list[Path]:
    """Paths of identical clips of four seconds."""
    there = folder() / "small"
    there.mkdir(exist_ok=True)
    first = there / "clip 000.mp4"
    if not first.is_file():
        _write(first, _frames(*_SMALL, 4 * FPS), _SMALL, 60)
    paths = [there / f"clip {number:03d}.mp4" for number in range(count)]
    for path in paths:
        if not path.is_file():
            os.link(first, path)
    return paths


def _frames(width: int, height: int, count: int) -> Iterator[np.ndarray]:
    """(height * 3 / 2, width) uint8 planar YUV."""
    generator = np.random.default_rng(0)
    margin = width // 3
    scene = _texture(generator, height + margin, width + margin, (4, 9, 20, 60, 200))
    noise = generator.normal(0, 5, (8, height, width)).round().astype(np.int16)
    color = _texture(generator, height // 2 + margin, width // 2 + margin, (40, 160)) // 4 + 96
    for number in range(count):
        x = int(margin / 2 * (1 + np.sin(number / 45)))
        y = int(margin / 2 * (1 + np.sin(number / 28)))
        picture = np.empty((height * 3 // 2, width), np.uint8)
        luma = scene[y : y + height, x : x + width].astype(np.int16) + noise[number % 8]
        picture[:height] = np.clip(luma, 16, 235)
        half = color[y // 2 : y // 2 + height // 2, x // 2 : x // 2 + width // 2]
        picture[height : height * 5 // 4] = half.reshape(height // 4, width)
        picture[height * 5 // 4 :] = 224 - picture[height : height * 5 // 4]
        yield picture


def _texture(generator: np.random.Generator, height: int, width: int, grains: tuple[int, ...]) -> np.ndarray:
    """(height, width) uint8 random texture of several scales."""
    total = np.zeros((height, width), np.float32)
    for grain in grains:
        spots = generator.random((height // grain + 2, width // grain + 2), np.float32) - 0.5
        rows, columns = _between(height, grain, len(spots)), _between(width, grain, spots.shape[1])
        total += (rows @ spots @ columns.T) * grain**0.4
    return ((total - total.min()) / np.ptp(total) * 200 + 25).astype(np.uint8)


def _between(length: int, grain: int, n_spots: int) -> np.ndarray:
    """(length, n_spots) float32, weights of linear interpolation."""
    places = np.arange(length) / grain
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(n_spots))).astype(np.float32)


def _write(path: Path, frames: Iterator[np.ndarray], size: tuple[int, int], group: int) -> None:
    import av

    options = {"preset": "veryfast", "crf": "24", "bf": "3", "g": str(group), "keyint_min": str(group)}
    with atomic_file(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options | {"sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _repeat(source: Path, path: Path, n_frames: int) -> None:
    """Repeat the packets of a file up to `n_frames`, without encoding."""
    import av

    with av.open(str(source)) as read:
        stream = read.streams.video[0]
        packets = [packet for packet in read.demux(stream) if packet.size]
        n_packets = len(packets)
        frame_ticks = round(Fraction(1, FPS) / stream.time_base)
        stamps = [(packet.pts, packet.dts) for packet in packets]
        with atomic_file(path) as temporary, av.open(str(temporary), "w", format="mp4") as written:
            copy = written.add_stream_from_template(stream)
            for number in range(n_frames):
                turn, at = divmod(number, n_packets)
                packet = packets[at]
                shift = turn * n_packets * frame_ticks
                packet.pts, packet.dts = stamps[at][0] + shift, stamps[at][1] + shift
                packet.time_base, packet.stream = stream.time_base, copy
                written.mux(packet)
