"""No function takes everything."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_PARAMETERS = 8

SOURCES = [
    path
    for package in ("fineparser_core", "fineparser_gui", "packaging")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def n_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """All of them, keyword-only ones too, but not `self` or `cls`."""
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (bool(names) and names[0] in ("self", "cls"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_take_few_parameters(path: Path) -> None:
    counts = {f"{function.name}, line {function.lineno}": n_parameters(function) for function in functions(path)}
    assert not {name: count for name, count in counts.items() if count > MAX_PARAMETERS}
