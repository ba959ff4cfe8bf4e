"""The sandbox and the tally that all corpora share; the table is printed at the end of the run."""

import sys
from collections.abc import Callable, Iterator

import pytest
from sandbox import Sandbox, Tally

_TALLY = Tally()
#: Longest time without progress in a case of the whole corpus, in seconds.
_MOST_SILENT_S = 10.0


@pytest.fixture(scope="session")
def tally() -> Tally:
    """Counts the outcomes of this run."""
    return _TALLY


@pytest.fixture(scope="session")
def measures_a_child() -> None:
    """Of every test with a sandbox."""
    if sys.platform != "linux":
        pytest.skip(
            "the sandbox measures its child as Linux alone lets it, Windows has neither /proc nor resource limits"
        )


@pytest.fixture(scope="module")
def sandbox(
    measures_a_child: None, tmp_path_factory: pytest.TempPathFactory, left_s: Callable[[], float]
) -> Iterator[Sandbox]:
    """A child process for the cases of one file."""
    box = Sandbox(tmp_path_factory.mktemp("sandbox"), left_s)
    yield box
    box.close()


@pytest.fixture(autouse=True)
def _silence(request: pytest.FixtureRequest, left_s: Callable[[], float]) -> None:
    """Tell what is silent for long in the whole corpus; elsewhere pytest's time-out is the one limit."""
    if "sandbox" in request.fixturenames:
        hostile = request.node.get_closest_marker("hostile") is not None
        request.getfixturevalue("sandbox").silent_s = (lambda: _MOST_SILENT_S) if hostile else left_s


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, where cases were counted in this process."""
    lines = _TALLY.table()
    if lines and not hasattr(config, "workerinput"):
        terminalreporter.section("hostile input")
        for line in lines:
            terminalreporter.line(line)
