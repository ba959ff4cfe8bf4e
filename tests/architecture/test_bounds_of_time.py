"""No test asserts seconds: ratios of times are in packaging/benchmarks, and pytest's time-out alone ends hangs."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = {"perf_counter", "monotonic", "process_time", "thread_time", "getrusage", "elapsed"}
#: A time limit of their own, in seconds, as the first argument.
WAITS = {"wait", "join", "result", "settimeout"}
#: Their waits are milliseconds in which nothing may happen.
BOTS = {"qtbot", "waiter", "self"}
#: Tells what hangs in the corpus of hostile files; by default its limit is pytest's.
LIMITED = {"hostile/sandbox.py"}


def is_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    return name == "time.time" or name.rpartition(".")[2].removesuffix("_ns") in CLOCKS


def is_instant(node: ast.AST) -> bool:
    """Return True for a clock's reading, one with something added, and a tuple of them."""
    if isinstance(node, ast.BinOp):
        return is_instant(node.left) or is_instant(node.right)
    return is_clock(node) or (isinstance(node, ast.Tuple) and any(map(is_instant, node.elts)))


def is_limit(call: ast.Call) -> bool:
    """Return True for a time-out that is not what pytest's leaves, which is asked for by a call."""
    named = [key.value for key in call.keywords if key.arg == "timeout"]
    if named:
        return not isinstance(named[0], ast.Call) and ast.unparse(named[0]) != "None"
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WAITS or not call.args:
        return False
    first = call.args[0]
    seconds = isinstance(first, ast.Constant) and isinstance(first.value, int | float) and first.value >= 1
    return seconds and ast.unparse(call.func.value) not in BOTS


def bounds_of_time(source: str) -> Iterator[int]:
    """Yield the lines that compare a clock's reading, or limit a wait."""
    tree = ast.parse(source)
    instants = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.NamedExpr) and is_instant(node.value)
        for name in ast.walk(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        if isinstance(name, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            if any(is_clock(part) or (isinstance(part, ast.Name) and part.id in instants) for part in ast.walk(node)):
                yield node.lineno
        elif isinstance(node, ast.Call) and is_limit(node):
            yield node.lineno


def test_bounds_are_found() -> None:
    for bound in (
        "assert time.monotonic() - 3 < 5",
        "began_s, n = perf_counter(), 0\nassert n - began_s < 1",
        "while (end := time.time() + 60) and end > 1: pass",
        "subprocess.run(command, timeout=60)",
        "process.wait(60)",
        "qtbot.waitUntil(done, timeout=PATIENCE_MS)",
    ):
        assert list(bounds_of_time(bound)), bound
    for free in ("print(time.time() - began_s)", "wait(timeout=left_ms())", "qtbot.wait(50)", "watch(timeout_s=5)"):
        assert not list(bounds_of_time(free)), free


def test_no_test_has_bounds_of_time() -> None:
    paths = {path.relative_to(TESTS).as_posix(): path for path in TESTS.rglob("*.py")}
    found = [
        f"tests/{name}:{line}"
        for name, path in sorted(paths.items())
        if name not in LIMITED
        for line in bounds_of_time(path.read_text(encoding="utf-8"))
    ]
    assert not found, (
        "These lines compare a time or limit a wait, which fails on a slow machine: count steps, tell the order of "
        f"events or wait for a condition; a ratio of times belongs in packaging/benchmarks. {found}"
    )
