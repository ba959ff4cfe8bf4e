"""Which way imports point: the contracts of pyproject.toml, and what import-linter cannot say."""

import ast
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).resolve().parents[2]


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_keep_the_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    configuration.configure()
    kept = lint_imports(str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


def test_services_import_no_widgets() -> None:
    """Import-linter sees the package of Qt alone."""
    found = []
    for path in modules("fineparser_gui/services"):
        imported = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = [alias.name for node in imported for alias in node.names]
        names += [node.module for node in imported if isinstance(node, ast.ImportFrom) and node.module]
        found += [f"{path} imports {name}" for name in names if "QtWidgets" in name]
    assert not found, "\n".join(found)


def test_commands_print_by_one_module_alone() -> None:
    calls = [
        (path, node)
        for path in modules("fineparser_core/commands")
        if path.name != "printing.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    ]
    found = [
        f"{path}:{call.lineno}" for path, call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]
    assert not found, "\n".join(found)
