"""Files of tests have names of their own: their folders are no packages, and two of a name cannot be collected."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_no_two_files_of_tests_share_a_name() -> None:
    names = Counter(path.name for path in TESTS.rglob("*.py") if path.name not in ("conftest.py", "__init__.py"))
    assert not [name for name, count in names.items() if count > 1]
