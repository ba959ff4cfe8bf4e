import os
import subprocess
import sys
from pathlib import Path

import pytest

from fineparser_core.support import processes
from fineparser_core.support.processes import RUN_MODULE, own_process

ENTRY = Path(__file__).resolve().parents[3] / "packaging" / "bundle" / "command_line.py"


UNTRUSTED = ("multiprocessing", "pickle", "json", "pip", "signal", "numpy")
ABSOLUTE_VALUES = """
from fineparser_core.support.processes import serve_jobs
serve_jobs(lambda options: lambda job: b"%d\\n" % abs(job), type(None), int)
"""
PROGRAMS = {
    "jobs": """
from fineparser_core.progress import CancelToken
from fineparser_core.support.processes import do_jobs

print(sorted((place, int(line)) for place, line in do_jobs("absolute_values", None, [-1, -2], 2, CancelToken())))
""",
    "pool": """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from fineparser_core.support.processes import safe_path

if __name__ == "__main__":
    with safe_path(), ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        print(list(enumerate(pool.map(abs, [-1, -2]))))
""",
    "pip": """
from pathlib import Path
from fineparser_core.checkpoints.kinetics import fetch_kinetics
from fineparser_core.errors import CheckpointError

try:
    fetch_kinetics(Path(__file__).parent)
except CheckpointError as error:
    assert "pip could not download" in str(error), error
    print([(0, 1), (1, 2)])
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_files_of_the_working_folder_are_never_run(tmp_path, program):
    """A script's own folder is on the path, as that of an installed command is; where it is called from is not."""
    script = tmp_path / "bin" / "script.py"
    clips = tmp_path / "clips"
    for folder in (script.parent, clips):
        folder.mkdir()
    script.write_text(PROGRAMS[program], encoding="utf-8")
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "absolute_values.py").write_text(ABSOLUTE_VALUES, encoding="utf-8")
    for name in UNTRUSTED:
        (clips / f"{name}.py").write_text(f"open({str(tmp_path / name)!r}, 'w').close()", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    paths = os.pathsep.join([*filter(None, [environment.get("PYTHONPATH")]), str(modules)])
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=clips,
        env=environment | {"PIP_NO_INDEX": "1", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert [name for name in UNTRUSTED if (tmp_path / name).exists()] == []
    assert done.stdout.split("\n")[0] == "[(0, 1), (1, 2)]", done.stderr


@pytest.mark.parametrize(("window", "command_line"), [("fineparser-gui", "fineparser"), ("a.exe", "fineparser.exe")])
def test_the_frozen_app_starts_the_program_beside_its_own(monkeypatch, tmp_path, window, command_line):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / window))
    expected = [str(tmp_path / command_line), RUN_MODULE, "fineparser_core.export.jobs", "folder"]
    assert own_process("fineparser_core.export.jobs", "folder") == expected


def run_entry(*arguments, folder):
    command = [sys.executable, "-P", str(ENTRY), *arguments]
    return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_the_frozen_command_line_runs_a_module_of_ours_as_the_interpreter_does(tmp_path):
    job = ("fineparser_core.export.jobs", str(tmp_path / "none"))
    frozen = run_entry(RUN_MODULE, *job, folder=tmp_path)
    plain = subprocess.run(own_process(*job), cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (frozen.returncode, frozen.stdout) == (plain.returncode, plain.stdout)


def test_the_frozen_command_line_is_the_command_otherwise(tmp_path):
    assert run_entry("--version", folder=tmp_path).stdout.startswith("fineparser ")
    refused = run_entry(RUN_MODULE, "http.server", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_noise_on_stdout_does_not_reach_the_pipe():
    code = (
        "import os\n"
        "from fineparser_core.support.processes import ParentPipe\n"
        "pipe = ParentPipe(gone=exit)\n"
        "print('python noise', flush=True)\n"
        "os.write(1, b'native noise')\n"
        "pipe.write(b'message')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"message"
    assert b"python noise" in done.stderr
    assert b"native noise" in done.stderr


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
