"""Classes and files have bounds, and no text is read or written in the encoding of a system."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Lines that are neither blank nor a comment alone.
MAX_METHODS, MAX_LINES, MAX_WINDOWS = 35, 600, 12


@pytest.fixture(scope="module")
def trees():
    """Syntax trees of all modules by their paths."""
    paths = [
        path for name in ("fineparser_core", "fineparser_gui", "packaging") for path in (ROOT / name).rglob("*.py")
    ]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(paths)}


def test_classes_have_few_methods(trees):
    classes = ((path, one) for path, tree in trees.items() for one in ast.walk(tree) if isinstance(one, ast.ClassDef))
    methods = {
        f"{path}: {one.name}": sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in one.body)
        for path, one in classes
    }
    assert not {name: count for name, count in methods.items() if count > MAX_METHODS}


def called(tree):
    """What a tree calls, as it is written."""
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_dialogs_and_windows_are_few(trees):
    """Dialogs, windows and questions of the program; files and colors are chosen in dialogs of the system."""
    shown = {path: tree for path, tree in trees.items() if path.startswith("fineparser_gui")}
    classes = [one for tree in shown.values() for one in ast.walk(tree) if isinstance(one, ast.ClassDef)]
    bases = {one.name: {ast.unparse(base).rpartition(".")[2] for base in one.bases} for one in classes}
    kinds, more = {"QDialog", "QMainWindow"}, {"QDialog", "QMainWindow"}
    while more:
        more = {name for name, of in bases.items() if of & kinds} - kinds
        kinds |= more
    opened = sorted(kinds - set().union(*bases.values()))
    opened += [one.name for one in classes if "Qt.WindowType.Window" in ast.unparse(one)]
    calls = [f"{path}: {name}" for path, tree in shown.items() for name in called(tree)]
    opened += [one for one in calls if one.endswith(".setWindowTitle") and not one.endswith(" self.setWindowTitle")]
    opened += [one for one in calls if "QMessageBox" in one or "QInputDialog" in one]
    print(len(opened), *opened, sep="\n")
    assert 0 < len(opened) <= MAX_WINDOWS, opened
    assert not [one for one in calls if one.endswith(" QDialog")]


def test_files_are_short(trees):
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in trees}
    lines = {
        path: sum(bool(re.match(r"\s*[^\s#]", line)) for line in text.splitlines()) for path, text in texts.items()
    }
    assert not {path: count for path, count in lines.items() if count > MAX_LINES}


def without_encoding(call):
    """Return True for text that is read or written in the locale's encoding, which on Windows is not UTF-8."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    keywords = {keyword.arg for keyword in call.keywords}
    if "encoding" in keywords or ast.unparse(call.func) == "av.open":
        return False
    if name in ("read_text", "write_text"):
        return True
    if name == "open":
        mode = next(
            (one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)), ""
        )
        is_mode = 0 < len(mode) < 4 and set(mode) <= set("rwxabt+")
        return "b" not in mode if is_mode else isinstance(call.func, ast.Name)
    return name in ("run", "Popen", "check_output") and bool(keywords & {"text", "universal_newlines"})


def test_text_is_read_and_written_in_a_named_encoding(trees):
    unnamed = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and without_encoding(node)
    ]
    assert not unnamed, "\n".join(unnamed)
