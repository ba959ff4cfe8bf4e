"""How much a clone brings along."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# 42 MiB of them are the weights. Packing them would save 7, but add 36 to the history of every clone for ever.
# Ten exemplars of each of 48 dive numbers are 20.
BINARY_LIMIT_MIB = 65.0
# The table of translations is 0.5 of them. 0.3 came with the lock of versions, the walk from outside and Windows, 0.1
# with the measurement of anybody's predictions.
TEXT_LIMIT_MIB = 6.5
TOP_LEVEL = {
    "CITATION.cff",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "fineparser_core",
    "fineparser_gui",
    "packaging",
    "resources",
    "tests",
}
TEXT = {".py", ".md", ".json", ".toml", ".ts", ".txt", ".csv", ".j2", ".svg", ".yml", ".qss", ".css", ".html"}


def test_tracked_files_stay_small():
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a clone, or there is no git")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    top = {path.relative_to(ROOT).parts[0] for path in paths}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    binary, text = (
        {path: size for path, size in sizes.items() if (path.suffix in TEXT) == is_text} for is_text in (False, True)
    )
    for name, found, limit_mib in (("binary", binary, BINARY_LIMIT_MIB), ("text", text, TEXT_LIMIT_MIB)):
        total_mib = sum(found.values()) / 2**20
        print(f"tracked {name} files: {total_mib:.1f} of {limit_mib} MiB")
        largest = sorted(found, key=found.__getitem__, reverse=True)[:5]
        assert total_mib < limit_mib, [f"{path.relative_to(ROOT)}: {sizes[path] / 2**20:.1f} MiB" for path in largest]
