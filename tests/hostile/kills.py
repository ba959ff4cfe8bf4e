"""Kills a writer at every step that touches a file, and looks at what the next program finds.

A writer is one of the `Steps` of `writers`. All of its processes are forks of one child, which `kill_at.c` is
preloaded into.
"""

import ctypes
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

import writers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KILLED = 137
#: In names: of processes, of uuids, of the clock.
_CHANGING = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}|[0-9a-f]{12}")


@dataclass
class Killed:
    """How often a writer was killed, and what was wrong after which kill."""

    n_kills: int
    wrong: list[str]


def preload(folder):
    """The compiled `kill_at.c`; None where there is no compiler for it."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        return None
    library = folder / "kill_at.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "kill_at.c"), "-ldl"]
    done = subprocess.run(command, capture_output=True)
    return library if done.returncode == 0 else None


def kill_everywhere(writer, folder, library, every=1):
    """Run a writer again and again, killed at another step each time, until it ends before it is killed.

    Args:
        writer: name of an object in the module `writers`.
        folder: of its own.
        library: what `preload` compiled.
        every: 3: at every third step alone.
    """
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE), str(HERE.parent)]),
        "QT_QPA_PLATFORM": "offscreen",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-W", "ignore", str(HERE / "kills.py"), writer, str(folder), str(every)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return Killed(**json.loads(done.stdout.splitlines()[-1]))


class _Runs:
    """The runs of one writer."""

    def __init__(self, writer, folder):
        self._writer = writer
        self._prepared, self._case = folder / "prepared", folder / "case"
        self._prepared.mkdir()
        (self._prepared / "tmp").mkdir()
        self._in_fork(self._prepared, writer.prepare)

    def go(self, every):
        states, files, n_steps = self._unkilled()
        wrong, n_kills = [], 0
        for n in range(1, n_steps + 1, every):
            self._fresh()
            confirmed, ended = self._write(n)
            n_kills += ended == KILLED
            if fault := self._check(states, files, confirmed, ended):
                wrong.append(f"step {n}, {confirmed} of {len(states) - 1} confirmed: {fault}")
        return Killed(n_kills, wrong)

    def _unkilled(self):
        """The states before and after each step, the files at the end, and the number of places to be killed at."""
        self._fresh()
        states = [self._in_fork(self._case, self._writer.read)]
        for step in self._writer.steps:
            self._in_fork(self._case, step)
            states.append(self._in_fork(self._case, self._writer.read))
        files = _files(self._case)
        self._fresh()
        reading, writing = os.pipe()
        if not (pid := os.fork()):
            kill_at, kill_steps = _preloaded()
            kill_at(0)
            self._all_steps(lambda: None)
            os.write(writing, str(kill_steps()).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            n_steps = int(pipe.read() or 0)
        os.waitpid(pid, 0)
        return states, files, n_steps

    def _write(self, n):
        """Number of confirmed steps of a run that is killed, and its exit code."""
        reading, writing = os.pipe()
        if not (pid := os.fork()):
            code = 1
            try:
                kill_at, kill_steps = _preloaded()
                kill_at(n)
                self._all_steps(lambda: os.write(writing, b"."))
                kill_steps()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            confirmed = len(pipe.read())
        return confirmed, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _check(self, states, files, confirmed, ended):
        if ended not in (0, KILLED):
            return f"it ended with {ended}"
        found = self._in_fork(self._case, self._writer.read)
        if found not in states[confirmed : confirmed + 2]:
            return f"found {str(found)[:300]}, not {' or '.join(map(str, states[confirmed : confirmed + 2]))[:600]}"
        # The next start, and the same work again.
        self._in_fork(self._case, lambda _: self._all_steps(lambda: None))
        again = self._in_fork(self._case, self._writer.read)
        if again != states[-1]:
            return f"then {str(again)[:300]}, not {str(states[-1])[:300]}"
        there = set(_files(self._case))
        if there != set(files):
            return f"left behind {sorted(there - set(files))}, gone {sorted(set(files) - there)}"
        return ""

    def _fresh(self):
        shutil.rmtree(self._case, ignore_errors=True)
        shutil.copytree(self._prepared, self._case, symlinks=True)

    def _all_steps(self, confirm):
        _settle(self._case)
        for step in self._writer.steps:
            step(self._case)
            confirm()

    def _in_fork(self, folder, work):
        """What a function returns in a process of its own."""
        reading, writing = os.pipe()
        if not (pid := os.fork()):
            try:
                _settle(folder)
                answer = {"found": work(folder)}
            except BaseException as error:
                answer = {"found": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
            with os.fdopen(writing, "w") as pipe:
                json.dump(answer, pipe, default=lambda _: None)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            told = pipe.read()
        os.waitpid(pid, 0)
        answer = json.loads(told)
        if "trace" in answer:
            print(answer["trace"], file=sys.stderr)
        return answer["found"]


def _settle(folder):
    tempfile.tempdir = str(folder / "tmp")
    os.chdir(folder)


def _files(folder):
    found = folder.rglob("*")
    return sorted(_CHANGING.sub("*", path.relative_to(folder).as_posix()) for path in found)


def _preloaded():
    library = ctypes.CDLL(None)
    library.kill_at.argtypes, library.kill_steps.restype = [ctypes.c_long], ctypes.c_long
    return library.kill_at, library.kill_steps


def main(argv):
    """Print, as the last line, how a writer took its kills."""
    writer = getattr(writers, argv[0])
    for module in writer.modules:  # once, and not in every fork
        importlib.import_module(module)
    killed = _Runs(writer, Path(argv[1])).go(int(argv[2]))
    print(json.dumps({"n_kills": killed.n_kills, "wrong": killed.wrong}))


if __name__ == "__main__":
    main(sys.argv[1:])
