"""The installer for Windows, with small programs in place of the app's, under Wine."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging"))
from windows import check_libraries
from windows.installer import make_installer

_MISSING = [name for name in ("makensis", "wine") if shutil.which(name) is None]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_MISSING), reason=f"not installed here: {', '.join(_MISSING)}")]

#: A program that says that it runs, until it is told to end.
_PROGRAM = """
Unicode true
Target amd64-unicode
RequestExecutionLevel user
SilentInstall silent
OutFile "{out}"
Section
  FileOpen $0 "$EXEDIR\\runs" w
  FileClose $0
  IfFileExists "$EXEDIR\\end" +3
  Sleep 50
  Goto -2
SectionEnd
"""
_ENTRY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\FineParser Studio"
_OPEN = r"HKCU\Software\Classes\FineParser.Session\shell\open\command"
_REFUSED = 2


class Windows:
    """A Wine prefix of a user whose name has a space and an umlaut."""

    def __init__(self, folder):
        user = "Zoë Müller"
        self._environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ} | {
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "winemenubuilder.exe=;mscoree=;mshtml=",
            "USER": user,
            "LC_ALL": "C.UTF-8",
        }
        self.run("wineboot", "-i")
        self.drive = folder / "drive_c"
        self.local = self.drive / "users" / user / "AppData" / "Local"
        self.installed = self.local / "Programs" / "FineParser Studio"
        self.start_menu = self.local.parent / "Roaming/Microsoft/Windows/Start Menu/Programs"

    def start(self, *command, stdout=subprocess.DEVNULL):
        return subprocess.Popen(
            ["wine", *map(str, command)], env=self._environment, stdout=stdout, stderr=subprocess.DEVNULL
        )

    def run(self, *command):
        return self.start(*command).wait()

    def registry(self, key, value=""):
        """Return a value of the registry as text, or "" where there is none."""
        name = ("/v", value) if value else ("/ve",)
        output, _ = self.start("reg", "query", key, *name, stdout=subprocess.PIPE).communicate()
        lines = output.decode("utf-8", "replace").splitlines()
        return next((line.split("REG_SZ", 1)[1].strip() for line in lines if "REG_SZ" in line), "")

    def end(self):
        subprocess.run(["wineserver", "-k"], env=self._environment, check=False)


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    windows = Windows(tmp_path_factory.mktemp("wine") / "prefix")
    yield windows
    windows.end()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A folder as PyInstaller leaves it."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "_internal").mkdir()
    (folder / "_internal" / "new.py").touch()
    script = folder.parent / "program.nsi"
    for name in ("fineparser", "fineparser-gui"):
        script.write_text(_PROGRAM.format(out=folder / f"{name}.exe"), encoding="utf-8")
        subprocess.run(["makensis", "-V1", str(script)], check=True)
    return folder


@pytest.fixture(scope="module")
def installer(app, tmp_path_factory):
    pytest.importorskip("PIL")
    icons = tmp_path_factory.mktemp("icons")
    script = Path(__file__).resolve().parents[2] / "packaging" / "bundle" / "make_icons.py"
    subprocess.run([sys.executable, str(script), str(icons)], check=True)
    return make_installer(app, icons, "1.2rc3", "The authors", tmp_path_factory.mktemp("made"))


def test_install_upgrade_and_uninstall(windows, installer):
    assert windows.run(installer, "/S") == 0
    assert sorted(path.name for path in windows.installed.iterdir()) == [
        "_internal",
        "fineparser-gui.exe",
        "fineparser.exe",
        "uninstall.exe",
    ]
    assert (windows.start_menu / "FineParser Studio.lnk").is_file()
    assert windows.registry(_ENTRY, "DisplayVersion") == "1.2rc3"
    assert windows.registry(r"HKCU\Software\Classes\.fineparser") == "FineParser.Session"
    assert windows.registry(_OPEN).endswith('\\FineParser Studio\\fineparser-gui.exe" "%1"')

    # Nothing of an older version stays; what the coach made and what is not ours does.
    (windows.installed / "_internal" / "old.py").touch()
    kept = [windows.local / "fineparser" / "exemplars.json", windows.installed / "of the coach.txt"]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert windows.run(installer, "/S") == 0
    assert [path.name for path in (windows.installed / "_internal").iterdir()] == ["new.py"]

    windows.run(windows.installed / "uninstall.exe", "/S")
    while windows.registry(_ENTRY, "DisplayVersion"):  # a copy of the uninstaller works on; this goes last
        time.sleep(0.05)
    assert list(windows.installed.iterdir()) == [kept[1]]
    assert all(path.is_file() for path in kept)
    assert not (windows.start_menu / "FineParser Studio.lnk").exists()
    assert windows.registry(r"HKCU\Software\Classes\.fineparser") == ""
    assert windows.registry(_OPEN) == ""


@pytest.mark.parametrize("program", ["fineparser-gui.exe", "fineparser.exe"])
def test_a_running_program_is_neither_replaced_nor_removed(windows, installer, program):
    folder = windows.drive / "coach"
    assert windows.run(installer, "/S", "/D=C:\\coach") == 0
    with windows.start(folder / program) as process:
        while not (folder / "runs").exists():
            time.sleep(0.05)
        (folder / "_internal" / "old.py").touch()
        refused = windows.run(installer, "/S"), windows.run(folder / "uninstall.exe", "/S", "_?=C:\\coach")
        (folder / "end").touch()
    assert process.returncode == 0
    assert refused == (_REFUSED, _REFUSED)
    assert (folder / "_internal" / "old.py").is_file()
    for name in ("runs", "end"):
        (folder / name).unlink()
    assert windows.run(installer, "/S") == 0  # into the folder of the older version
    assert not (folder / "_internal" / "old.py").exists()


def test_the_folder_of_another_program_is_left_alone(windows, installer):
    other = windows.drive / "other" / "_internal"
    other.mkdir(parents=True)
    (other / "theirs.dll").touch()
    assert windows.run(installer, "/S", "/D=C:\\other") == _REFUSED
    assert [path.name for path in other.parent.rglob("*")] == ["_internal", "theirs.dll"]


def test_a_folder_without_the_programs_is_refused(tmp_path):
    from environment import SetupError

    with pytest.raises(SetupError, match="holds no program for Windows"):
        make_installer(tmp_path, tmp_path, "1", "The authors", tmp_path)


def test_a_library_of_another_origin_is_named(tmp_path):
    command = [sys.executable, check_libraries.__file__, tmp_path]
    (tmp_path / "program.exe").touch()
    assert subprocess.run(command, capture_output=True).returncode == 0
    (tmp_path / "wine.DLL").touch()
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr.strip()) == (1, f"Neither of a wheel nor Python's: {tmp_path / 'wine.DLL'}")
