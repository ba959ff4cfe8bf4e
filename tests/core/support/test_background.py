import subprocess
import sys

import pytest

from fineparser_core.support import processes

_SCRIPT = """
import os
from fineparser_core.support.processes import lower_priority
lower_priority()
print(os.sched_getscheduler(0) == os.SCHED_IDLE)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="scheduling classes are Linux's")
def test_lower_priority_joins_the_idle_scheduling_class():
    printed = subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "True"


def test_threads_expect_torch_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")  # so that what the call sets is taken back
    monkeypatch.delenv("OMP_WAIT_POLICY")
    processes.expect_torch()
    assert processes.os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    processes.expect_torch()
    assert processes.os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
