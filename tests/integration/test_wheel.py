"""The package as pip installs it: built from the sdist, in an environment without Qt and without the checkout."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from fineparser_core.support.device import has_vnni

venv = pytest.importorskip("venv", reason="the bench's Python for Windows has no venv, as Windows' embeddable one")
ROOT = Path(__file__).resolve().parents[2]
#: Of the demonstration on processors of one kind.
SCORE_TOLERANCE = 0.2


def run(*command, folder, code=0):
    """Runs a command that sees neither the checkout nor what this user keeps."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    home = str(folder / "home")
    environment |= {"HOME": home, "XDG_DATA_HOME": home, "LOCALAPPDATA": home, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def make_environment(folder):
    """An empty virtual environment; returns the folder of its programs."""
    import venv  # which Windows' embeddable Python lacks

    venv.create(folder, with_pip=False)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def borrow_packages(programs):
    """Lets an environment use the third-party packages of the present one, but neither the checkout nor Qt."""
    python = programs / "python"
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True, text=True
    )
    site = Path(found.stdout.strip())
    # A path that comes from a .pth file has its own .pth files left alone: the editable install stays out.
    (site / "borrowed.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}), encoding="utf-8"
    )
    (site / "sitecustomize.py").write_text(
        "import sys\nsys.modules.update(dict.fromkeys(['PySide6', 'shiboken6']))\n", encoding="utf-8"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the sdist of the checkout."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, "-t", "sdist", folder=ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    pip_wheel = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir"]
    run(*pip_wheel, folder, sdist, folder=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel):
    """The programs of an environment with the wheel and the borrowed packages, without Qt."""
    made = make_environment(wheel.parent / "environment")
    run(sys.executable, "-m", "pip", "--python", made / "python", "install", "--no-deps", wheel, folder=wheel.parent)
    borrow_packages(made)
    return made


def readme_score():
    """The score that README prints for processors with VNNI, or without, which compute in 7 bits."""
    pattern = r"^Score ([0-9.]+) for 207C" if has_vnni() else r"without, .*prints the score ([0-9.]+)"
    return float(re.search(pattern, (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)[1])


def test_wheel_holds_every_module_and_resource(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("fineparser_*/**/*.py")}
    resources = ROOT / "resources"
    expected |= {
        f"fineparser_core/bundled/{path.relative_to(resources).as_posix()}"
        for path in resources.rglob("*")
        if path.is_file()
    }
    assert expected <= packed


def test_demo_of_the_installed_wheel(programs, tmp_path):
    done = run(programs / "fineparser", "demo", "--out", "here", folder=tmp_path)
    assert "for 207C from 10 m" in done.stdout
    assert str(programs.parent) in done.stdout  # the clip, from inside the wheel
    analysis = json.loads((tmp_path / "here" / "analysis.json").read_text(encoding="utf-8"))
    assert analysis["score"] == pytest.approx(readme_score(), abs=SCORE_TOLERANCE)
    assert (tmp_path / "here" / "annotated.mp4").stat().st_size > 10_000
    assert (tmp_path / "here" / "masks.npz").stat().st_size > 10_000


def test_window_without_qt_says_the_way_out(programs, tmp_path):
    done = run(programs / "python", "-m", "fineparser_gui", folder=tmp_path, code=1)
    assert done.stdout == ""
    assert done.stderr == (
        "fineparser-gui: the window needs Qt, which is not installed: run `python -m pip install 'fineparser[gui]'`.\n"
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("extra", ["", "[gui]"])
def test_real_install(wheel, tmp_path, extra):
    programs = make_environment(tmp_path / "environment")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    run(*pip, "install", f"{wheel}{extra}", folder=tmp_path)
    run(*pip, "check", folder=tmp_path)
    assert ("PySide6" in run(*pip, "list", folder=tmp_path).stdout) == bool(extra)
    run(programs / "fineparser", "demo", folder=tmp_path)
    if extra:
        start = "from PySide6.QtWidgets import QApplication; from fineparser_gui.app import Studio; "
        start += "app = QApplication(['-platform', 'offscreen']); Studio(app)"
        run(programs / "python", "-c", start, folder=tmp_path)
