"""How much a clone brings along."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# 42 MiB of it are the weights. Packing them would save 7, but add 36 to the history of every clone for ever.
LIMIT_MIB = 64


def test_tracked_files_stay_small() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    total_mib = sum(sizes.values()) / 2**20
    print(f"tracked files: {total_mib:.1f} of {LIMIT_MIB} MiB")
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]
    assert total_mib < LIMIT_MIB, [f"{path.relative_to(ROOT)}: {sizes[path] / 2**20:.1f} MiB" for path in largest]
