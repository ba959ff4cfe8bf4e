"""`packaging/dev.py`: what it says where it cannot go on, and when it sets up anew."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging"))
from licenses import license_texts, packages_in_use, write_licenses

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """The set-up of a checkout that holds the least there can be."""
    monkeypatch.delenv("FINEPARSER_VENV", raising=False)
    folder = tmp_path / "checkout" / "packaging"
    folder.mkdir(parents=True)
    shutil.copy(PACKAGING / "environment.py", folder)
    (folder.parent / "pyproject.toml").write_text("[project]\nname = 'fineparser'\nversion = '0'\n", encoding="utf-8")
    (folder / "lock.txt").write_text(
        "# [torch]\ntorch\n# [core]\nnumpy==2\n# [gui dev]\nqt==6\n# [bundle]\npyi==6\n", encoding="utf-8"
    )
    (folder.parent / "fineparser_core").mkdir()
    return load(folder / "environment.py", "environment_under_test")


@pytest.mark.parametrize("version", [(3, 9), (3, 14)])
def test_another_python_is_told_in_a_sentence(monkeypatch, capsys, version):
    dev = load(PACKAGING / "dev.py", "dev_under_test")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (*version, 2, "final", 0))
        code = dev.main(["demo"])
    assert code == 1
    found = ".".join(map(str, version))
    sentence = f"FineParser needs Python 3.11 to 3.13 and this is {found}: run this with one of those.\n"
    assert capsys.readouterr().err == sentence


def test_the_whole_run_leaves_no_folder_of_tests_out(monkeypatch):
    monkeypatch.syspath_prepend(PACKAGING)
    folders = {path.relative_to(ROOT).parts[1] for path in (ROOT / "tests").rglob("test_*.py")}
    assert {f"tests/{name}" for name in folders} == set(load(PACKAGING / "tasks.py", "tasks_under_test")._TESTS)


def test_something_else_in_the_place_of_the_environment(environment):
    environment.VENV.folder.write_text("mine", encoding="utf-8")
    with pytest.raises(environment.SetupError, match="move it away"):
        environment.VENV.ensure()
    assert environment.VENV.folder.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["pyproject.toml", "packaging/lock.txt"])
def test_stamp_follows_the_project_and_the_lock(environment, name):
    before = environment.stamp()
    with (environment.ROOT / name).open("a") as file:
        file.write("\n")
    assert environment.stamp() != before


def test_what_an_extra_needs_is_installed_by_its_hash_and_nothing_else(environment, monkeypatch):
    asked = []

    def note(command, *_):
        named = Path(command[-1]).read_text(encoding="utf-8") if command[-2] == "-r" else ""
        asked.append((*command[5:-1], named) if named else tuple(command[5:]))

    monkeypatch.setattr(environment, "run_step", note)
    environment.Environment(environment.ROOT / "venv")._install()
    locked = "numpy==2\nqt==6\n"
    own = ("--no-deps", "--no-build-isolation", "-e", ".")
    assert asked == [("--require-hashes", "--no-deps", "-r", locked), ("torch",), own]


def test_the_lock_holds_what_the_project_asks_for():
    """Each package that `pyproject.toml` names is there, with a version in its range for each supported Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {"core": project["dependencies"]} | project["optional-dependencies"]
    sections = load(PACKAGING / "environment.py", "environment_of_the_checkout").read_lock()
    for extra in ("core", "gui", "bundle", "dev"):
        text = "".join(lines for name, lines in sections.items() if {extra, "core", "torch"} & set(name.split()))
        locked = [Requirement(line.partition(" --hash")[0]) for line in re.findall(r"^\w.*", text, re.MULTILINE)]
        for wanted in map(Requirement, extras[extra]):
            for python in ("3.11", "3.12", "3.13"):
                here = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
                if wanted.name in ("fineparser", "torch", "torchvision") or not holds(wanted, here):
                    continue
                found = [one for one in locked if one.name == canonicalize_name(wanted.name) and holds(one, here)]
                assert found, (extra, str(wanted), python)
                assert all(wanted.specifier.contains(str(one.specifier)[2:]) for one in found), (str(wanted), python)


def holds(requirement, here):
    return requirement.marker is None or requirement.marker.evaluate(here)


def test_finished_environment_is_left_alone(environment, monkeypatch):
    environment.VENV.folder.mkdir()
    environment.VENV._stamp.write_text(environment.stamp(), encoding="utf-8")
    monkeypatch.setattr(environment.Environment, "python", Path(sys.executable))
    monkeypatch.setattr(environment, "run_step", lambda *args: pytest.fail("set up again"))
    environment.VENV.ensure()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: of some kind", "It went wrong"),
        ("Failed to establish a new connection: [Errno 101]", "check the network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_failed_step_shows_its_tail_and_says_why(environment, capfd, output, sentence):
    code = f"import sys; print(*range(100), sep='\\n'); print({output!r}); sys.exit(1)"
    with pytest.raises(environment.SetupError, match=sentence):
        environment.run_step([sys.executable, "-c", code], "It went wrong")
    tail = capfd.readouterr().err.splitlines()
    assert tail[-1] == output
    assert tail[0] == "86"


def test_no_display_is_told_before_anything_is_set_up(tmp_path):
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


@pytest.mark.parametrize(
    ("tags", "fits"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("cp39-abi3-manylinux_2_28_x86_64", True),
        ("cp312-cp312-manylinux2014_aarch64.manylinux_2_17_aarch64", True),
        ("cp313-cp313-macosx_11_0_arm64", True),
        ("cp313-cp313t-macosx_11_0_arm64", False),
        ("cp310-cp310-win_amd64", False),
        ("cp312-cp312-win_arm64", False),
        ("cp314-abi3-win_amd64", False),
        ("cp312-cp312-musllinux_1_2_x86_64", False),
    ],
)
def test_the_lock_names_the_wheels_that_a_supported_system_takes(monkeypatch, tags, fits):
    monkeypatch.syspath_prepend(PACKAGING)
    lock = load(PACKAGING / "lock.py", "lock_under_test")
    assert bool(lock._WHEELS.search(f"name-1.0-{tags}.whl")) is fits


def test_every_package_that_is_needed_is_named_with_its_licence():
    packages = {one.name.lower().replace("_", "-"): one for one in packages_in_use()}
    assert {"torch", "av", "opencv-python-headless", "pyside6-essentials", "shiboken6", "numpy", "sympy"} <= set(
        packages
    )
    assert "fineparser" not in packages
    assert not {"pytest", "mypy"} & set(packages)
    unnamed = [one.name for one in packages.values() if not one.license]
    assert not unnamed


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("GNU GENERAL PUBLIC LICENSE Version 2, June 1991", "POSSIBILITY OF SUCH DAMAGES. END OF TERMS AND CONDITIONS"),
        ("GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "for a fee. END OF TERMS AND CONDITIONS"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999", "SUCH DAMAGES. END OF TERMS AND CONDITIONS"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "permanent authorization for you to choose that"),
    ],
)
def test_the_texts_are_there_whole(first, last):
    texts = " ".join(license_texts().split())
    assert any(last in text[:40_000] for text in texts.split(first)[1:])
    assert "PyTorch" in texts
    assert "Python" in texts


def test_both_files_are_written_for_the_app(tmp_path):
    write_licenses(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"licences.md", "licence-texts.txt"}
    page = (tmp_path / "licences.md").read_text(encoding="utf-8")
    assert page.startswith("# Licences")
    assert "| [torch]" in page
