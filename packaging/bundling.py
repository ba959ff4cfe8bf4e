"""`dev.py bundle`: the app in one folder, in which nothing is expected of the system, and packages of it."""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from environment import ROOT, Environment, SetupError, run_step, say
from windows.installer import make_installer

_HERE = ROOT / "packaging" / "bundle"
_LINUX = ROOT / "packaging" / "linux"
_WINDOWS = ROOT / "packaging" / "windows"
_NAME = "FineParser Studio"
_PACKAGE = "fineparser-studio"
_MOST_BYTES = 1_050_000_000
_ICON_SUFFIX = {"win32": "ico", "darwin": "icns"}
# Top folder inside the bundle: what the table of sizes counts it to.
_PARTS = {
    "torch": "torch",
    "functorch": "torch",
    "torchvision": "torch",
    "onnxruntime": "ONNX Runtime",
    "PySide6": "Qt",
    "shiboken6": "Qt",
    "cv2": "OpenCV",
    "opencv_python_headless": "OpenCV",
    "av": "PyAV with FFmpeg",
    "numpy": "NumPy and SciPy",
    "scipy": "NumPy and SciPy",
    "fineparser_core": "weights, exemplars, sample, guide",
}
# System libraries that are not put into the folder, as graphics drivers bring theirs: Debian's packages.
_DEPENDS = (
    "libc6 (>= {libc}), libgl1, libegl1, libx11-6, libxcb1, libfontconfig1, fonts-dejavu-core | fonts-freefont-ttf"
)


def bundle(arguments: list[str], wine_python: Sequence[str] = ()) -> int:
    """Build the folder, print its size by part, and package it if asked; return the exit code.

    Args:
        wine_python: the command of a Windows Python under Wine, with what the app needs and PyInstaller: the folder
            is then one for Windows, and an installer is made of it.

    Raises:
        SetupError: a step failed, or what is installed does not belong into the folder.
    """
    target = "win32" if wine_python else sys.platform
    options = argparse.ArgumentParser(prog="dev.py bundle", description="Builds the app as one folder.")
    options.add_argument("--folder", type=Path, default=ROOT / "build" / "bundle", help="where everything is built")
    options.add_argument("--deb", action="store_true", help="also a package for Debian and Ubuntu")
    args = options.parse_args(arguments)
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    python = wine_python or (str(_environment(folder / "environment")),)
    version = _output(python, "import fineparser_core; print(fineparser_core.__version__)")
    icons = _fresh(folder / "icons")
    _call(python, str(_HERE / "make_icons.py"), str(icons))
    made = _fresh(folder / "made")
    _call(python, str(ROOT / "packaging" / "licenses.py"), str(made))
    icon = icons / f"{_PACKAGE}.{_ICON_SUFFIX[target]}" if target in _ICON_SUFFIX else ""
    say("PyInstaller collects the app (some minutes)")
    _call(
        python,
        *("-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", str(folder / "dist"), "--workpath", str(folder / "work"), str(_HERE / "fineparser.spec")),
        FINEPARSER_ICON=str(icon),
        FINEPARSER_VERSION=version,
        FINEPARSER_MADE=str(made),
    )
    app = folder / "dist" / (f"{_NAME}.app" if target == "darwin" else _NAME)
    if target == "linux":
        _strip(app)
        _share(app)
    _print_sizes(app)
    if args.deb:
        say(f"Written: {_debian_package(app, icons, version, folder)}")
    if wine_python:
        _call(python, str(_WINDOWS / "check_libraries.py"), str(app))
        installer = make_installer(app, icons, version, _authors(), folder)
        say(f"Written: {installer}, {installer.stat().st_size / 1e6:.1f} MB")
    return 0


def _environment(folder: Path) -> Path:
    """Return the Python of an environment with what the app needs and PyInstaller: what is not there cannot get in."""
    environment = Environment(folder, extra="bundle")
    environment.ensure()
    if _output((str(environment.python),), "import torch; print(torch.version.cuda)") != "None":
        raise SetupError(
            f"The torch in {folder} brings CUDA's libraries, several GB: delete that folder, point pip at PyTorch's "
            "CPU index (PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu) and run the same command again."
        )
    return environment.python


def _output(python: Sequence[str], code: str) -> str:
    done = subprocess.run([*python, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()


def _call(python: Sequence[str], *arguments: str, **variables: str) -> None:
    environment = {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"} | variables
    run_step([*python, *arguments], f"{arguments[0]} failed: see its last lines above.", environment)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _strip(app: Path) -> None:
    """Remove symbols for debuggers, a sixth of the whole; not from the programs, whose archive hangs at their end."""
    if shutil.which("strip") is None:
        return
    for path in (app / "_internal").rglob("*.so*"):
        if path.is_file() and not path.is_symlink():
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=False, capture_output=True)


def _share(app: Path) -> None:
    """Replace libraries that several packages bring, down to the last byte, by links to the first of them."""
    kept: dict[tuple[str, str], Path] = {}
    for path in sorted((app / "_internal").rglob("*.so*")):
        if path.is_symlink() or not path.is_file():
            continue
        first = kept.setdefault((path.name, hashlib.sha256(path.read_bytes()).hexdigest()), path)
        if first is not path:
            path.unlink()
            path.symlink_to(os.path.relpath(first, path.parent))


def _print_sizes(app: Path) -> None:
    sizes: Counter[str] = Counter()
    for path in app.rglob("*"):
        if path.is_file() and not path.is_symlink():
            inner = path.relative_to(app).parts
            inner = inner[next((i + 1 for i, name in enumerate(inner) if name in ("_internal", "Frameworks")), 0) :]
            part = _PARTS.get(inner[0].removesuffix(".libs"), "the rest") if len(inner) > 1 else "the rest"
            if inner[-1].startswith("fineparser") and len(inner) == 1:
                part = "the two programs, with all modules"
            sizes[part] += path.stat().st_size
    print(f"{app}:")
    for part, size in sizes.most_common():
        print(f"  {size / 1e6:7.1f} MB  {part}")
    total = sizes.total()
    print(f"  {total / 1e6:7.1f} MB  in all; the bound is {_MOST_BYTES / 1e6:.0f} MB")
    if total > _MOST_BYTES:
        raise SetupError("The app is larger than its bound: leave more out in packaging/bundle/fineparser.spec.")


def _debian_package(app: Path, icons: Path, version: str, folder: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        raise SetupError("A Debian package needs dpkg-deb: build it on Debian or Ubuntu.")
    root = _fresh(folder / "deb")
    _lay_out(app, icons, root)
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, encoding="utf-8", check=True
    ).stdout
    installed_kb = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    control = root / "DEBIAN"
    control.mkdir()
    fields = {
        "Package": _PACKAGE,
        "Version": version,
        "Section": "video",
        "Priority": "optional",
        "Architecture": architecture.strip(),
        "Depends": _DEPENDS.format(libc=_libc()),
        "Installed-Size": str(installed_kb),
        "Maintainer": _maintainer(),
        "Description": "analyses dives from video, for coaches\n"
        " Divides a dive into take-off, flight and entry, masks the athlete, measures, and\n"
        " predicts a score relative to exemplar dives. Nothing is uploaded anywhere.",
    }
    (control / "control").write_text("".join(f"{name}: {text}\n" for name, text in fields.items()), encoding="utf-8")
    for script in ("postinst", "postrm"):
        shutil.copy(_LINUX / script, control / script)
        (control / script).chmod(0o755)
    package = folder / f"{_PACKAGE}_{version}_{architecture.strip()}.deb"
    run_step(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(root), str(package)],
        "dpkg-deb failed: see its last lines above.",
    )
    shutil.rmtree(root)
    return package


def _lay_out(app: Path, icons: Path, root: Path) -> None:
    """Put everything where Linux looks for it, below `root`."""
    home = root / "opt" / _PACKAGE
    shutil.copytree(app, home, symlinks=True)
    share, programs = root / "usr" / "share", root / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in ("fineparser", "fineparser-gui"):
        (programs / name).symlink_to(f"/opt/{_PACKAGE}/{name}")
    files = {
        _LINUX / f"{_PACKAGE}.desktop": share / "applications" / f"{_PACKAGE}.desktop",
        _LINUX / f"{_PACKAGE}.xml": share / "mime" / "packages" / f"{_PACKAGE}.xml",
        ROOT / "resources" / "icons" / "app.svg": share / "icons/hicolor/scalable/apps" / f"{_PACKAGE}.svg",
        ROOT / "LICENSE": share / "doc" / _PACKAGE / "copyright",
    }
    for picture in icons.glob("*.png"):
        size = re.sub(r".*-(\d+)\.png", r"\1x\1", picture.name)
        files[picture] = share / "icons" / "hicolor" / size / "apps" / f"{_PACKAGE}.png"
    for source, target in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        target.chmod(0o644)


def _maintainer() -> str:
    """Return the authors, with the address of whoever packages it where Debian's variable DEBEMAIL names one."""
    address = os.environ.get("DEBEMAIL")
    return f"{_authors()} <{address}>" if address else _authors()


def _authors() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["authors"][0]["name"]


def _libc() -> str:
    """Version of the C library here, than which the folder runs on none older."""
    return os.confstr("CS_GNU_LIBC_VERSION").split()[-1]  # type: ignore[union-attr]
