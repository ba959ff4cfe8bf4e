"""Names and notes are shown as they are: no tool tip, box or label reads them as markup."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Functions whose results are shown as they are.
_LITERAL = {"literal", "escape"}
_TRANSLATES = {"tr", "text"}
#: Calls of Qt that take text for a page if it looks like one, with the place of that text.
_GUESSES = {
    "setToolTip": -1, "showText": 1, "setLabel": 0, "question": 2, "information": 2, "warning": 2, "critical": 2,
    "about": 2, "setHtml": 0, "setInformativeText": 0, "setWhatsThis": 0, "setStatusTip": 0,
}  # fmt: skip
_KEYWORDS = {"toolTip", "whatsThis", "statusTip", "informativeText"}
#: Where pages are written on purpose, from texts of the program and escaped values.
_PAGES = {"help_dialog.py"}


def _name(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_literal(value):
    """Return True if a value is text of the program alone, or the result of a function that keeps it as it is."""
    if isinstance(value, ast.IfExp):
        return _is_literal(value.body) and _is_literal(value.orelse)
    if isinstance(value, ast.Call):
        plain = _name(value) in _TRANSLATES and isinstance(value.args[0], ast.Constant) and len(value.args) == 1
        return plain or _name(value) in _LITERAL
    return isinstance(value, ast.Constant)


def _bypasses(tree):
    """Yield the lines where a text is shown that may be read as markup."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            shown = [one.value for one in node.keywords if one.arg in _KEYWORDS]
            logs = (
                isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            )
            place = _GUESSES.get(_name(node)) if not logs else None
            if place is not None and len(node.args) > max(place, 0):
                shown.append(node.args[place])
            if _name(node) == "QLabel" and node.args:  # `widgets.label` makes them plain
                shown.append(node.args[0])
            yield from (one.lineno for one in shown if not _is_literal(one))
        elif isinstance(node, ast.FunctionDef):
            inside = list(ast.walk(node))
            tips = any(isinstance(one, ast.Attribute) and one.attr == "ToolTipRole" for one in inside)
            if tips and not any(isinstance(one, ast.Call) and _name(one) in _LITERAL for one in inside):
                yield node.lineno


def test_every_text_that_qt_might_take_for_a_page_is_kept_from_it():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "fineparser_gui").rglob("*.py"))
        if path.name not in _PAGES
        for line in sorted(set(_bypasses(ast.parse(path.read_text(encoding="utf-8")))))
    ]
    assert found == []


def test_the_scan_finds_what_bypasses_it():
    code = """
w.setToolTip(name)
w.setToolTip(self.tr("of {0}").format(name))
w.setToolTip(literal(name) if name else "")
w.setToolTip(self.tr("all"))
QMessageBox.question(self, "", f"{name}?")
QPushButton("x", toolTip=name)
QLabel(name)
def data(role):
    return name if role == Qt.ItemDataRole.ToolTipRole else None
"""
    assert sorted(set(_bypasses(ast.parse(code)))) == [2, 3, 6, 7, 8, 9]
