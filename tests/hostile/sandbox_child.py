"""The child of `sandbox.Sandbox`: one JSON line in, one JSON line out."""

import contextlib
import importlib
import json
import os
import resource
import sys
import traceback
from pathlib import Path

from fineparser_core.errors import FineParserError


def main():
    """Serve requests until the input ends."""
    # The answers get a descriptor of their own: libraries print to the first one.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    importlib.import_module(sys.argv[1])
    print(json.dumps({"kind": "ready"}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        module, _, name = request["action"].partition(":")
        action = getattr(importlib.import_module(module), name)
        path = Path(os.fsdecode(bytes.fromhex(request["path"])))
        if "progress" in request["settings"]:
            request["settings"]["progress"] = lambda *_: print("progress", file=answers)
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak is that of this case
        print(json.dumps({**_outcome(action, path, request["settings"]), "peak_mb": _peak_mb()}), file=answers)


def _outcome(action, path, settings):
    try:
        return {"kind": "right", "detail": "", "value": action(path, **settings)}
    except FineParserError as error:
        return {"kind": "refused", "detail": str(error), "exit_code": error.exit_code}
    except BaseException:
        return {"kind": "traceback", "detail": traceback.format_exc()[-1500:]}


def _peak_mb():
    for line in (
        Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if Path("/proc/self/status").exists() else ()
    ):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
