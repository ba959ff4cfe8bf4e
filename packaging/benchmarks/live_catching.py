"""Labelled clips joined with waiting to one long stream: is every dive caught once, how soon, and at what cost?

`python packaging/benchmarks/live_catching.py CLIPS` prints a line a dive. Between the dives the first and the last
second of each clip go back and forth, as people stand, walk and swim there; with `--seed` it is any second to three of
what comes before the hurdle and after the splash, of a clip or its mirror image; with `--hurdles` the approach too.
`--no-dives --waiting 12.5 --seed 1 --runs 5` counts what is told in 17 minutes without a dive, and at how many moments,
one in each two seconds, the end of the stream would find one.
"""

import argparse
import copy
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fineparser_core.live.catcher import Catcher
from fineparser_core.live.packets import LivePacket
from fineparser_core.live.reader import LiveReader
from fineparser_core.live.sources import parse_source
from fineparser_core.support.tables import text_table
from fineparser_core.video.reader import VideoReader

#: Slow replays are none that a camera sends, and a closed clip has no time before its dive.
_LEAST_BEFORE_S, _LATE_S = 0.4, 3.0
#: The longest from the last step to the take-off, and what is taken as waiting where a clip begins later.
_HURDLE_S, _LEAST_WAITING_S = 2.5, 0.3
#: How often the end of a stream without dives is tried, in seconds.
_END_EVERY_S = 2.0


def main() -> None:
    """Print what was caught of the stream that was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--waiting", type=float, default=6.0, help="seconds before and after each dive")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--no-dives", action="store_true", help="the waiting alone")
    parser.add_argument("--seed", type=int, help="which parts of the waiting")
    parser.add_argument("--runs", type=int, default=1, help="streams, of this seed and the next ones")
    parser.add_argument("--hurdles", action="store_true", help="with --seed: waiting is all but the last fifth")
    args = parser.parse_args()
    labels = json.loads((args.clips / "labels.json").read_text(encoding="utf-8"))
    size = tuple(int(side) for side in args.size.split("x"))
    n_false, length_s = 0, 0.0
    for _ in range(args.runs):
        with TemporaryDirectory() as folder:
            stream = Path(folder) / "stream.mkv"
            dives = _make(stream, args.clips, labels, (size[0], size[1]), args)
            counted = _catch(stream, dives)
        n_false, length_s = n_false + counted[0], length_s + counted[1]
        args.seed = None if args.seed is None else args.seed + 1
    print(f"false in all: {n_false} in {length_s / 60:.1f} min")


def _make(
    path: Path, clips: Path, labels: dict[str, dict[str, float]], size: tuple[int, int], args: argparse.Namespace
) -> list[tuple[str, float, float]]:
    """Write the stream; return name, take-off and contact of every dive in it, in seconds."""
    dives, n_written = [], 0
    rng = None if args.seed is None else np.random.default_rng(args.seed)
    with av.open(str(path), "w") as container:
        out = container.add_stream("libx264", args.fps, options={"preset": "ultrafast", "crf": "20", "g": "60"})
        out.width, out.height, out.pix_fmt = *size, "yuv420p"

        def write(frame: av.VideoFrame) -> None:
            nonlocal n_written
            frame.pts, frame.time_base = n_written, Fraction(1, args.fps)
            n_written += 1
            container.mux(out.encode(frame))

        for name, label in labels.items():
            if "first_water_contact_frame" not in label or "slow" in name:
                continue
            frames = list(_frames(clips / name, size, args.fps, label.get("real_fps", label["fps"])))
            real = label.get("real_fps", label["fps"])
            leaves_s, touches_s = (label[key] / real for key in ("first_flight_frame", "first_water_contact_frame"))
            if leaves_s < _LEAST_BEFORE_S:
                continue
            n = round(args.waiting * args.fps)
            ready_s = leaves_s * 0.8 if args.hurdles or rng is None else max(leaves_s - _HURDLE_S, _LEAST_WAITING_S)
            before = frames[: int(ready_s * args.fps)]
            after = frames[round((touches_s + 1) * args.fps) :] or frames[-args.fps :]
            for frame in _back_and_forth(before[: args.fps] if rng is None else _any_of(before, args.fps, rng), n):
                write(frame)
            if not args.no_dives:
                dives.append((name, n_written / args.fps + leaves_s, n_written / args.fps + touches_s))
                for frame in frames:
                    write(frame)
            for frame in _back_and_forth(after[-args.fps :] if rng is None else _any_of(after, args.fps, rng), n):
                write(frame)
        container.mux(out.encode(None))
    return dives


def _frames(path: Path, size: tuple[int, int], fps: int, real_fps: float) -> Iterator[av.VideoFrame]:
    """Upright, whole and in the middle of black."""
    with VideoReader(path) as reader:
        given = [_fitted(image, size) for _, image in reader.frames(range(reader.info.n_frames))]
    times = np.arange(len(given)) / real_fps
    for place in np.searchsorted(times, np.arange(0, times[-1], 1 / fps) + 1e-6, side="right") - 1:
        yield av.VideoFrame.from_ndarray(given[int(place)], "rgb24").reformat(format="yuv420p")


def _fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    top, left = (size[1] - inner.shape[0]) // 2, (size[0] - inner.shape[1]) // 2
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole


def _any_of(frames: list[av.VideoFrame], fps: int, rng: np.random.Generator) -> list[av.VideoFrame]:
    n = min(int(rng.integers(fps, 3 * fps)), len(frames))
    first = int(rng.integers(0, len(frames) - n + 1))
    images = [frame.to_ndarray(format="rgb24") for frame in frames[first : first + n]]
    way = 1 if rng.random() < 0.5 else -1
    return [av.VideoFrame.from_ndarray(image[:, ::way].copy(), "rgb24").reformat(format="yuv420p") for image in images]


def _back_and_forth(frames: list[av.VideoFrame], n: int) -> Iterator[av.VideoFrame]:
    way = [*frames, *frames[-2:0:-1]] or frames
    for place in range(n):
        yield av.VideoFrame.from_ndarray(way[place % len(way)].to_ndarray(), "yuv420p")


class _Impatient(Event):
    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def _catch(stream: Path, dives: list[tuple[str, float, float]]) -> tuple[int, float]:
    """Print what was caught; return how many of them are none of the dives, and the seconds of the stream."""
    catcher, caught, first_s, last_s, cpu_s = Catcher(), [], 0.0, 0.0, 0.0
    asked_s, n_ends, at_ends = 0.0, 0, list[float]()

    def take(packet: LivePacket) -> None:
        nonlocal first_s, last_s, cpu_s, asked_s, n_ends
        first_s = first_s or packet.time_s
        last_s = packet.time_s
        began_s = time.thread_time()
        caught.extend((one, packet.time_s - one.touches_s) for one in catcher.add(packet))
        cpu_s += time.thread_time() - began_s
        if not dives and last_s - asked_s >= _END_EVERY_S:
            asked_s, n_ends = last_s, n_ends + 1
            ending = copy.copy(catcher)  # tells of what it remembers, and changes nothing of the other
            at_ends.extend(last_s - first_s for _ in ending.search_rest()[:1])

    reader = LiveReader(parse_source(str(stream)), [take])
    reader._stop = _Impatient()  # as fast as it goes
    reader._run()
    replaced = {one.instead_of for one, _ in caught if one.instead_of is not None}
    kept = [(one, late_s) for one, late_s in caught if one not in replaced]
    rows, right = [], set()
    for name, leaves_s, touches_s in dives:
        found = [(one, late_s) for one, late_s in kept if abs(one.touches_s - first_s - touches_s) < 1.0]
        right |= {one for one, _ in found}
        told = ", ".join(f"{one.touches_s - first_s - touches_s:+.2f}" for one, _ in found)
        late = ", ".join(f"{late_s:.1f}" for _, late_s in found)
        rows.append((name, f"{leaves_s:.1f}", str(len(found)), told, late))
    print(text_table(("dive", "leaves at, s", "caught", "water off, s", "told after, s"), rows, left=(0,)))
    false = [one for one, _ in kept if one not in right]
    length_s = last_s - first_s
    if not dives:
        print(f"ends of {n_ends} that find a dive: {len(at_ends)} {[round(one, 1) for one in at_ends]}")
    print(f"false: {len(false)} {[round(one.leaves_s - first_s, 1) for one in false]}; replaced: {len(replaced)}")
    print(
        f"{length_s:.0f} s of stream; {cpu_s:.1f} s of the thread's processor time: {length_s / cpu_s:.1f} x real time"
    )
    return len(false), length_s


if __name__ == "__main__":
    main()
