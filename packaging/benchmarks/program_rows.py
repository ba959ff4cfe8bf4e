"""Rows on the whole program with its worker: start, drop and drag."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from time import perf_counter

import bench_clips
from bench_window import BenchWindow, Heartbeat, open_window
from outcome import Outcome, p95, spread_ms

from fineparser_gui.session.dive import DiveState

_STARTS, _START_S, _START_TIMES = 5, 1.0, 10.0
_EMPTY_WINDOW = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
app, window = QApplication([]), QWidget()
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print(time.time())
"""
_DRAGS, _DRAG_S = 12, 0.300
_DROPPED, _BLOCKED_S = 100, 0.100


def start() -> Outcome:
    """Time from process start to the first paint, beside that of an empty window; the first run warms the disk."""
    taken, empty, facts = [], [], {}
    for run in range(_STARTS + 1):
        empty_s, shown_at = _started("-c", _EMPTY_WINDOW)
        started_s, line = _started(str(Path(__file__).with_name("start_probe.py")))
        facts = json.loads(line)
        if run:
            empty.append(float(shown_at) - empty_s)
            taken.append(facts["painted_at_s"] - started_s)
    clean = not facts["torch"] and not facts["worker"]
    times = min(own_s / empty_s for own_s, empty_s in zip(taken, empty, strict=True))
    return Outcome(
        measured=f"{median(taken):.2f} s, {times:.1f} times an empty window",
        met=median(taken) < _START_S and times < _START_TIMES and clean,
        notes=(
            spread_ms(taken),
            f"empty window: {spread_ms(empty)}",
            f"torch in the process: {facts['torch']}; worker started before the first paint: {facts['worker']}",
        ),
    )


def _started(*arguments: str) -> tuple[float, str]:
    """Run Python; returns when it was started, and its last line."""
    started_s = time.time()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, encoding="utf-8", check=True)
    return started_s, done.stdout.splitlines()[-1]


def drag() -> Outcome:
    """Re-scoring time while a transition of the sample dive is moved during a batch."""
    with open_window() as shown:
        session, player = shown.session, shown.player
        path, number, board_m = shown.window.opener.sample()
        session.open([path], dive_number=number, board_m=board_m)
        shown.wait(lambda: session.current is not None and bool(session.current.votes))
        shown.start_batch(bench_clips.many_small(40))
        assert session.current is not None
        key, times, heart = session.current.key, [], Heartbeat()
        for move in range(_DRAGS):
            shown.rest(0.3)
            started_s = perf_counter()
            player.edits.nudge_transition(1, 1 if move % 6 < 3 else -1)
            shown.wait(lambda: not session.dive(key).rescoring)
            shown.window.score.repaint()
            times.append(perf_counter() - started_s)
        busy = shown.batch_runs()
    return Outcome(
        measured=f"{p95(times) * 1000:.0f} ms",
        met=p95(times) < _DRAG_S and busy,
        notes=(spread_ms(times), str(heart)) + (() if busy else ("the batch was over before the end",)),
    )


def drop() -> Outcome:
    """Blocked event loop while a hundred clips are dropped and for some seconds of analysis."""
    paths = bench_clips.many_small(_DROPPED)
    with open_window() as shown:
        shown.rest(1.0)
        heart = Heartbeat()
        started_s = perf_counter()
        shown.window.opener.open_paths(paths)
        shown.wait(lambda: _all_opened(shown))
        taken_s = perf_counter() - started_s
        shown.rest(3.0)
    return Outcome(
        measured=f"{heart.longest_s * 1000:.0f} ms",
        met=heart.longest_s <= _BLOCKED_S,
        notes=(str(heart), f"all {_DROPPED} in the list after {taken_s:.1f} s"),
    )


def _all_opened(shown: BenchWindow) -> bool:
    session = shown.session
    dives = [session.dive(key) for key in session.keys]
    return len(dives) == _DROPPED and all(dive.state is not DiveState.OPENING for dive in dives)
