"""Writes the reference of the Python package from its docstrings.

`python packaging/reference.py OUT` writes HTML, by the extra `docs` of pyproject.toml; without OUT the table of names
in packaging/docs/api.md.
"""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

import fineparser_core

PAGE = Path(__file__).parent / "docs" / "api.md"

#: What a program that uses this one may import: the face, and what its functions take and return.
MODULES = (
    "fineparser_core",
    *(f"fineparser_core.inference.{name}" for name in ("analyzer", "features")),
    "fineparser_core.commands.scorer",
    *(f"fineparser_core.records.{name}" for name in ("analysis", "clip", "moments", "notes", "parse", "scores")),
    *(f"fineparser_core.{name}" for name in ("config", "errors", "methods")),
    *(f"fineparser_core.training.{name}" for name in ("run", "presets", "objective", "batches")),
    *(f"fineparser_core.models.{name}" for name in ("aqa_model", "fineparser")),
    *(f"fineparser_core.evaluation.{name}" for name in ("dataset_evaluation", "summary", "comparison", "protocol")),
    *(f"fineparser_core.data.{name}" for name in ("dataset", "dive_set", "records")),
    *(f"fineparser_core.checkpoints.{name}" for name in ("build", "bundle", "networks")),
)


def table() -> str:
    """Return name and arguments of each name of the face, what it does, and what it returns."""
    rows = []
    for name in fineparser_core.__all__:
        thing = getattr(fineparser_core, name)
        told = inspect.getdoc(thing) or ""
        call = name
        if inspect.isfunction(thing):
            given = inspect.signature(thing).parameters.values()
            call += str(inspect.Signature([one.replace(annotation=one.empty) for one in given]))
        found = re.search(r"^Returns:\n((?:    .*\n?)+)", told, re.MULTILINE)
        returned = " ".join(found[1].split()) if found else ""
        rows.append(f"| `{call}` | {' '.join(f'{told.splitlines()[0]} {returned}'.split())} |\n")
    return "| name of `fineparser_core` | what it does and returns |\n| --- | --- |\n" + "".join(rows)


def write_table() -> None:
    """Write the table of the page anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(r"(\| .*\n)+", lambda _: table(), page, count=1), encoding="utf-8")


def build(out: Path) -> None:
    """Write the reference into a folder."""
    import pdoc

    # pdoc looks for the names of a module where importing has put them; those of the face come when they are used.
    for name in fineparser_core.__all__:
        setattr(fineparser_core, name, getattr(fineparser_core, name))
    for name in MODULES:
        import_module(name)
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*MODULES, output_directory=out)


if __name__ == "__main__":
    build(Path(sys.argv[1])) if sys.argv[1:] else write_table()
