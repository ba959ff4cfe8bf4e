"""The sandbox and the tally that all corpora share; the table is printed at the end of the run."""

from collections.abc import Iterator

import pytest
from sandbox import Sandbox, Tally

_TALLY = Tally()


@pytest.fixture(scope="session")
def tally() -> Tally:
    """Counts the outcomes of this run."""
    return _TALLY


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A child process for the cases of one file."""
    box = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield box
    box.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, where cases were counted in this process."""
    lines = _TALLY.table()
    if lines and not hasattr(config, "workerinput"):
        terminalreporter.section("hostile input")
        for line in lines:
            terminalreporter.line(line)
