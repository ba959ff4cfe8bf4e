"""FineParser: fine-grained spatio-temporal action parsing for action quality assessment (CVPR 2024).

The public face, which `packaging/docs/api.md` shows at work. Each name is imported when it is first used: most load
torch.
"""

import os
import sys

# The working folder comes first on the path of `python -m fineparser_core.…`: its modules would pass for Python's own.
if (
    "-m" in sys.orig_argv
    and sys.argv[:1] == ["-m"]
    and sys.orig_argv[sys.orig_argv.index("-m") + 1].startswith("fineparser_core")
    and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    and not sys.flags.safe_path
):
    del sys.path[0]

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Name: the module that defines it.
_PUBLIC = {
    "Analysis": "fineparser_core.records.analysis",
    "Analyzer": "fineparser_core.inference.analyzer",
    "analyze_files": "fineparser_core.commands.scorer",
    "clip_transform": "fineparser_core.checkpoints.networks",
    "create_model": "fineparser_core.checkpoints.networks",
    "evaluate": "fineparser_core.evaluation.dataset_evaluation",
    "get_config": "fineparser_core.training.presets",
    "list_models": "fineparser_core.methods",
    "load_dataset": "fineparser_core.data.dataset",
    "load_model": "fineparser_core.checkpoints.bundle",
    "score_clip": "fineparser_core.inference.analyzer",
    "train": "fineparser_core.training.run",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
