import subprocess
import sys
from pathlib import Path

import pytest

from fineparser_core.support.own_process import RUN_MODULE, own_process

ENTRY = Path(__file__).resolve().parents[3] / "packaging" / "bundle" / "command_line.py"


def test_the_working_directory_is_not_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the json of a folder')")
    job = own_process("fineparser_core.export.job_process", str(tmp_path / "none"))
    done = subprocess.run(job, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "the json of a folder" not in done.stdout + done.stderr
    assert str(tmp_path / "none") in done.stdout + done.stderr


@pytest.mark.parametrize(("window", "command_line"), [("fineparser-gui", "fineparser"), ("a.exe", "fineparser.exe")])
def test_the_frozen_app_starts_the_program_beside_its_own(monkeypatch, tmp_path: Path, window, command_line) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / window))
    expected = [str(tmp_path / command_line), RUN_MODULE, "fineparser_core.export.job_process", "folder"]
    assert own_process("fineparser_core.export.job_process", "folder") == expected


def run_entry(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", str(ENTRY), *arguments]
    return subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_the_frozen_command_line_runs_a_module_of_ours_as_the_interpreter_does(tmp_path: Path) -> None:
    job = ("fineparser_core.export.job_process", str(tmp_path / "none"))
    frozen = run_entry(RUN_MODULE, *job, folder=tmp_path)
    plain = subprocess.run(own_process(*job), cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (frozen.returncode, frozen.stdout) == (plain.returncode, plain.stdout)


def test_the_frozen_command_line_is_the_command_otherwise(tmp_path: Path) -> None:
    assert run_entry("--version", folder=tmp_path).stdout.startswith("fineparser ")
    refused = run_entry(RUN_MODULE, "http.server", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
