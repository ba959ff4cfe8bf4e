"""`dev.py lock`: write `packaging/lock.txt`, the versions and hashes of every package on every supported system."""

import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

from environment import LOCK, ROOT, SECOND_OPINION, VENV, SetupError, say

_EXTRAS = ("gui", "bundle", "dev")
#: Packages that stay ranges, as their builds differ by system and index, with what comes with those builds alone.
_RANGES = ("torch", "torchvision")
_OF_THEIR_BUILDS = re.compile(r"torch|torchvision|triton|(nvidia|cuda)-.*")
_SYSTEMS = ("linux", "win32", "darwin")
_PLAIN = ("--no-annotate", "--no-header")
_PYTHONS = ">=3.11,<3.14"
_SYSTEM = " or ".join(f"sys_platform == '{name}'" for name in sorted(_SYSTEMS))
#: The condition that uv adds to each package, which holds on every system.
_EVERYWHERE = re.compile(rf" (?:;|and \() ?{_SYSTEM}\)?")
#: The tags of wheels for a supported Python, on a machine that torch has builds for.
_WHEELS = re.compile(
    r"-(\w+\.)?(py3-none|cp3([2-9]|10)-abi3|cp31[123]-(abi3|cp31[123]|none))"
    r"-(any|manylinux[\w.]*_(x86_64|aarch64)|win_amd64|macosx\w*_(arm64|universal2))\.whl"
)
_HEAD = """# Versions and hashes of every package, for Python {python} on Linux, Windows and macOS.
# Made by `python packaging/dev.py lock`; a section names the extras of pyproject.toml that need it.
# torch and torchvision stay ranges, as their builds differ by system and index; tested with {tested}.
"""


def lock(arguments: list[str]) -> int:
    """Write the file anew from the newest releases that pyproject.toml allows; returns the exit code.

    Raises:
        SetupError: uv could not find versions that fit.
    """
    if arguments:
        raise SetupError("`dev.py lock` takes no arguments.")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(project)["project"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(_without_build(project), encoding="utf-8")
        _uv(folder, "lock", "--quiet")
        _keep_fitting_wheels(folder / "uv.lock")
        blocks = _exported(folder, *_EXTRAS)
        needed = {extra: _exported(folder, extra) for extra in _EXTRAS}
        core = _exported(folder)
        sections: dict[str, str] = {}
        for package, lines in sorted(blocks.items()):
            if not _OF_THEIR_BUILDS.fullmatch(package):
                extras = " ".join(extra for extra in _EXTRAS if package in needed[extra])
                name = "core" if package in core else extras
                sections[name] = sections.get(name, "") + lines
        sections["dev"] += _second_opinion(folder)
    ranges = [line for line in facts["dependencies"] if re.match(r"[\w-]+", line).group() in _RANGES]  # type: ignore[union-attr]
    head = _HEAD.format(python=_PYTHONS, tested=_tested())
    sections = {"torch": "\n".join(ranges) + "\n", "core": sections.pop("core")} | sections
    text = head + "".join(f"\n# [{name}]\n{lines}" for name, lines in sections.items())
    LOCK.write_text(text.replace(" \\\n    ", " "), encoding="utf-8")  # a package a line
    say(f"Written: {LOCK}")
    return 0


def _without_build(project: str) -> str:
    """Return the project as one that is never built, so that uv reads its requirements alone."""
    project = re.sub(r"\[build-system\]\n.*?\n\n", "", project, flags=re.DOTALL)
    project = project.replace('dynamic = ["version"]', 'version = "0"')
    project = re.sub("requires-python = .*", f'requires-python = "{_PYTHONS}"', project)
    systems = ", ".join(f"\"sys_platform == '{name}'\"" for name in _SYSTEMS)
    return f"{project}\n[tool.uv]\nenvironments = [{systems}]\n"


def _keep_fitting_wheels(locked: Path) -> None:
    """Leave out of uv's lock the wheels that no supported system takes, and sources where there are such wheels."""
    lines = locked.read_text(encoding="utf-8").splitlines(keepends=True)
    packages = "".join(x for x in lines if ".whl" not in x or _WHEELS.search(x)).split("[[package]]")
    packages = [re.sub("(?m)^sdist = .*\n", "", one) if ".whl" in one else one for one in packages]
    for version in ("<", ">="):  # of a package that has a version of its own for Python 3.11
        marked = re.compile(f"resolution-markers = \\[\n(    \"python_full_version {version} '3.12'.*\n)+\\]")
        others = re.compile(f".*-cp3{'1[23]' if version == '<' else '11'}-cp.*\n")
        packages = [others.sub("", one) if marked.search(one) else one for one in packages]
    locked.write_text("[[package]]".join(packages), encoding="utf-8")


def _uv(folder: Path, *arguments: str) -> str:
    done = subprocess.run([str(VENV.python), "-m", "uv", *arguments], cwd=folder, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise SetupError(f"uv found no versions that fit: {done.stderr.strip()}")
    return done.stdout


def _exported(folder: Path, *extras: str) -> dict[str, str]:
    """Return the lines of each package that the core and extras need, by its name; several versions are joined."""
    options = [option for extra in extras for option in ("--extra", extra)]
    exported = _uv(folder, "export", "--quiet", "--frozen", "--no-emit-project", *_PLAIN, *options)
    blocks: dict[str, str] = {}
    for block in re.findall(r"^\S.*\n(?: .*\n)*", exported, re.MULTILINE):
        name = block.split("==")[0]
        blocks[name] = blocks.get(name, "") + _EVERYWHERE.sub("", block)
    return blocks


def _second_opinion(folder: Path) -> str:
    """Return the lines of the package whose declared requirements do not fit those of the others."""
    (folder / "second.in").write_text(SECOND_OPINION, encoding="utf-8")
    return _uv(folder, "pip", "compile", "--quiet", *_PLAIN, "--no-deps", "--generate-hashes", "second.in")


def _tested() -> str:
    """Return the versions of torch and torchvision in the environment of this checkout."""
    code = "import sys, torch, torchvision as v; print(torch.__version__, v.__version__, *sys.version_info[:2])"
    if not VENV.runs("import torch"):
        return "none here"
    done = subprocess.run([str(VENV.python), "-P", "-c", code], capture_output=True, encoding="utf-8")
    torch, vision, *python = done.stdout.split()
    return f"{torch.split('+')[0]} and {vision.split('+')[0]} (Python {'.'.join(python)})"
