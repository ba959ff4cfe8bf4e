"""Documents: what they link to is there, and the guide in each language has the parts and names of the English one."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from fineparser_core import __version__
from fineparser_core.errors import ExitCode
from fineparser_core.language import ENGLISH, LANGUAGES, REMARK, plain_texts, read_texts, without_mnemonic
from fineparser_core.measures import NAMES
from fineparser_gui.shell.catalog import CATALOG
from fineparser_gui.shell.window_state import FIXED
from fineparser_gui.support.log_file import log_file, log_folder
from fineparser_gui.worker.analysis_cache import MOST_BYTES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("packaging/**/*.md"), *ROOT.glob("resources/**/*.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), target


PATHS = re.compile(r"`((?:fineparser_core|fineparser_gui|packaging|resources|tests|\.github)/[\w./-]+)`")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_paths_of_the_checkout_exist(path):
    named = PATHS.findall(path.read_text(encoding="utf-8"))
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_counts_of_the_documents_are_those_of_the_code():
    changes = (ROOT / "packaging" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{len(NAMES)} measures" in changes
    installing = (ROOT / "packaging" / "docs" / "installing.md").read_text(encoding="utf-8")
    assert f"`{log_file(Path()).name}`" in installing
    assert f"`{log_folder(Path()).name}` in the first folder" in installing
    contributing = (ROOT / "packaging" / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"at most {MOST_BYTES // 10**9} GB" in contributing


def test_the_score_that_readme_shows_adds_up():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    score, difficulty, award = map(
        float, re.search(r"^Score ([\d.]+) .*DD ([\d.]+) .*award ([\d.]+)$", readme, re.M).groups()
    )
    mean = float(re.search(r"exemplars' mean score, ([\d.]+)", readme)[1])
    rows = {
        name: [float(value) for value in values.split()]
        for name, values in re.findall(r"^  (take-off|flight|entry|sum) +([-+][-+. \d]+)$", readme, re.M)
    }
    total = rows.pop("sum")
    assert len(rows) == 3
    assert score == pytest.approx(mean + total[0], abs=0.011)
    assert award == pytest.approx(score / 3 / difficulty, abs=0.006)
    assert total == pytest.approx([sum(column) for column in zip(*rows.values(), strict=True)], abs=0.021)
    for points, *streams in [*rows.values(), total]:
        assert points == pytest.approx(sum(streams), abs=0.021)


def test_the_way_from_a_dropped_file_to_the_first_mask_is_true_to_the_code():
    contributing = (ROOT / "packaging" / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    way = re.findall(r"^\d+\. `(\S+)` `([\w.]+)`", contributing, re.MULTILINE)
    assert 5 <= len(way) <= 10
    for file, name in way:
        body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        for part in name.split("."):
            (found,) = (node for node in body if getattr(node, "name", None) == part)
            body = found.body


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 250


def test_what_is_cited_is_this_version():
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_table_of_exit_codes_is_that_of_the_code():
    text = (ROOT / "packaging" / "docs" / "command-line.md").read_text(encoding="utf-8")
    rows = [("code", "meaning"), ("---", "---"), *((str(code.value), code.meaning) for code in ExitCode)]
    table = "\n".join(f"| {code} | {meaning} |" for code, meaning in rows)
    assert text.partition("## Exit codes\n")[2].strip() == table


GUIDE = ROOT / "resources" / "guide"
FILES = {code: GUIDE / f"{code}.md" for code in LANGUAGES}
TRANSLATED = [code for code in FILES if code != ENGLISH]
KEYS = {key for spec in CATALOG for key in spec.keys} | {key for _, _, keys in FIXED for key in keys}
MOST_LETTERS = 18_000


def text_of(code):
    return FILES[code].read_text(encoding="utf-8")


def sections_of(code):
    return re.split("^## ", text_of(code), flags=re.MULTILINE)


def names_in(markdown):
    """What stands bold: texts of the app."""
    return [re.sub(r"\s+", " ", name) for name in re.findall(r"\*\*(.+?)\*\*", markdown, re.DOTALL)]


def keys_in(markdown):
    return Counter(re.findall("`([^`]+)`", markdown))


def numbers_in(markdown):
    """Numbers in digits, however the language writes the decimal mark."""
    return Counter(number.replace(",", ".") for number in re.findall(r"\d+(?:[.,]\d+)?", markdown))


@pytest.fixture(scope="module")
def said():
    """Plain English text of the app -> code of a language -> how it is said in it."""
    rows = read_texts(ROOT / "resources" / "translations" / "texts.json")
    table = plain_texts(rows) | rows
    found = {}
    for english, known in table.items():
        plain = without_mnemonic(english.partition(REMARK)[0])
        in_all = found.setdefault(plain, {ENGLISH: {plain}})
        for code, text in known.items():
            in_all.setdefault(code, set()).update(map(without_mnemonic, [text] if isinstance(text, str) else text))
    return found


def test_each_language_has_its_guide():
    assert set(FILES) == {path.stem for path in GUIDE.glob("*.md")}


def test_every_picture_is_shown():
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text_of(ENGLISH))
    assert set(shown) == {path.name for path in GUIDE.iterdir() if path.suffix != ".md"}


@pytest.mark.parametrize("code", FILES)
def test_what_stands_bold_is_a_text_of_the_app(code, said):
    known = {text for in_all in said.values() for text in in_all.get(code, ())}
    assert not [name for name in names_in(text_of(code)) if name not in known]


@pytest.mark.parametrize("code", FILES)
def test_what_stands_as_code_is_a_key_of_the_app_or_a_path(code):
    assert not [key for key in keys_in(text_of(code)) if key not in KEYS and "fineparser" not in key]


@pytest.mark.parametrize("code", FILES)
def test_it_is_no_book(code):
    assert len(text_of(code)) <= MOST_LETTERS


@pytest.mark.parametrize("code", TRANSLATED)
def test_it_has_the_parts_of_the_english_one(code):
    for pattern in (r"^(#+) ", r"^(\||- |\d+\. )", r"!\[[^]]+\]\(([^)]+)\)"):
        parts, english = (re.findall(pattern, text_of(one), re.MULTILINE) for one in (code, ENGLISH))
        assert parts == english


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_section_names_what_the_english_one_names(code, said):
    for section, english in zip(sections_of(code), sections_of(ENGLISH), strict=True):
        title = section.partition("\n")[0]
        assert keys_in(section) == keys_in(english), title
        assert numbers_in(section) == numbers_in(english), title
        left = names_in(section)
        for name in names_in(english):
            match = next((one for one in left if one in said[name][code]), None)
            assert match is not None, f"{title}: {name}"
            left.remove(match)
        assert not left, title
