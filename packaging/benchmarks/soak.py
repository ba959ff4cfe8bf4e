"""Many analyses in one worker process: does its memory grow? `python packaging/benchmarks/soak.py [CLIP …]`.

Sends what the window sends for a dropped dive (a parse, then a score) again and again to the real worker, and reads the
worker's resident memory, open files and threads after each. Prints the slope of a straight line through the memory
after the first analyses, with its standard error; the exit code is 1 where it is larger than twice that and would add
up to something: more than 0.1 MB an analysis.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from fineparser_core.resources import resource
from fineparser_core.support.own_process import own_process
from fineparser_gui.worker.protocol import Ending, Message, ParseRequest, Result, ScoreRequest, decode, encode

#: The worker keeps this many dives in memory on purpose, so it grows until then.
_WARM_UP = 30
_HARMLESS_MB = 0.1


def main() -> int:
    """Run the soak; the exit code says whether memory grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path, help="videos, in turn; default: the bundled sample")
    parser.add_argument("-n", type=int, default=200, help="analyses")
    parser.add_argument("--log", type=Path, help="keep one JSON line an analysis here")
    options = parser.parse_args()
    clips = options.clips or [resource("samples/sample.mp4")]
    rows: list[tuple[float, int, int, float]] = []
    with tempfile.TemporaryDirectory(prefix="fineparser-soak-") as folder:
        for row in _soak(clips, options.n, folder):
            rows.append(row)
            line = json.dumps(
                {"analysis": len(rows), "memory_mb": row[0], "files": row[1], "threads": row[2], "seconds": row[3]}
            )
            if options.log:
                with options.log.open("a", encoding="utf-8") as log:
                    print(line, file=log)
            if len(rows) % 10 == 0:
                print(line, flush=True)
    return _judge(rows)


def _soak(clips: list[Path], n: int, folder: str) -> Iterator[tuple[float, int, int, float]]:
    """(memory in MB, open files, threads, seconds) after each of n analyses."""
    command = own_process("fineparser_gui.worker.child", folder)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        for number, clip in zip(range(n), cycle(clips), strict=False):
            began_s = time.perf_counter()
            parse = ParseRequest(path=str(clip.resolve()), in_frame=None, out_frame=None, id=f"parse-{number}")
            answer = _ask(worker, parse)
            if isinstance(answer, Result):
                _ask(
                    worker, ScoreRequest(parse_id=parse.id, dive_number="207C", board_m=10, difficulty=None, id="score")
                )
            proc = Path(f"/proc/{worker.pid}")
            memory_mb = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
            seconds = time.perf_counter() - began_s
            yield memory_mb, len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir())), seconds
        assert worker.stdin is not None
        worker.stdin.close()


def _ask(worker: "subprocess.Popen[bytes]", request: ParseRequest | ScoreRequest) -> Message:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(encode(request))
    worker.stdin.flush()
    for line in worker.stdout:
        message = decode(line)
        if isinstance(message, Ending) and message.id == request.id:
            return message
    raise SystemExit(f"the worker ended with exit code {worker.wait()}")


def _judge(rows: list[tuple[float, int, int, float]]) -> int:
    memory_mb = np.array([row[0] for row in rows])[_WARM_UP:]
    if len(memory_mb) < 3:
        print(f"{_WARM_UP} analyses are warm-up: nothing to judge in {len(rows)}")
        return 0
    analyses = np.arange(len(memory_mb))
    (slope, _), covariance = np.polyfit(analyses, memory_mb, 1, cov=True)
    error = float(np.sqrt(covariance[0, 0]))
    grows = slope > 2 * error and slope > _HARMLESS_MB
    verdict = "GROWS" if grows else "within noise" if abs(slope) <= 2 * error else f"below {_HARMLESS_MB:g}, harmless"
    third = len(memory_mb) // 3
    print(f"analyses {len(rows)}, the first {_WARM_UP} left out; median {np.median([r[3] for r in rows]):.1f} s each")
    print(f"memory: first third {memory_mb[:third].mean():.1f} MB, last third {memory_mb[-third:].mean():.1f} MB")
    print(f"slope {slope:+.3f} MB an analysis, standard error {error:.3f}: {verdict}")
    print(f"open files {rows[_WARM_UP][1]} -> {rows[-1][1]}, threads {rows[_WARM_UP][2]} -> {rows[-1][2]}")
    return int(grows)


if __name__ == "__main__":
    sys.exit(main())
