"""Brings the table of translations up to date with the code, and says what each language lacks.

`python packaging/dev.py translations` collects every text, adds what is new and drops what is gone;
`… translations export LANGUAGE FILE.ts` writes a language for Qt Linguist, `… translations import FILE.ts` takes it
back. Beside the standard library it needs nothing but `fineparser_core.language`.
"""

import argparse
import ast
import functools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fineparser_core.language import ENGLISH, REMARK, n_plural_forms  # noqa: E402
from fineparser_core.language import LANGUAGES as SPOKEN  # noqa: E402

TABLE = ROOT / "resources" / "translations" / "texts.json"
LANGUAGES = tuple(code for code in SPOKEN if code != ENGLISH)
N_PLURALS = {code: n_plural_forms(code) for code in LANGUAGES}
#: Rooms of core whose sentences no window shows: settings and parts of networks are chosen by programs.
_UNSEEN = (
    "config",
    "constants",
    "models",
    "pose",
    "checkpoints.build",
    "support.npz",
    "language",
    "errors.ExitCode",
)
_SENTENCE = re.compile(r"[A-Z0-9{'“].* .*\.", re.DOTALL)

#: {English: a count decides}, and {English templates}.
Collected = tuple[dict[str, bool], set[str]]


@functools.cache
def collect() -> Collected:
    """Everything that people may read in the window, in its exports and reports; the code is read once a process."""
    texts: dict[str, bool] = {}
    sentences: set[str] = set()
    for path in _sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for text, counted in _texts(tree):
            texts[text] = texts.get(text, False) or counted
        if not _is_unseen(path):
            sentences |= set(_sentences(tree))
    for path in (ROOT / "fineparser_core" / "export").rglob("*.j2"):
        texts |= dict.fromkeys(re.findall(r'text\("([^"]+)"', path.read_text(encoding="utf-8")), False)
    return texts, sentences - set(texts)


def update(table: dict) -> tuple[int, int]:
    """Add what is new in the code, drop what is gone; returns how many of each."""
    texts, sentences = collect()
    added = dropped = 0
    for part, known in (("texts", texts), ("sentences", sentences)):
        old = table.get(part, {})
        added += len(known.keys() - old.keys() if isinstance(known, dict) else known - old.keys())
        dropped += len(old.keys() - set(known))
        table[part] = {english: old.get(english, {}) for english in sorted(known, key=lambda one: (one.lower(), one))}
    for english, counted in texts.items():
        for language, found in list(table["texts"][english].items()):
            if counted != isinstance(found, list):  # whether a count decides has changed: to be looked at again
                del table["texts"][english][language]
    return added, dropped


def missing(table: dict, language: str) -> list[str]:
    """What a language lacks."""
    return [
        english for part in ("texts", "sentences") for english, known in table[part].items() if not known.get(language)
    ]


def read_table() -> dict:
    """The table as it is stored; empty where there is none."""
    return json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {"texts": {}, "sentences": {}}


def write_table(table: dict) -> None:
    """Store the table, a line for each language of each text."""
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    lines = ["{"]
    for part in ("texts", "sentences"):
        lines.append(f' "{part}": {{')
        entries = []
        for english, known in table[part].items():
            in_order = [code for code in LANGUAGES if known.get(code)]
            said = ",\n".join(f'  "{code}": {json.dumps(known[code], ensure_ascii=False)}' for code in in_order)
            entries.append(f" {json.dumps(english, ensure_ascii=False)}: {{" + (f"\n{said}\n }}" if said else "}"))
        lines += [",\n".join(entries), " }," if part == "texts" else " }"]
    TABLE.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")


def export_ts(table: dict, language: str, path: Path) -> None:
    """Write a language as a file of Qt Linguist."""
    counted = {english for english, is_counted in collect()[0].items() if is_counted}
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    for part in ("texts", "sentences"):
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = part
        for english, known in table[part].items():
            plural = part == "texts" and english in counted
            message = ElementTree.SubElement(context, "message", **({"numerus": "yes"} if plural else {}))
            source, _, remark = english.partition(REMARK)
            ElementTree.SubElement(message, "source").text = source
            if remark:
                ElementTree.SubElement(message, "comment").text = remark
            said = known.get(language)
            entry = ElementTree.SubElement(message, "translation", **({} if said else {"type": "unfinished"}))
            if plural:
                for form in said or [""] * N_PLURALS[language]:
                    ElementTree.SubElement(entry, "numerusform").text = form
            else:
                entry.text = said or ""
    ElementTree.indent(root)
    path.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n",
        encoding="utf-8",
    )


def import_ts(table: dict, path: Path) -> int:
    """Take the translations of a file of Qt Linguist; returns how many texts of the table it has."""
    root = ElementTree.parse(path).getroot()
    language = root.get("language", "")
    if language not in LANGUAGES:
        raise SystemExit(f"{path} is of language {language!r}: the table has {', '.join(LANGUAGES)}.")
    taken = 0
    for context in root.iter("context"):
        part = table.get(context.findtext("name", ""), {})
        for message in context.iter("message"):
            remark, entry = message.findtext("comment"), message.find("translation")
            english = message.findtext("source", "") + (f"{REMARK}{remark}" if remark else "")
            if english not in part or entry is None or entry.get("type") == "unfinished":
                continue
            forms = [form.text or "" for form in entry.iter("numerusform")]
            part[english][language] = forms or entry.text or ""
            taken += 1
    return taken


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py translations", description=__doc__.partition("\n")[0])
    parser.add_argument("action", nargs="?", choices=("collect", "export", "import"), default="collect")
    parser.add_argument("arguments", nargs="*", metavar="LANGUAGE or FILE")
    args = parser.parse_args(argv)
    table = read_table()
    added, dropped = update(table)
    if args.action == "export":
        if len(args.arguments) != 2 or args.arguments[0] not in LANGUAGES:
            parser.error(f"export takes a language ({', '.join(LANGUAGES)}) and a file")
        export_ts(table, args.arguments[0], Path(args.arguments[1]))
        return 0
    if args.action == "import":
        print(f"{sum(import_ts(table, Path(name)) for name in args.arguments)} translations taken")
    write_table(table)
    print(f"{sum(map(len, table.values()))} texts, {added} new, {dropped} gone")
    for language in LANGUAGES:
        lacking = missing(table, language)
        print(f"{language}: {'complete' if not lacking else f'{len(lacking)} missing'}")
    return 0


def _sources() -> list[Path]:
    """The modules of the window, and those of core that it reaches."""
    found: set[Path] = set()
    waiting = sorted((ROOT / "fineparser_gui").rglob("*.py"))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return sorted(found)


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fineparser_core"):
            for name in (node.module, *(f"{node.module}.{one.name}" for one in node.names)):
                place = ROOT.joinpath(*name.split("."))
                yield from (one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file())


def _is_unseen(path: Path) -> bool:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts[1:])
    in_core = path.relative_to(ROOT).parts[0] == "fineparser_core"
    return in_core and any(module == one or module.startswith(f"{one}.") for one in _UNSEEN)


def _texts(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "tr":
            given = node.args
        elif name in ("translate", "QT_TRANSLATE_NOOP"):
            given = node.args[1:]
        elif name in ("text", "marked") and isinstance(node.func, ast.Name):
            remark = next((one.value for one in node.keywords if one.arg == "remark"), ast.Constant(None))
            given = [*node.args[:1], remark]
        else:
            continue
        remark = given[1].value if len(given) > 1 and isinstance(given[1], ast.Constant) else ""
        for english in _constants(given[0]) if given else ():
            yield f"{english}{REMARK}{remark}" if remark else english, len(given) > 2


def _constants(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def _sentences(tree: ast.AST) -> Iterator[str]:
    """Templates of the sentences that the code says, not those of its documentation or its log."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(node.value)
        elif isinstance(node, ast.Call) and _is_silent(node.func):
            silent.update(one for argument in node.args for one in ast.walk(argument))
        elif isinstance(node, ast.JoinedStr):
            silent.update(one for one in ast.walk(node) if isinstance(one, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "phrase":
            yield _template(node.args[0])
        elif isinstance(node, ast.Constant | ast.JoinedStr) and node not in silent:
            template = _template(node)
            if _SENTENCE.fullmatch(template):
                yield template


def _is_silent(function: ast.AST) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    of_log = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") in ("log", "logging", "re")
    return of_log or name in (
        "tr",
        "translate",
        "QT_TRANSLATE_NOOP",
        "text",
        "marked",
        "phrase",
        "add_argument",
        "compile",
    )


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts, places = [], 0
    for part in getattr(node, "values", ()):
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{places}}}")
            places += 1
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
