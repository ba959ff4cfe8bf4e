"""Which way imports point: the contracts of pyproject.toml, and what import-linter cannot say."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).resolve().parents[2]


def modules(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_keep_the_contracts(capsys):
    configuration.configure()
    kept = lint_imports(str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True)
    assert kept, capsys.readouterr().out


@pytest.fixture(scope="module")
def app():
    return grimp.build_graph("fineparser_gui", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def views(app):
    """The modules of the app that import Qt's widgets."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in modules("fineparser_gui")
        if any("QtWidgets" in (getattr(node, "module", None) or "") for node in ast.walk(tree(path)))
    }


def test_views_know_neither_the_worker_nor_a_database(app, views):
    hidden = {"fineparser_gui.worker.client", "sqlite3", "multiprocessing"}
    found = {
        view: known
        for view in views - {"fineparser_gui.app"}
        if (known := app.find_modules_directly_imported_by(view) & hidden)
    }
    assert not found


def test_no_modules_of_the_app_import_each_other_in_a_circle(app):
    inner = {one for one in app.modules if one.startswith("fineparser_gui")}
    imported = {one: app.find_modules_directly_imported_by(one) & inner for one in inner}
    TopologicalSorter(imported).prepare()
