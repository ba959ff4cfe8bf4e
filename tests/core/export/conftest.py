"""A made-up analysis of a small real file."""

from collections.abc import Callable

import pytest
from made_analysis import made_analysis

from fineparser_core.types import Analysis


@pytest.fixture
def make_analysis() -> Callable[..., Analysis]:
    """`made_analysis`."""
    return made_analysis
