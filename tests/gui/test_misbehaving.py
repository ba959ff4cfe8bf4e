"""What goes wrong in a slot, a method that Qt calls, a thread or a teardown fails the test in which it does."""

import ast
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

_HERE = Path(__file__).parent
_MISBEHAVING = _HERE / "misbehaving.py"


def test_each_fails_as_it_should(tmp_path):
    report = tmp_path / "report.xml"
    command = [sys.executable, "-P", "-m", "pytest", str(_MISBEHAVING), "-q", "-p", "no:cacheprovider"]
    subprocess.run([*command, f"--junit-xml={report}"], cwd=_HERE.parents[1], capture_output=True, check=False)
    cases = ElementTree.parse(report).iter("testcase")
    blamed = {case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None}
    bodies = ast.parse(_MISBEHAVING.read_text(encoding="utf-8")).body
    assert blamed == {one.name for one in bodies if getattr(one, "name", "").startswith("test_")}
