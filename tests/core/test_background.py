"""Processes that work behind the window leave the processor to it."""

import subprocess
import sys

import pytest

from fineparser_core import background

_TELL = """
import os
from fineparser_core.background import step_back
step_back()
print(os.sched_getscheduler(0) == os.SCHED_IDLE)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="scheduling classes are Linux's")
def test_a_process_that_steps_back_runs_where_nobody_else_wants_to():
    said = subprocess.run([sys.executable, "-c", _TELL], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "True"


def test_it_competes_where_it_may_not_step_back(monkeypatch):
    def refuse(*_arguments):
        raise PermissionError

    monkeypatch.setattr(background.sys, "platform", "linux")
    monkeypatch.setattr(background.os, "SCHED_IDLE", 5, raising=False)
    monkeypatch.setattr(background.os, "sched_param", lambda _priority: None, raising=False)
    monkeypatch.setattr(background.os, "sched_setscheduler", refuse, raising=False)
    background.step_back()
