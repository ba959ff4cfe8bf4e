"""Write the page of licenses of the packages that the app is built with, and their texts, into a folder.

`python packaging/licenses.py FOLDER`, as `dev.py bundle` does: the app shows both.
"""

import re
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

from fineparser_core.resources import LICENSE_PAGE, LICENSE_TEXTS, resource
from fineparser_core.support.atomic import write_whole

_OWN = "fineparser"
_EXTRAS = {"", "gui"}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_IS_TEXT = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_LONGEST_TEXT = 500_000

# Kept by hand: what metadata do not say, and the GPL 2, which no package brings. The GPL 3 comes with NumPy, the LGPL 3
# with fpdf2 and the LGPL 2.1 with OpenCV.
_KEPT = resource("licences")
#: Licenses of packages whose metadata name none.
_UNNAMED = {"cuda-toolkit": "LicenseRef-NVIDIA-Proprietary"}
_NOTES = _KEPT / "notes.md"


@dataclass(frozen=True)
class Licensed:
    """A third-party package.

    Attributes:
        license: as its metadata name it; "" where they do not.
        home: address of its page; "" where unknown.
        texts: name and content of each license file that it brings.
    """

    name: str
    version: str
    license: str
    home: str
    texts: tuple[tuple[str, str], ...]


@cache
def packages_in_use() -> tuple[Licensed, ...]:
    """Return every installed package that the command line and the app need, by name; they are read once.

    Empty where metadata are missing.
    """
    found: dict[str, Licensed] = {}
    waiting = [(_OWN, _EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of another system or Python
            continue
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        found[key] = _licensed(package)
        for line in package.requires or ():
            condition = _EXTRA.search(line)
            needed = _REQUIREMENT.match(line)
            if needed and (condition is None or condition[1] in extras):
                waiting.append((needed[1], {""}))
    found.pop(_OWN, None)
    return tuple(found[key] for key in sorted(found))


def _licensed(package: Distribution) -> Licensed:
    facts = package.metadata
    license = _field(facts, "License-Expression")
    if not license:
        classifiers = [text.rpartition(" :: ")[2] for text in facts.get_all("Classifier") or () if "License ::" in text]
        plain = _field(facts, "License").strip().splitlines()
        license = ", ".join(classifiers) or (plain[0][:80] if plain else _UNNAMED.get(facts["Name"], ""))
    links = dict(line.split(", ", 1) for line in facts.get_all("Project-URL") or () if ", " in line)
    home = _field(facts, "Home-page") or next(
        (links[name] for name in ("Homepage", "homepage", "Source") if name in links), ""
    )
    return Licensed(facts["Name"], package.version, license, home, tuple(_texts(package)))


def _field(facts: PackageMetadata, name: str) -> str:
    return str(facts[name]) if name in facts else ""


def _texts(package: Distribution) -> list[tuple[str, str]]:
    texts: dict[str, str] = {}
    for file in package.files or ():
        if _IS_TEXT.search(file.name) and file.suffix.lower() not in (".py", ".pyc", ".html"):
            path = Path(str(package.locate_file(file)))
            if path.is_file() and path.stat().st_size <= _LONGEST_TEXT:
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                texts.setdefault(text, str(file))  # the same text often lies at two places
    return [(name, text) for text, name in texts.items()]


def license_page() -> str:
    """Return the page as Markdown: all packages with version and license, and what needs saying of some."""
    rows = [
        f"| {f'[{one.name}]({one.home})' if one.home else one.name} | {one.version} | {_cell(one.license)} |"
        for one in packages_in_use()
    ]
    table = "\n".join(("| package | version | licence |", "| --- | --- | --- |", *rows))
    heading = (
        "# Licences\n\nFineParser Studio is under the Apache Licence 2.0. It is made with the packages below; "
        f"their licences are in the file {LICENSE_TEXTS} beside this page."
    )
    return f"{heading}\n\n{table}\n\n{_NOTES.read_text(encoding='utf-8')}"


def license_texts() -> str:
    """Return the license files of all packages in a row."""
    parts = [(f"Python {sys.version.split()[0]}", _text_of_python())]
    for one in packages_in_use():
        parts += [(f"{one.name} {one.version}: {name}", text) for name, text in one.texts]
    parts += [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_KEPT.glob("*.txt"))]
    line = "=" * 100
    return "\n\n".join(f"{line}\n{heading}\n{line}\n\n{text}" for heading, text in parts if text) + "\n"


def _text_of_python() -> str:
    places = (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt")
    return next((path.read_text(encoding="utf-8", errors="replace") for path in places if path.is_file()), "")


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def write_licenses(folder: Path) -> None:
    """Write the page and the texts into a folder.

    Raises:
        SystemExit: the program is not installed in this Python.
    """
    if not packages_in_use():
        raise SystemExit("There is no package to name: fineparser itself is not installed in this Python.")
    write_whole(folder / LICENSE_PAGE, license_page())
    write_whole(folder / LICENSE_TEXTS, license_texts())


if __name__ == "__main__":
    write_licenses(Path(sys.argv[1]))
