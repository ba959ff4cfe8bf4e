"""Rows on seeking, playback and memory of the player."""

from pathlib import Path
from time import perf_counter

import av
import bench_clips
import numpy as np
from bench_window import BenchWindow, Heartbeat, Watch, open_window, put_masks
from outcome import Outcome, p95, spread_ms

from fineparser_core.records import ComparedDive, step_spans
from fineparser_core.video.probe import inspect_video
from fineparser_gui.player.transport import Transport
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.services.comparable_dives import ComparableDive

_SEEKS = 24
_SOME_FRAME_S, _OVER_BARE_S = 0.100, 0.030
_ON_TIME_S, _SHARE = 0.017, 0.98
_PLAYED_S = 8.0
_REVERSE_S = 20.0
_MEMORY_MB = 700


class BarePlayer:
    """Seeks with PyAV alone, for comparison."""

    def __init__(self, path: Path) -> None:
        self._pts = inspect_video(path)[1].pts
        self._container = av.open(str(path))
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"

    def seek(self, frame: int) -> float:
        """Seek and decode a frame; returns the seconds taken."""
        started_s = perf_counter()
        self._container.seek(int(self._pts[frame]), stream=self._stream, backward=True)
        for decoded in self._container.decode(self._stream):
            if decoded.pts is not None and decoded.pts >= self._pts[frame]:
                break
        return perf_counter() - started_s


def random_seek() -> Outcome:
    """Random seeks, each right after the same seek with PyAV alone, so that both meet the same load."""
    path = bench_clips.long_groups()
    bare = BarePlayer(path)
    some, over, alone = [], [], []
    with open_window() as shown:
        shown.open(path)
        watch = Watch(shown.player.pane.canvas)
        for frame in np.random.default_rng(5).permutation(shown.transport.n_frames)[:_SEEKS].tolist():
            shown.wait(lambda: not shown.player.pane.busy)
            alone.append(bare.seek(frame))
            watch.seen.clear()
            started_s = perf_counter()
            shown.transport.seek(frame)
            shown.wait(lambda frame=frame: any(seen == frame for seen, _ in watch.seen))
            some.append(watch.seen[0][1] - started_s)
            over.append(next(at_s for seen, at_s in watch.seen if seen == frame) - started_s - alone[-1])
    met = p95(some) <= _SOME_FRAME_S and p95(over) <= _OVER_BARE_S
    return Outcome(
        measured=f"some frame {p95(some) * 1000:.0f} ms; exact {p95(over) * 1000:+.0f} ms over bare",
        met=met,
        notes=(
            f"some frame: {spread_ms(some)}",
            f"exact, beyond bare PyAV: {spread_ms(over)}",
            f"bare PyAV: {spread_ms(alone)}",
        ),
    )


class Punctuality:
    """Records which frames of a pane were on screen in time during playback."""

    def __init__(self, pane: VideoPane, transport: Transport, times_s: np.ndarray) -> None:
        self._pane, self._transport, self._times_s = pane, transport, times_s
        self._watch = Watch(pane.canvas)
        self._from = transport.frame
        self._in_time: set[int] = set()
        self.latest_s = 0.0
        self._watch.on_seen = self._note

    def _note(self, frame: int, _now_s: float) -> None:
        due = self._transport.frame
        late_s = (self._transport.due_s - self._times_s[due]) / max(self._transport.rate, 0.01)
        self.latest_s = max(self.latest_s, late_s)
        if frame == self._pane.frame and late_s <= _ON_TIME_S:
            self._in_time.add(due)

    def share(self) -> float:
        """Fraction of the due frames that were shown within the bound."""
        due = range(self._from + 1, self._transport.frame)
        return len(self._in_time & set(due)) / max(len(due), 1)


def play() -> Outcome:
    """Playback of two 1080p30 clips with masks side by side during a batch."""
    with open_window() as shown:
        shown.open(bench_clips.long_groups())
        shown.start_batch(bench_clips.many_small(40))
        shown.wait(lambda: shown.player.pane.info is not None)
        compare(shown, bench_clips.ten_minutes(2))
        panes = shown.player.panes[:2]
        for pane in panes:
            put_masks(pane, 0, 740)
        shown.rest(1.0)
        assert panes[0].info is not None
        found = [Punctuality(pane, shown.transport, panes[0].info.pts_s) for pane in panes]
        shown.transport.play(1.0)
        shown.rest(_PLAYED_S)
        shown.transport.pause()
        busy = shown.batch_runs()
    shares = [one.share() for one in found]
    latest = max(one.latest_s for one in found)
    return Outcome(
        measured=" and ".join(f"{share:.1%}" for share in shares),
        met=min(shares) >= _SHARE and busy,
        notes=(f"latest {latest * 1000:.0f} ms after its time",)
        + (() if busy else ("the batch was over before the end",)),
    )


def compare(shown: BenchWindow, path: Path) -> None:
    """Show a clip beside the present one."""
    comparing, n_frames = shown.session.comparing, shown.transport.n_frames
    steps = step_spans(0, n_frames // 3, n_frames * 2 // 3, n_frames)
    comparing.compared = lambda one: ComparedDive(path=Path(one.exemplar_id), title=one.title, steps=steps)
    comparing.show(ComparableDive(name=path.name, title=path.name, exemplar_id=str(path)))
    other = shown.player.panes[1]
    shown.wait(lambda: other.info is not None and shown.shows(other, other.frame))


def memory() -> Outcome:
    """Memory after reverse playback in Compare, and its peak."""
    with open_window() as shown:
        shown.open(bench_clips.ten_minutes(1))
        compare(shown, bench_clips.ten_minutes(2))
        shown.transport.seek(shown.transport.n_frames - 1)
        shown.rest(1.0)
        heart = Heartbeat()
        shown.transport.play(-1.0)
        shown.rest(_REVERSE_S)
        shown.transport.pause()
        played = shown.transport.n_frames - 1 - shown.transport.frame
        after, peak = _memory_mb("VmRSS"), _memory_mb("VmHWM")
    return Outcome(
        measured=f"{after:.0f} MB (highest {peak:.0f} MB)",
        met=max(after, peak) < _MEMORY_MB,
        notes=(f"{played} frames played backwards", str(heart)),
    )


def _memory_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{field}:")[1].split()[0]) / 1024
