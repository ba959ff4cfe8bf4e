"""FineParser: fine-grained spatio-temporal action parsing for action quality assessment (CVPR 2024).

The public face: `score_clip` and `Analyzer` analyze clips; `list_models`, `create_model` and `load_model` give
networks; `evaluate` measures predictions or networks on a data set. `packaging/docs/api.md` shows them at work. Each is
imported when it is first used, because most load torch.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Name: the module that defines it.
_PUBLIC = {
    "Analyzer": "fineparser_core.inference.analyzer",
    "create_model": "fineparser_core.checkpoints.build",
    "evaluate": "fineparser_core.evaluation.dataset_evaluation",
    "list_models": "fineparser_core.methods",
    "load_model": "fineparser_core.checkpoints.bundle",
    "score_clip": "fineparser_core.inference.analyzer",
}
__all__ = ["Analyzer", "create_model", "evaluate", "list_models", "load_model", "score_clip"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
