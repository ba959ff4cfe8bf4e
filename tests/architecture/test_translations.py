"""What the user reads goes through Qt's translation function, and is shown as it is: nothing reads it as markup."""

import ast
import re
import sys
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.plurals import get_plural

from fineparser_core import language

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import translations  # noqa: E402

SOURCES = sorted((ROOT / "fineparser_gui").rglob("*.py"))
#: What writes numbers for people; file names, the command line and the module that does it for all others aside.
SHOWING = [
    path
    for path in (*SOURCES, *sorted((ROOT / "fineparser_core" / "export").rglob("*.py")))
    if path.name not in ("formatting.py", "__main__.py", "corrections.py", "tables.py", "analysis_json.py")
]
TRANSLATES = {"tr", "text", "translated", "plain_text", "Phrase"}
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
PLACE = re.compile(r"\{\d[^}]*\}|%n")
SENTENCE = re.compile(r".* .*\.", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def literals(node):
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


def untranslated(path):
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
                yield f"{path}:{node.lineno}: {name}({text!r})"


def test_no_literal_is_shown_untranslated():
    found = [text for path in SOURCES for text in untranslated(path)]
    assert not found, "\n".join(found)


def test_it_would_be_noticed(tmp_path):
    source = tmp_path / "panel.py"
    source.write_text(
        'box.setText("Hello")\nQLabel(f"{n} dives")\nlabel(self.tr("fine"), "muted")\nbox.setText(f"{x:.1f} m")\n'
        'session.problem.emit("Broken: {0}".format(x))\nbox.addTab(page, "Keys")\n',
        encoding="utf-8",
    )
    assert len(list(untranslated(source))) == 4


def numbers_of_english(path):
    """Numbers with a decimal point that an f-string writes, those of errors and of the log aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and called(node) in ("error", "setAttr"))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None and node not in silent:
            spec = ast.unparse(node.format_spec)
            if re.search(r"\.[1-9]\d*[fe%]|\dg|:?g'", spec):
                yield f"{path}:{node.lineno}: {spec}"


def test_numbers_are_written_as_the_language_does():
    found = [text for path in SHOWING for text in numbers_of_english(path)]
    assert not found, "\n".join(found)


def test_the_table_has_what_the_code_says(capsys):
    translations.collect.cache_clear()
    table = translations.read_table()
    assert translations.update(table) == (table, 0, 0), "run `python packaging/dev.py translations`"
    assert not capsys.readouterr().err  # babel names f-strings, which have no template


def flaws(table, code):
    """What is wrong with the translations of a language, what it lacks aside."""
    for english, known in table.items():
        said, plural = known.get(code), translations.collect()[english]
        if not said:
            continue
        if isinstance(said, list) != plural or (plural and len(said) != translations.N_PLURALS[code]):
            yield f"{english!r}: plural forms"
            continue
        source = english.partition(language.REMARK)[0]
        for form in said if plural else [said]:
            places = set(PLACE.findall(source))
            # A form may leave out its count, and a sentence an English "is" or "are".
            fewer = plural or SENTENCE.fullmatch(source)
            if set(PLACE.findall(form)) != places and not (fewer and set(PLACE.findall(form)) < places):
                yield f"{english!r}: {{0}} … differ in {form!r}"
            if (form[:1].isspace(), form[-1:].isspace()) != (source[:1].isspace(), source[-1:].isspace()):
                yield f"{english!r}: spaces around {form!r}"
            if ("&" in form) != ("&" in source) and not re.search("&[a-z]+;", source):
                yield f"{english!r}: mnemonic of {form!r}"
            if source.count("\n") != form.count("\n") or re.findall("<[^<>]*>", source) != re.findall("<[^<>]*>", form):
                yield f"{english!r}: lines or mark-up of {form!r}"


@pytest.mark.parametrize("code", translations.LANGUAGES)
def test_each_language_is_complete(code):
    assert not translations.missing(translations.read_table(), code)


@pytest.mark.parametrize("code", translations.LANGUAGES)
def test_translations_have_the_form_of_the_texts(code):
    assert not list(flaws(translations.read_table(), code))


def test_program_and_tool_know_the_same_languages():
    assert (language.ENGLISH, *translations.LANGUAGES) == tuple(language.LANGUAGES)


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_plural_forms_are_those_of_unicode(code):
    ours, theirs = c2py(language.plural_rule(code)), c2py(get_plural(code).plural_expr)
    forms = {(ours(count), theirs(count)) for count in range(1000)}
    assert len(forms) == len({one for one, _ in forms}) == len({one for _, one in forms})


def test_gettext_gives_back_what_it_gets(tmp_path):
    table = translations.read_table()
    translations.export_po(table, "ru", tmp_path / "ru.po")
    emptied = {english: {} for english in table}
    assert translations.import_po(emptied, tmp_path / "ru.po") == len(table)
    assert emptied == {english: {"ru": known["ru"]} for english, known in table.items()}


#: Functions whose results are shown as they are.
_LITERAL = {"literal", "escape"}
#: Calls of Qt that take text for a page if it looks like one, with the place of that text.
_GUESSES = {
    "setToolTip": -1, "showText": 1, "setLabel": 0, "question": 2, "information": 2, "warning": 2, "critical": 2,
    "about": 2, "setHtml": 0, "setInformativeText": 0, "setWhatsThis": 0, "setStatusTip": 0,
}  # fmt: skip
_KEYWORDS = {"toolTip", "whatsThis", "statusTip", "informativeText"}
#: Where pages are written on purpose, from texts of the program and escaped values.
_PAGES = {"help_dialog.py"}


def _is_literal(value):
    """Return True if a value is text of the program alone, or the result of a function that keeps it as it is."""
    if isinstance(value, ast.IfExp):
        return _is_literal(value.body) and _is_literal(value.orelse)
    if isinstance(value, ast.Call):
        plain = called(value) in ("tr", "text") and isinstance(value.args[0], ast.Constant) and len(value.args) == 1
        return plain or called(value) in _LITERAL
    return isinstance(value, ast.Constant)


def _bypasses(tree):
    """Yield the lines where a text is shown that may be read as markup."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            shown = [one.value for one in node.keywords if one.arg in _KEYWORDS]
            logs = ast.unparse(node.func).rpartition(".")[0] == "log"
            place = _GUESSES.get(called(node)) if not logs else None
            if place is not None and len(node.args) > max(place, 0):
                shown.append(node.args[place])
            if called(node) == "QLabel" and node.args:  # `widgets.label` makes them plain
                shown.append(node.args[0])
            yield from (one.lineno for one in shown if not _is_literal(one))
        elif isinstance(node, ast.FunctionDef):
            inside = list(ast.walk(node))
            tips = any(isinstance(one, ast.Attribute) and one.attr == "ToolTipRole" for one in inside)
            if tips and not any(isinstance(one, ast.Call) and called(one) in _LITERAL for one in inside):
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
