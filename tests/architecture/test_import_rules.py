"""Which way imports point, by the contracts of pyproject.toml and beyond, and what they load in fresh interpreters."""

import ast
import json
import os
import subprocess
import sys
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


#: Imports one list of modules after the other, and prints what is loaded after each.
PROGRAM = """
import importlib, importlib.abc, json, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ImportError(f"{name} is blocked")
stages, blocked = json.loads(sys.argv[1])
sys.meta_path.insert(0, Block())
for stage in stages:
    for name in stage:
        importlib.import_module(name)
    print(json.dumps(list(sys.modules)))
"""
QT = ("PySide6", "shiboken6", "PyQt5", "PyQt6", "pyqtgraph")


def modules_of(*parts):
    """Every module below a package of the repository, without the ones that run when imported."""
    names = []
    for path in sorted(ROOT.joinpath(*parts).rglob("*.py")):
        inner = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(inner[:-1] if inner[-1] == "__init__" else inner))
    return [name for name in names if not name.endswith("__main__")]


def loaded_after(*stages, blocked=()):
    """The sets of modules that are loaded after each of some lists of modules."""
    command = [sys.executable, "-c", PROGRAM, json.dumps([stages, blocked])]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [set(json.loads(line)) for line in done.stdout.splitlines()]


def test_core_and_the_model_of_the_app_import_where_qt_is_blocked_and_torch_comes_late():
    of_the_app = [f"fineparser_core{name}" for name in ("", ".records", ".errors", ".progress", ".resources")]
    of_the_app += ["fineparser_core.scoring.rescore", "fineparser_core.exemplars.selection"]
    for package in ("video", "diving", "measures", "export"):
        of_the_app += modules_of("fineparser_core", package)
    commands = [f"fineparser_core.commands.{name}" for name in ("cli", "score", "train", "evaluate", "convert", "data")]
    everything = modules_of("fineparser_core")
    everything += [*modules_of("fineparser_gui", "session"), *modules_of("fineparser_gui", "store")]
    first, second, third, _ = loaded_after(
        of_the_app, commands, ["fineparser_core.inference.analyzer"], everything, blocked=QT
    )
    assert not first & {"torch", "torchvision", "cv2"}
    assert not second & {"torch", "torchvision"}
    assert not third & {"torchvision", "torch._dynamo", "scipy.stats"}  # each takes as long to load as torch


def test_the_window_opens_without_plots_and_app_and_evaluation_bring_no_torch():
    window = ["fineparser_gui.__main__", "fineparser_gui.app", "fineparser_gui.shell.dialog_launcher"]
    app = [name for name in modules_of("fineparser_gui") if name != "fineparser_gui.worker.child"]
    evaluation = [f"fineparser_core.evaluation.{name}" for name in ("dataset_evaluation", "predictions")]
    opened, whole, evaluates = loaded_after(window, app, evaluation)
    assert "pyqtgraph" not in opened
    assert not whole & {"torch", "torchvision", "cv2"}
    assert not evaluates & {"torch", "torchvision"}
