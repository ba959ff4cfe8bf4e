"""A made-up analysis of a small real file."""

import pytest
from made_analysis import made_analysis

from fineparser_core.language import ENGLISH, use_language


@pytest.fixture
def make_analysis():
    """`made_analysis`."""
    return made_analysis


@pytest.fixture
def speak():
    """`use_language` for one test."""
    yield use_language
    use_language(ENGLISH)
