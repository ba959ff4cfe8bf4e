"""What goes wrong in a slot, a method that Qt calls, a thread or a teardown fails the test in which it does."""

import ast
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

_HERE = Path(__file__).parent
_MISBEHAVING, _ENDS = _HERE / "misbehaving.py", "test_a_slot_ends_the_process"


def _run(*which: str) -> int:
    command = [sys.executable, "-P", "-m", "pytest", str(_MISBEHAVING), "-q", "-p", "no:cacheprovider", *which]
    return subprocess.run(command, cwd=_HERE.parents[1], capture_output=True, check=False).returncode


def test_each_fails_as_it_should(tmp_path):
    assert _run("--deselect", f"tests/gui/misbehaving.py::{_ENDS}", f"--junit-xml={tmp_path / 'report.xml'}") == 1
    cases = ElementTree.parse(tmp_path / "report.xml").iter("testcase")
    blamed = {
        str(case.get("name")) for case in cases if case.find("failure") is not None or case.find("error") is not None
    }
    bodies = ast.parse(_MISBEHAVING.read_text(encoding="utf-8")).body
    assert blamed == {one.name for one in bodies if getattr(one, "name", "").startswith("test_")} - {_ENDS}


def test_a_slot_that_ends_the_process_ends_no_run_well():
    assert _run("-k", _ENDS) == 1
