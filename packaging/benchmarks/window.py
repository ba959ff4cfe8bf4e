"""`python packaging/benchmarks/window.py`: response times and memory of the app, each beside its bound.

Every row runs in a separate process with the real window and worker. Without a display, Xvfb is started where it is
installed. The exit code is 1 where a bound is missed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict

from outcome import Outcome, Row

_ROW_S = 1200
_XVFB = ("xvfb-run", "-a", "-s", "-screen 0 1600x1000x24")


def rows() -> tuple[Row, ...]:
    """All rows of the table."""
    import player_rows
    import program_rows

    return (
        Row(
            "start",
            "window visible after process start, warm disk, median of 5",
            "under 1.0 s and 10 times an empty window; no torch in the process; the worker starts after it",
            program_rows.start,
        ),
        Row(
            "seek",
            "random seek, 1080p H.264, groups of 250 frames",
            "some frame within 100 ms, the exact one within bare PyAV + 30 ms",
            player_rows.random_seek,
        ),
        Row(
            "play",
            "playback with masks, two 1080p30 in Compare, a batch running",
            "98 % of frames within 17 ms of their time",
            player_rows.play,
        ),
        Row(
            "memory",
            "memory of the GUI process after reverse play in Compare, 10-minute 1080p clips",
            "under 700 MB",
            player_rows.memory,
        ),
        Row(
            "drag", "drag a transition until its score is on screen, during a batch", "under 300 ms", program_rows.drag
        ),
        Row(
            "drop",
            "100 clips dropped: longest time without a response of the window",
            "at most 100 ms",
            program_rows.drop,
        ),
    )


def main(argv: list[str] | None = None) -> int:
    """Measure the rows and print the table."""
    parser = argparse.ArgumentParser(prog="python packaging/benchmarks/window.py", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[row.name for row in rows()])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    chosen = [row for row in rows() if not arguments.only or row.name in arguments.only]
    if arguments.inside:
        print(json.dumps(asdict(chosen[0].measure())))
        return 0
    load = f"; load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""  # Windows tells none
    print(f"{os.cpu_count()} cores{load}", flush=True)
    missed = 0
    for row in chosen:
        outcome = _measure_in_process(row)
        missed += not outcome.met
        print(f"\n{row.what}\n  bound     {row.bound}\n  measured  {outcome.measured}: ", end="")
        print("met" if outcome.met else "MISSED")
        for note in outcome.notes:
            print(f"            {note}")
        sys.stdout.flush()
    print(f"\n{len(chosen) - missed} of {len(chosen)} bounds met")
    return 1 if missed else 0


def _measure_in_process(row: Row) -> Outcome:
    command = [sys.executable, __file__, "--inside", "--only", row.name]
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and shutil.which(_XVFB[0]):
        command = [*_XVFB, *command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", timeout=_ROW_S)
    except subprocess.TimeoutExpired:
        return Outcome(measured=f"nothing within {_ROW_S} s", met=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return Outcome(measured=f"failed with exit code {done.returncode}", met=False)
    fields = json.loads(lines[-1])
    return Outcome(measured=fields["measured"], met=fields["met"], notes=tuple(fields["notes"]))


if __name__ == "__main__":
    sys.exit(main())
