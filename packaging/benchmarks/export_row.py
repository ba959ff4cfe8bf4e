"""The row on what an annotated clip costs beside a bare transcode of the same size and settings."""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from outcome import Outcome

import fineparser_core  # whose parts are loaded where they are used: torch would weigh on the other rows
from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.records import Analysis
from fineparser_core.resources import resource
from fineparser_core.video.probe import open_video, probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

_MOST_TIMES, _REPEATS = 1.5, 3
_SIZE_PX = (1920, 1080)


def export() -> Outcome:
    """Compare the median times of both, in turns, of the sample dive in 1920 x 1080."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        analyzer = fineparser_core.Analyzer.open()
        clip = resource("samples", "sample.mp4")
        analysis = fineparser_core.score_clip(clip, "207C", board_m=10.0, analyzer=analyzer)
        analysis = _enlarged(analysis, folder / "large.mp4")
        exported, bare = folder / "annotated.mp4", folder / "bare.mp4"
        write_annotated_clip(analysis, exported)  # warms the file and the fonts, and tells the size
        size = probe(exported)
        ways: dict[str, Callable[[], object]] = {
            "bare transcode": lambda: _transcode(analysis, bare, (size.width_px, size.height_px)),
            "annotated clip": lambda: write_annotated_clip(analysis, exported),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(_REPEATS):
            for way, run in ways.items():
                start_s = time.perf_counter()
                run()
                seconds[way].append(time.perf_counter() - start_s)
    bare_s, own_s = (statistics.median(times) for times in seconds.values())
    return Outcome(
        measured=f"{own_s / bare_s:.2f} times",
        met=own_s <= _MOST_TIMES * bare_s,
        notes=(f"{own_s:.2f} s, bare {bare_s:.2f} s, written as {size.width_px} x {size.height_px}",),
    )


def _enlarged(analysis: Analysis, path: Path) -> Analysis:
    """Return the same analysis of a copy of its clip at the size that cameras have today."""
    parse = analysis.parse
    width, height = _SIZE_PX
    with VideoReader(parse.clip.path) as reader:
        info = reader.info
        with VideoWriter(path, width_px=width, height_px=height, fps=info.fps) as writer:
            for index in range(info.n_frames):
                picture = reader.decoded(index).reformat(width, height, "yuv420p", interpolation="BICUBIC")
                writer.write_picture(picture, float(info.pts_s[index]))
    scale = np.array([width / info.width_px, height / info.height_px] * 2, np.float32)
    clip = replace(parse.clip, path=path)
    return replace(analysis, parse=replace(parse, clip=clip, crop_xyxy=parse.crop_xyxy * scale))


def _transcode(analysis: Analysis, path: Path, size_px: tuple[int, int]) -> None:
    """Decode the dive's frames, scale them to a size and encode them as the export does: nothing else."""
    clip = analysis.parse.clip
    width, height = size_px
    reformatter = VideoReformatter()
    with ExitStack() as stack:
        container, stream = stack.enter_context(open_video(clip.path))
        writer = stack.enter_context(VideoWriter(path, width_px=width, height_px=height, fps=clip.fps))
        for index, frame in enumerate(container.decode(stream)):
            if index > clip.out_frame:
                break
            if index >= clip.in_frame:
                picture = reformatter.reformat(frame, width, height, "yuv420p", interpolation=Interpolation.BICUBIC)
                writer.write_picture(picture, (index - clip.in_frame) / clip.fps)
