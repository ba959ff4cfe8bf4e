"""What an annotated clip costs beside a bare transcode of the same size and settings.

python packaging/benchmarks/bench_export.py [CLIP] [--repeats N]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.records import Analysis
from fineparser_core.resources import resource
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import open_video, probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

BOUND = 1.5
_SIZE_PX = (1920, 1080)
_NUMBER = "207C"


def bench_export(path: Path | None, repeats: int) -> None:
    """Print the median times of both, in turns, and their ratio; without a clip of the sample dive in 1920 x 1080.

    Raises:
        FineParserError: the clip cannot be read.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        analysis = _analysed(path or resource("samples", "sample.mp4"))
        if path is None:
            analysis = _enlarged(analysis, folder / "large.mp4")
        clip = analysis.parse.clip
        exported, bare = folder / "annotated.mp4", folder / "bare.mp4"
        write_annotated_clip(analysis, exported)  # warms the file and the fonts, and tells the size
        size = probe(exported)
        ways: dict[str, Callable[[], object]] = {
            "bare transcode": lambda: _transcode(analysis, bare, (size.width_px, size.height_px)),
            "annotated clip": lambda: write_annotated_clip(analysis, exported),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(repeats):
            for way, run in ways.items():
                start_s = time.perf_counter()
                run()
                seconds[way].append(time.perf_counter() - start_s)
        source = probe(clip.path)
    medians = {way: statistics.median(times) for way, times in seconds.items()}
    n_frames = clip.out_frame - clip.in_frame + 1
    print(f"{n_frames} frames of {source.width_px} x {source.height_px}, written as {size.width_px} x {size.height_px}")
    for way, median in medians.items():
        print(f"{way}: {median:.2f} s, {n_frames / median:.0f} frames a second (median of {repeats})")
    ratio = medians["annotated clip"] / medians["bare transcode"]
    print(f"bound {BOUND:g} times: {'met' if ratio <= BOUND else 'missed'} ({ratio:.2f})")


def _analysed(path: Path) -> Analysis:
    dive = parse_dive_number(_NUMBER)
    return Analyzer.open().analyze(make_clip(path), dive, find_difficulty(dive, 10.0, None))


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


def main() -> None:
    """Run the benchmark; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, nargs="?", help="a clip (default: the sample dive, enlarged to 1920 x 1080)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each to time, default 3")
    args = parser.parse_args()
    bench_export(args.clip, args.repeats)


if __name__ == "__main__":
    main()
