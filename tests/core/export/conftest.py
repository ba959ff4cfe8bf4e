"""A made-up analysis of a small real file."""

from collections.abc import Callable, Iterator

import pytest
from made_analysis import made_analysis

from fineparser_core.language import ENGLISH, use_language
from fineparser_core.records import Analysis


@pytest.fixture
def make_analysis() -> Callable[..., Analysis]:
    """`made_analysis`."""
    return made_analysis


@pytest.fixture
def speak() -> Iterator[Callable[[str], None]]:
    """`use_language` for one test."""
    yield use_language
    use_language(ENGLISH)
