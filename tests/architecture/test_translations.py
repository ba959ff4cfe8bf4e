"""What the user reads goes through Qt's translation function."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "fineparser_gui").rglob("*.py"))
TRANSLATES = {"tr", "translate", "translated", "plain_text", "QT_TRANSLATE_NOOP"}
#: Calls that show their text, and which of their arguments that is.
SHOWS = {
    **dict.fromkeys(("setText", "setTitle", "setToolTip", "setWindowTitle", "setPlaceholderText", "set_text"), 0),
    **dict.fromkeys(("setAccessibleName", "setAccessibleDescription", "setInformativeText", "setDetailedText"), 0),
    **dict.fromkeys(("addItem", "addAction", "addMenu", "addButton", "addRow", "setStatusTip", "setWhatsThis"), 0),
    **dict.fromkeys(("setHorizontalHeaderLabels", "setLabelText", "setSuffix", "setPrefix", "showMessage"), 0),
    **dict.fromkeys(("QLabel", "QPushButton", "QAction", "QCheckBox", "QRadioButton", "QGroupBox", "QToolButton"), 0),
    **dict.fromkeys(("label", "card", "show_message", "setMarkdown", "QTableWidgetItem", "QListWidgetItem"), 0),
    **dict.fromkeys(("addTab", "setTabText", "setItemText"), 1),
    "offer": 0,
    "drawText": -1,
}
#: Names of the program and of things, the same in every language.
NAMES = {"FineParser Studio", "frame 00000 / 00000 · 0:00.000"}
WORD = re.compile(r"[^\W\d_]{2,}")


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literals(node: ast.AST) -> Iterator[str]:
    """Untranslated words of an expression; what picks from a mapping or what another call shows is not meant."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value not in NAMES and WORD.search(node.value):
            yield node.value
    elif isinstance(node, ast.Call):
        if called(node) not in {*TRANSLATES, *SHOWS, "get", "property", "pixmap", "icon", "strftime"}:
            for part in (node.func, *node.args):
                yield from literals(part)
    elif isinstance(node, ast.Subscript | ast.FormattedValue):
        yield from literals(node.value)
    elif isinstance(node, ast.Compare):
        return
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    else:
        for child in ast.iter_child_nodes(node):
            yield from literals(child)


def untranslated(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name, arguments = called(node), node.args
        if name == "emit" and isinstance(node.func, ast.Attribute) and "problem" in ast.unparse(node.func.value):
            shown = arguments[:1]
        elif name in SHOWS and len(arguments) > max(SHOWS[name], 0):
            shown = [arguments[SHOWS[name]]]
        else:
            continue
        for argument in shown:
            for text in literals(argument):
                yield f"line {node.lineno}: {name}({text!r})"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_literal_is_shown_untranslated(path: Path) -> None:
    assert not list(untranslated(path))


def test_it_would_be_noticed(tmp_path: Path) -> None:
    source = tmp_path / "panel.py"
    source.write_text(
        'box.setText("Hello")\nQLabel(f"{n} dives")\nlabel(self.tr("fine"), "muted")\nbox.setText(f"{x:.1f} m")\n'
        'session.problem.emit("Broken: {0}".format(x))\nbox.addTab(page, "Keys")\n',
        encoding="utf-8",
    )
    assert len(list(untranslated(source))) == 4


def test_lupdate_collects_every_text(tmp_path: Path) -> None:
    collected = tmp_path / "fineparser.ts"
    tool = shutil.which("pyside6-lupdate", path=str(Path(sys.executable).parent))
    assert tool
    subprocess.run([tool, *map(str, SOURCES), "-ts", str(collected)], check=True, capture_output=True, timeout=120)
    known = {source.text for source in ElementTree.parse(collected).iter("source")}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ("tr", "translate", "QT_TRANSLATE_NOOP"):
                place = 0 if called(node) == "tr" else 1
                text = node.args[place] if len(node.args) > place else None
                if isinstance(text, ast.Constant):
                    assert text.value in known, f"{path.name}, line {node.lineno}: {text.value!r}"
