"""The sandbox that all corpora share."""

import sys

import pytest
from sandbox import Sandbox

#: Longest time without progress in a case of the whole corpus, in seconds.
_MOST_SILENT_S = 10.0


@pytest.fixture(scope="session")
def measures_a_child():
    """Of every test with a sandbox."""
    if sys.platform != "linux":
        pytest.skip(
            "the sandbox measures its child as Linux alone lets it, Windows has neither /proc nor resource limits"
        )


@pytest.fixture(scope="module")
def sandbox(measures_a_child, tmp_path_factory, left_s):
    """A child process for the cases of one file."""
    box = Sandbox(tmp_path_factory.mktemp("sandbox"), left_s)
    yield box
    box.close()


@pytest.fixture(autouse=True)
def _silence(request, left_s):
    """Tell what is silent for long in the whole corpus; elsewhere pytest's time-out is the one limit."""
    if "sandbox" in request.fixturenames:
        hostile = request.node.get_closest_marker("hostile") is not None
        request.getfixturevalue("sandbox").silent_s = (lambda: _MOST_SILENT_S) if hostile else left_s
