"""Entry point of the export process: `python -m fineparser_core.export.job_process FOLDER`.

The folder contains the job. The process writes JSON objects to its standard output, one per line: {"done", "total"} for
progress and finally {"notes"} after success, {"failed"} with a message, or {"cancelled"}. Closing its standard input
cancels the export, which leaves no file.
"""

import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from fineparser_core.errors import Cancelled, FineParserError
from fineparser_core.export.jobs import job_language, load_job, run_job
from fineparser_core.language import translated, use_language
from fineparser_core.progress import CancelToken, throttle
from fineparser_core.support.background import lower_priority

_PROGRESS_INTERVAL_S = 0.1
_STDIN, _STDOUT = 0, 1


def main(argv: Sequence[str]) -> int:
    """Run the job in the folder `argv[0]`."""
    cancel = CancelToken()

    def wait_for_end() -> None:
        # Not `sys.stdin`: this thread would hold its lock, which the interpreter needs to end.
        while os.read(_STDIN, 1024):
            pass
        cancel.cancel()

    def send(**fields: object) -> None:
        try:
            os.write(_STDOUT, json.dumps(fields).encode() + b"\n")
        except OSError:  # the window is gone
            cancel.cancel()

    progress = throttle(lambda event: send(done=event.done, total=event.total), _PROGRESS_INTERVAL_S)
    lower_priority()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        use_language(job_language(Path(argv[0])))
        send(notes=[translated(note) for note in run_job(load_job(Path(argv[0])), progress, cancel)])
    except Cancelled:
        send(cancelled=True)
    except FineParserError as error:
        send(failed=translated(error))
    return 0


if __name__ == "__main__":
    done = main(sys.argv[1:])
    sys.stderr.flush()
    # An interpreter that ends in the usual way waits for the thread that reads standard input, on Windows for ever.
    os._exit(done)
