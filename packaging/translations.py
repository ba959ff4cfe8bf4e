"""Brings the catalogue of translations up to date with the code, and says what each language lacks.

`python packaging/dev.py translations` collects every text, adds what is new and drops what is gone, or follows from the
text of a menu;
`… translations export LANGUAGE FILE.po` writes a language for Poedit and its like, `… translations import FILE.po`
takes it back.
"""

import argparse
import functools
import inspect
import json
import sys
from gettext import c2py
from pathlib import Path

import grimp
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fineparser_core import errors  # noqa: E402
from fineparser_core.language import ENGLISH, REMARK, plain_texts, plural_rule, read_texts  # noqa: E402
from fineparser_core.language import LANGUAGES as SPOKEN  # noqa: E402

N_PLURALS = {code: 1 + max(map(c2py(plural_rule(code)), range(200))) for code in SPOKEN}
TABLE = ROOT / "resources" / "translations" / "texts.json"
LANGUAGES = tuple(code for code in SPOKEN if code != ENGLISH)
#: Calls that take a text, and which of their arguments it is, by how many they have (a last comma counts as one more);
#: twice where a count decides.
_TAKE_TEXTS = {
    **{name: (1,) for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)},
    **dict.fromkeys(("Phrase", "text"), (1,)),
    "tr": {None: (1,), 3: (1, 1), 4: (1, 1)},
}
#: Packages of core whose errors no window shows: programs choose settings and networks, commands read judged dives.
_UNSEEN = ("config", "methods", "models", "checkpoints.build", "data.judged_dives")

#: {English: {language: text, or its plural forms}}.
Table = dict[str, dict[str, str | list[str]]]


@functools.cache
def collect() -> dict[str, bool]:
    """Everything that people may read in the window, in its exports and reports: whether a count decides."""
    graph = grimp.build_graph("fineparser_core", "fineparser_gui", cache_dir=None)
    unseen = {f"fineparser_core.{package}" for package in _UNSEEN}
    unseen |= {inner for package in unseen for inner in graph.find_descendants(package)}
    reached = graph.find_upstream_modules("fineparser_gui", as_package=True) - unseen
    paths = [ROOT.joinpath(*module.split(".")) for module in reached | graph.find_descendants("fineparser_gui")]
    sources = [(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"), "python") for path in paths]
    sources += [(path, "jinja2") for path in (ROOT / "fineparser_core" / "export").rglob("*.j2")]
    found: dict[str, bool] = {}
    for path, kind in sources:
        for _, said, _, _ in extract_from_file(kind, path, keywords=_TAKE_TEXTS):
            english = said if isinstance(said, str) else said[0]
            found[english] = found.get(english, False) or not isinstance(said, str)
    return found


def update(table: Table) -> tuple[Table, int, int]:
    """Return the table with what is new in the code, without what is gone; and how many of each."""
    collected = collect()
    updated: Table = {}
    plain = plain_texts({english: table.get(english, {}) for english in collected})
    for english in sorted(collected, key=lambda one: (one.lower(), one)):
        if english in plain and table.get(english, plain[english]) == plain[english]:
            continue
        known = table.get(english, {})
        # Whether a count decides may have changed: to be looked at again.
        updated[english] = {code: said for code, said in known.items() if isinstance(said, list) == collected[english]}
    return updated, len(updated.keys() - table.keys()), len(table.keys() - updated.keys())


def missing(table: Table, language: str) -> list[str]:
    """Return what a language lacks."""
    return [english for english, known in table.items() if not known.get(language)]


def read_table() -> Table:
    """Return the table as it is stored."""
    return read_texts(TABLE)


def write_table(table: Table) -> None:
    """Store the table, a line for each text."""
    rows = [
        ["en", *LANGUAGES],
        *([english, *(known.get(code) for code in LANGUAGES)] for english, known in table.items()),
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def export_po(table: Table, language: str, path: Path) -> None:
    """Write a language as a catalogue of gettext."""
    catalog = Catalog(locale=language, project="FineParser Studio", fuzzy=False)
    rule = f"nplurals={N_PLURALS[language]}; plural=({plural_rule(language)});"
    catalog.mime_headers = [*catalog.mime_headers, ("Plural-Forms", rule)]  # babel's are those of all numbers
    for english, known in table.items():
        source, _, remark = english.partition(REMARK)
        said, counted = known.get(language, ""), collect()[english]
        catalog.add((source, source) if counted else source, said, context=remark or None)
    with path.open("wb") as file:
        write_po(file, catalog)


def import_po(table: Table, path: Path) -> int:
    """Take the translations of a catalogue of gettext; returns how many texts of the table it has."""
    with path.open("rb") as file:
        catalog = read_po(file)
    language = str(catalog.locale)
    if language not in LANGUAGES:
        raise SystemExit(f"{path} is of language {language!r}: the table has {', '.join(LANGUAGES)}.")
    taken = 0
    for message in catalog:
        source = message.id if isinstance(message.id, str) else message.id[0]
        english = f"{source}{REMARK}{message.context}" if message.context else source
        forms = [message.string] if isinstance(message.string, str) else message.string
        if english in table and all(forms) and not message.fuzzy:
            table[english][language] = message.string if isinstance(message.string, str) else list(forms)
            taken += 1
    return taken


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py translations", description=__doc__.partition("\n")[0])
    parser.add_argument("action", nargs="?", choices=("collect", "export", "import"), default="collect")
    parser.add_argument("arguments", nargs="*", metavar="LANGUAGE or FILE")
    args = parser.parse_args(argv)
    table, added, dropped = update(read_table())
    if args.action == "export":
        if len(args.arguments) != 2 or args.arguments[0] not in LANGUAGES:
            parser.error(f"export takes a language ({', '.join(LANGUAGES)}) and a file")
        export_po(table, args.arguments[0], Path(args.arguments[1]))
        return 0
    if args.action == "import":
        print(f"{sum(import_po(table, Path(name)) for name in args.arguments)} translations taken")
    write_table(table)
    print(f"{len(table)} texts, {added} new, {dropped} gone")
    for language in LANGUAGES:
        lacking = missing(table, language)
        print(f"{language}: {'complete' if not lacking else f'{len(lacking)} missing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
