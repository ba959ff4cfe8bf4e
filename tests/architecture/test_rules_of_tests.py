"""Tests assert no seconds, as pytest's time-out alone ends what hangs, and their files have names of their own."""

import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
#: A clock that is read; a time-out that is neither None nor what a call leaves; a wait of seconds, bots' are of ms.
BOUND = re.compile(
    r"\b(perf_counter|monotonic|process_time|thread_time|getrusage|elapsed|time\.time)(_ns)?\("
    r"|\w\(.*\btimeout=(?!None)(?![\w.]+\()|(?<!bot)(?<!waiter)(?<!self)\.(wait|join|result|settimeout)\([1-9]"
)
#: Files that send at a pace, stamp files or tell times, and those that end what hangs.
WITH_CLOCKS = {
    *("conftest.py", "stream_server.py", "sandbox.py", "sandbox_child.py", "test_frozen_app.py"),
    *("test_history_store.py", "test_kept_sessions.py", "test_poolside.py", Path(__file__).name),
}


def test_bounds_are_found():
    for bound in (
        "assert time.monotonic() - 3 < 5",
        "began_s, n = perf_counter(), 0",
        "subprocess.run(command, timeout=60)",
        "process.wait(60)",
        "qtbot.waitUntil(done, timeout=PATIENCE_MS)",
    ):
        assert BOUND.search(bound), bound
    for free in ("wait(timeout=left_ms())", "qtbot.wait(50)", "watch(timeout_s=5)", "def wait(self, timeout=None):"):
        assert not BOUND.search(free), free


def test_no_test_has_bounds_of_time():
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in TESTS.rglob("*.py")
        if path.name not in WITH_CLOCKS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if BOUND.search(line)
    ]
    assert not found, (
        "These lines read a clock or limit a wait, which fails on a slow machine: count steps, tell the order of "
        f"events or wait for a condition; a ratio of times belongs in packaging/benchmarks. {found}"
    )


def test_no_two_files_of_tests_share_a_name():
    """Their folders are no packages, and two files of a name cannot be collected."""
    names = Counter(path.name for path in TESTS.rglob("*.py") if path.name not in ("conftest.py", "__init__.py"))
    assert not [name for name, count in names.items() if count > 1]
