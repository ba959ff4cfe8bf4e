"""What importing brings along, seen in fresh interpreters."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def modules_of(*parts: str) -> list[str]:
    """Every module below a package of the repository, without the ones that run when imported."""
    folder = ROOT.joinpath(*parts)
    names = []
    for path in sorted(folder.rglob("*.py")):
        inner = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(inner[:-1] if inner[-1] == "__init__" else inner))
    return [name for name in names if not name.endswith("__main__")]


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(modules: list[str], watched: tuple[str, ...]) -> str:
    return run_python(
        f"import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {watched!r} if name in sys.modules])"
    ).strip()


def test_core_and_the_model_of_the_app_import_where_qt_is_blocked() -> None:
    names = [*modules_of("fineparser_gui", "session"), *modules_of("fineparser_gui", "store")]
    run_python(
        "import importlib, importlib.abc, sys\n"
        "class Block(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('PySide6', 'shiboken6', 'PyQt5', 'PyQt6', 'pyqtgraph'):\n"
        "            raise ImportError('Qt is blocked: ' + name)\n"
        "sys.meta_path.insert(0, Block())\n"
        f"for name in {modules_of('fineparser_core') + names!r}:\n"
        "    importlib.import_module(name)\n"
    )


def test_what_the_app_needs_of_core_brings_no_torch() -> None:
    names = ["fineparser_core", "fineparser_core.records", "fineparser_core.errors", "fineparser_core.progress"]
    names += ["fineparser_core.resources", "fineparser_core.video.clips"]
    names += ["fineparser_core.scoring.rescore", "fineparser_core.exemplars.selection"]
    names += modules_of("fineparser_core", "inference", "exemplars")
    for package in ("video", "diving", "measures", "export"):
        names += modules_of("fineparser_core", package)
    assert loaded_after(names, ("torch", "torchvision", "cv2", "PySide6")) == ""


def test_an_analysis_starts_without_what_takes_as_long_to_load_as_torch() -> None:
    assert loaded_after(["fineparser_core.inference.analyzer"], ("torchvision", "torch._dynamo", "scipy.stats")) == ""


def test_the_command_line_loads_only_what_it_runs() -> None:
    commands = ("cli", "score", "train", "evaluate", "convert", "data")
    names = [f"fineparser_core.commands.{name}" for name in commands]
    names += [f"fineparser_core.evaluation.{name}" for name in ("dataset_evaluation", "predictions")]
    assert loaded_after(names, ("torch", "torchvision", "PySide6")) == ""


def test_the_app_brings_no_torch() -> None:
    if importlib.util.find_spec("fineparser_gui.app") is None:
        pytest.skip("the app is not there yet")
    names = [name for name in modules_of("fineparser_gui") if name != "fineparser_gui.worker.child"]
    assert loaded_after(names, ("torch", "torchvision", "cv2")) == ""


def test_the_window_opens_without_plots() -> None:
    names = ["fineparser_gui.__main__", "fineparser_gui.app", "fineparser_gui.shell.dialog_launcher"]
    assert loaded_after(names, ("pyqtgraph",)) == ""
