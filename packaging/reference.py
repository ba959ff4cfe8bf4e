"""Writes the reference of the Python package as HTML from its docstrings: `python packaging/reference.py OUT`.

Needs the extra `docs` of pyproject.toml.
"""

import sys
from importlib import import_module
from pathlib import Path

import pdoc

import fineparser_core

#: What a program that uses this one may import: the face, and what its functions take and return.
MODULES = (
    "fineparser_core",
    "fineparser_core.inference.analyzer",
    *(f"fineparser_core.records.{name}" for name in ("analysis", "clip", "moments", "notes", "parse", "scores")),
    *(f"fineparser_core.{name}" for name in ("config", "errors", "methods")),
    *(f"fineparser_core.training.{name}" for name in ("run", "presets", "objective", "batches")),
    *(f"fineparser_core.models.{name}" for name in ("aqa_model", "fineparser")),
    *(f"fineparser_core.evaluation.{name}" for name in ("dataset_evaluation", "summary", "comparison", "protocol")),
    *(f"fineparser_core.data.{name}" for name in ("dataset", "dive_set", "records")),
    *(f"fineparser_core.checkpoints.{name}" for name in ("build", "bundle")),
)


def build(out: Path) -> None:
    """Write the reference into a folder."""
    # pdoc looks for the names of a module where importing has put them; those of the face come when they are used.
    for name in fineparser_core.__all__:
        setattr(fineparser_core, name, getattr(fineparser_core, name))
    for name in MODULES:
        import_module(name)
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*MODULES, output_directory=out)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
