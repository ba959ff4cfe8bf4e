"""`packaging/dev.py`: what it says where it cannot go on, and when it sets up anew."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path: Path) -> ModuleType:
    """The set-up of a checkout that holds the least there can be."""
    folder = tmp_path / "checkout" / "packaging"
    folder.mkdir(parents=True)
    shutil.copy(PACKAGING / "environment.py", folder)
    (folder.parent / "pyproject.toml").write_text("[project]\nname = 'fineparser'\nversion = '0'\n")
    (folder.parent / "fineparser_core").mkdir()
    return load(folder / "environment.py", "environment_under_test")


def test_old_python_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    dev = load(PACKAGING / "dev.py", "dev_under_test")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
        code = dev.main(["demo"])
    assert code == 1
    assert (
        capsys.readouterr().err == "FineParser needs Python 3.11 or newer and this is 3.9: run this with a newer one.\n"
    )


def test_ci_runs_what_the_readme_says() -> None:
    assert "python packaging/dev.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").read_text().endswith("exec python3 packaging/dev.py test\n")


def test_the_whole_run_leaves_no_folder_of_tests_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PACKAGING)
    folders = {path.relative_to(ROOT).parts[1] for path in (ROOT / "tests").rglob("test_*.py")}
    assert {f"tests/{name}" for name in folders} == set(load(PACKAGING / "tasks.py", "tasks_under_test")._TESTS)


def test_half_a_checkout(environment: ModuleType) -> None:
    (environment.ROOT / "pyproject.toml").unlink()
    with pytest.raises(environment.SetupError, match="not a whole checkout"):
        environment.ensure_environment()


def test_something_else_in_the_place_of_the_environment(environment: ModuleType) -> None:
    environment.VENV.write_text("mine")
    with pytest.raises(environment.SetupError, match="move it away"):
        environment.ensure_environment()
    assert environment.VENV.read_text() == "mine"


def test_stamp_follows_the_project(environment: ModuleType) -> None:
    before = environment._stamp()
    with (environment.ROOT / "pyproject.toml").open("a") as project:
        project.write("dependencies = ['numpy']\n")
    assert environment._stamp() != before


def test_finished_environment_is_left_alone(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.VENV.mkdir()
    environment._STAMP.write_text(environment._stamp())
    monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(environment, "run_step", lambda *args: pytest.fail("set up again"))
    environment.ensure_environment()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: of some kind", "It went wrong"),
        ("Failed to establish a new connection: [Errno 101]", "check the network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_failed_step_shows_its_tail_and_says_why(
    environment: ModuleType, capfd: pytest.CaptureFixture[str], output: str, sentence: str
) -> None:
    code = f"import sys; print(*range(100), sep='\\n'); print({output!r}); sys.exit(1)"
    with pytest.raises(environment.SetupError, match=sentence):
        environment.run_step([sys.executable, "-c", code], "It went wrong")
    tail = capfd.readouterr().err.splitlines()
    assert tail[-1] == output
    assert tail[0] == "86"


def test_no_display_is_told_before_anything_is_set_up(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("other systems always have a display")
    shutil.copytree(PACKAGING, tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "packaging" / "dev.py"), "app"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("dev.py: There is no display here")
    assert not (tmp_path / ".venv").exists()


def test_demo_without_the_sample_is_told(tmp_path: Path) -> None:
    shutil.copytree(PACKAGING, tmp_path / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "packaging" / "dev.py"), "demo"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("dev.py: The bundled sample dive")
