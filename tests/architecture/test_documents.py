"""The documents: what they link to is there, and README.md stays short."""

import ast
import re
from pathlib import Path

import pytest

from fineparser_core import __version__
from fineparser_core.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("packaging/**/*.md"), *ROOT.glob("resources/**/*.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), target


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
