"""Training. `train` runs a whole training; it is imported when it is first used, because it loads torch."""

from importlib import import_module
from typing import Any

__all__ = ["FinishedRun", "OwnParts", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("fineparser_core.training.run"), name)
