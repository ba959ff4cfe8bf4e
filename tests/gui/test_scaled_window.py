"""Nothing is cut off on a screen of 1366 by 768 at 125 %, at 200 % of larger ones, and with large fonts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("scale", "screen", "larger"),
    [("1.25", (1366, 768), "1"), ("2", (1920, 1080), "1"), ("1", (1920, 1080), "1.5")],
    ids=["125 %", "200 % of 1920 x 1080", "large fonts"],
)
def test_nothing_is_cut_off(small_video, tmp_path, left_s, scale, screen, larger):
    (width, height), config = screen, tmp_path / "screen.json"
    one = {"name": "one", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "dpr": 1}
    config.write_text(json.dumps({"screens": [one | {"logicalBaseDpi": 96}]}), encoding="ascii")
    environment = {
        **os.environ,
        "QT_SCALE_FACTOR": scale,
        "QT_QPA_PLATFORM": f"offscreen:configfile={config.name}",  # Qt takes the colon of a drive for its own
        "PYTHONPATH": os.pathsep.join([str(_HERE.parents[1]), str(_HERE), *sys.path[1:]]),
    }
    command = [sys.executable, str(_HERE / "scaled_window.py"), str(small_video), str(tmp_path), larger]
    command.append(str(left_s() / 2))
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    told = json.loads(done.stdout)
    assert told["scale"] == float(scale)
    assert told["room"] == pytest.approx([width / float(scale), height / float(scale)], abs=1)
    assert not told["cut_off"], "\n".join(told["cut_off"])
