"""Entry point of the export process: `python -m fineparser_core.export.job_process FOLDER [LANGUAGE]`.

The folder contains the job; the language is that of its texts. The process sends `JobMessage`s. Closing its standard
input cancels the export, which leaves no file.
"""

import os
import sys
import threading
from pathlib import Path

from fineparser_core.errors import Cancelled, FineParserError
from fineparser_core.export.jobs import Advanced, Stopped, Written, load_job, run_job
from fineparser_core.language import ENGLISH, translated, use_language
from fineparser_core.progress import CancelToken, throttle
from fineparser_core.support.background import lower_priority
from fineparser_core.support.processes import Failed, ParentPipe, input_lines

_PROGRESS_INTERVAL_S = 0.1


def main(folder: Path, language: str = ENGLISH) -> None:
    """Run the job in a folder."""
    use_language(language)
    cancel = CancelToken()
    parent = ParentPipe(cancel.cancel)

    def wait_for_end() -> None:
        for _ in input_lines():
            pass
        cancel.cancel()

    progress = throttle(lambda event: parent.send(Advanced(done=event.done, total=event.total)), _PROGRESS_INTERVAL_S)
    lower_priority()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        notes = run_job(load_job(folder), progress, cancel)
        parent.send(Written(notes=list(map(translated, notes))))
    except Cancelled:
        parent.send(Stopped())
    except FineParserError as error:
        parent.send(Failed.of(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
    sys.stderr.flush()
    # An interpreter that ends in the usual way waits for the thread that reads standard input, on Windows for ever.
    os._exit(0)
