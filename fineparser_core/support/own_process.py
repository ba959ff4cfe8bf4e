"""How a process of ours is started, in a checkout, from a wheel and in the frozen app."""

import os
import sys
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnContext
from pathlib import Path
from threading import Thread

#: First argument of the frozen command line that has it run a module of ours, which the second names.
RUN_MODULE = "--run-module"


def is_frozen() -> bool:
    """Whether this is the app with everything in one folder, which has no Python that others could use."""
    return bool(getattr(sys, "frozen", False))


def own_process(module: str, *arguments: str) -> list[str]:
    """Program and arguments of a process that runs a module of ours as `python -m` would.

    Elsewhere than in the frozen app -P keeps the working directory off the path: the coach's folder may hold a
    `json.py`. There the command line beside the window's program runs the module: it has standard streams on Windows,
    where a program without a console has none.

    Args:
        module: full name, e.g. `fineparser_core.export.job_process`.
    """
    if not is_frozen():
        return [sys.executable, "-P", "-m", module, *arguments]
    here = Path(sys.executable)
    return [str(here.with_name(f"fineparser{here.suffix}")), RUN_MODULE, module, *arguments]


def spawn_context() -> SpawnContext:
    """Return the context of `multiprocessing` whose processes start without the working folder on their path.

    `multiprocessing` starts each of them, and one that counts its semaphores, with `python -c`, which looks into the
    working folder first: a stranger's `pickle.py` beside the clips would be run. The variable reaches all of them.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    return get_context("spawn")


def end_with_parent() -> None:
    """Have this process of `multiprocessing` end once its parent does, killed or not.

    It would wait for work for ever, or go on writing where another run writes.
    """
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()
