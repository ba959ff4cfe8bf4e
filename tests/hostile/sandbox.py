"""Runs one reader on one hostile file in a child process, and says how it ended.

The child lives on from case to case, because importing the readers takes longer than most cases, and is replaced when
it dies, hangs or takes too much memory. An action is a function in a module of this folder, `def read(path: Path)`,
named "module:function"; what it returns must be JSON.
"""

import json
import math
import os
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

MOST_EXTRA_MB = 1024.0
_LONGEST_SENTENCE = 700

RIGHT, REFUSED = "right", "refused"
FAULTS = ("crash", "hang", "memory", "traceback", "stray file", "unclear")


@dataclass(frozen=True)
class Outcome:
    """How one case ended.

    Attributes:
        kind: RIGHT, REFUSED (one clear sentence), or one of FAULTS.
        detail: the sentence, or what is known of the fault.
        value: what the action returned; None unless RIGHT.
        extra_mb: most memory above what the child had after its imports.
    """

    kind: str
    detail: str = ""
    value: Any = None
    extra_mb: float = 0.0

    @property
    def fault(self):
        return self.kind in FAULTS

    def unless(self, name, *kinds):
        """Return a line that tells how a case ended, or none if that is one of these kinds."""
        return [] if self.kind in kinds else [f"{name}: {self.kind}: {self.detail[-400:]}"]


class Sandbox:
    """Hands files to a child process, one after the other.

    Args:
        scratch: folder of its own: the child's working directory and its temporary folder, both empty after a case.
        silent_s: gives the longest time without progress from now on, seconds.
        extra_mb: most memory above what the child had after its imports, megabytes.
    """

    def __init__(self, scratch, silent_s, extra_mb=MOST_EXTRA_MB):
        self.silent_s = silent_s
        self._scratch, self._extra_mb = scratch, extra_mb
        self._child = None
        self._log: BinaryIO
        self._base_mb = 0.0
        self._module = ""
        for name in ("here", "temporary"):
            (scratch / name).mkdir(parents=True, exist_ok=True)

    def run(self, action, path, **settings):
        """Run an action on a file.

        Args:
            action: "module:function" of this folder.
            settings: further arguments of the function; JSON.
        """
        module = action.partition(":")[0]
        if self._child is None or self._child.poll() is not None or module != self._module:
            self.close()
            self._start(module)
        before = _files(path.parent)
        outcome = self._ask({"action": action, "path": os.fsencode(path).hex(), "settings": settings})
        strays = sorted((_files(path.parent) - before) | _files(self._scratch / "here", self._scratch / "temporary"))
        if strays and not outcome.fault:
            outcome = Outcome("stray file", ", ".join(strays))
        if outcome.fault:
            self.close()
            for stray in map(Path, strays):
                shutil.rmtree(stray, ignore_errors=True) if stray.is_dir() else stray.unlink(missing_ok=True)
        return outcome

    def close(self):
        """End the child."""
        if self._child is not None:
            self._child.kill()
            with self._child, self._log:  # waits for it, and closes what it wrote to
                self._child = None

    def _start(self, module):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE), str(HERE.parent)]),
            "TMPDIR": str(self._scratch / "temporary"),
            "TORCHINDUCTOR_CACHE_DIR": str(self._scratch / "torch"),  # made when torchvision is imported
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        self._log = (self._scratch / "stderr.txt").open("w+b")
        command = [sys.executable, "-P", str(HERE / "sandbox_child.py"), module]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=self._scratch / "here",
            env=environment,
        )
        self._module, self._base_mb = module, 0.0
        ready = self._listen(math.inf)
        assert isinstance(ready, dict), f"the child did not start: {self._stderr()}"
        self._base_mb = _resident_mb(self._child.pid)

    def _ask(self, request):
        self._log.seek(0)
        self._log.truncate()
        self._child.stdin.write(json.dumps(request).encode() + b"\n")
        self._child.stdin.flush()
        answer = self._listen(self.silent_s())
        if isinstance(answer, Outcome):
            return answer
        extra_mb = max(answer["peak_mb"] - self._base_mb, 0.0)
        if extra_mb > self._extra_mb:
            return Outcome("memory", f"{extra_mb:.0f} MB", extra_mb=extra_mb)
        kind, detail = answer["kind"], answer["detail"]
        if "Traceback" in self._stderr():
            kind, detail = "traceback", self._stderr()[-600:]
        if kind == REFUSED and (fault := not_a_sentence(detail)):
            kind, detail = "unclear", f"{fault}: {detail[:300]!r}"
        return Outcome(kind, detail, answer.get("value"), extra_mb=extra_mb)

    def _listen(self, silent_s):
        """The next answer; progress lines before it extend the time."""
        child = self._child
        last_s, line = time.monotonic(), b""
        while True:
            if select.select([child.stdout], [], [], 0.05)[0]:
                part = os.read(child.stdout.fileno(), 1 << 20)
                if not part:
                    child.wait()
                    return Outcome("crash", f"exit code {child.returncode}: {self._stderr()[-300:]}")
                last_s, line = time.monotonic(), line + part
                *whole, line = line.split(b"\n")
                for text in whole:
                    if text != b"progress":
                        return dict(json.loads(text))
            resident_mb = _resident_mb(child.pid) - self._base_mb
            if self._base_mb and resident_mb > 2 * self._extra_mb:
                return Outcome("memory", f"more than {resident_mb:.0f} MB", extra_mb=resident_mb)
            if time.monotonic() - last_s > silent_s:
                return Outcome("hang", f"silent for {silent_s:.0f} s")

    def _stderr(self):
        return (self._scratch / "stderr.txt").read_bytes().decode(errors="replace")


def not_a_sentence(message):
    """Why a message is not one clear sentence for a person; None where it is."""
    if not message.strip():
        return "empty"
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in message):
        return "control characters"
    if len(message) > _LONGEST_SENTENCE:
        return f"{len(message)} characters"
    if "Traceback" in message:
        return "a traceback"
    return None


def _files(*folders):
    return {str(path) for folder in folders for path in folder.rglob("*")}


def _resident_mb(pid):
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
