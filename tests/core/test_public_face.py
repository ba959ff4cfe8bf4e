"""What `import fineparser_core` offers, and the scripts of packaging/docs/api.md, run as they stand there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import fineparser_core
from fineparser_core import Analyzer
from fineparser_core.checkpoints.bundle import load_model
from fineparser_core.errors import CheckpointError, ConfigError, FineParserError, VideoError
from fineparser_core.exemplars.store import FILE_NAME
from fineparser_core.models.temporal_parser import decode_joint
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import find_dives
from fineparser_core.resources import bundled_weights, resource
from fineparser_core.scoring.profile import read_profile

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "packaging" / "docs" / "api.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", API, re.DOTALL)


def run_script(code: str, folder: Path) -> str:
    """What a script prints in a process and a folder of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_public_names_bring_no_torch_before_they_are_used(tmp_path: Path) -> None:
    code = (
        "import sys, fineparser_core; dir(fineparser_core); print('torch' in sys.modules, fineparser_core.__version__)"
    )
    assert run_script(code, tmp_path).split() == ["False", fineparser_core.__version__]
    assert set(fineparser_core.__all__) <= set(dir(fineparser_core))
    for name in fineparser_core.__all__:
        assert getattr(fineparser_core, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'score'"):
        _ = fineparser_core.score


def test_paths_are_words_too(tmp_path: Path) -> None:
    analyzer = Analyzer.open(weights=str(bundled_weights()), library=str(resource("exemplars", FILE_NAME)))
    assert analyzer.library.exemplars()
    for given in ({"weights": str(tmp_path / "none")}, {"library": str(tmp_path / "none.sqlite")}):
        with pytest.raises(FineParserError, match="none"):
            Analyzer.open(**given)
    with pytest.raises(ConfigError, match=r"none\.json is no profile"):
        read_profile(str(tmp_path / "none.json"))
    for find in (find_dives, find_clip):
        with pytest.raises(VideoError, match=r"none\.mp4"):
            find(str(tmp_path / "none.mp4"))


@pytest.mark.parametrize("shape", [(1, 3, 64, 112, 112), (1, 3, 96, 224, 224), (3, 96, 112, 112), (1, 96, 3, 112, 112)])
def test_a_video_of_another_shape_is_one_sentence(shape: tuple[int, ...]) -> None:
    model, _ = load_model()
    with pytest.raises(ConfigError, match=r"A video \(.*cannot be encoded: give \(batch, 3, 96, 112, 112\)"):
        model.encode(torch.zeros(shape), decode_joint)


def test_script_that_scores_a_clip(tmp_path: Path) -> None:
    (script,) = (script for script in SCRIPTS if "score_clip" in script)
    assert len(script.splitlines()) <= 10
    (tmp_path / "dive.mp4").write_bytes(resource("samples", "sample.mp4").read_bytes())
    printed = run_script(script, tmp_path)
    assert re.match(r"score \d+\.\d\d, phases begin at \[0, \d+, \d+\]\n", printed)
    assert "masks (96, 112, 112), contributions\n[[" in printed


# A backbone of one's own and its bundle are tested in training/test_run.py.
@pytest.mark.slow
def test_scripts_that_train_with_ones_own_backbone_and_loss(rendered_root: Path, tmp_path: Path) -> None:
    training, later = (script for script in SCRIPTS if "small_backbone" in script)
    assert len(training.splitlines()) <= 25
    (tmp_path / "own_backbone.py").write_text(training, encoding="utf-8")
    shutil.copytree(rendered_root, tmp_path / "FINEDIVING")
    trained = run_script("import runpy; runpy.run_path('own_backbone.py', run_name='__main__')", tmp_path)
    assert "Spearman rho" in trained
    assert "fineparser-i3d-own:own_backbone:small_backbone-no-sap-no-tap" in trained
    loaded = run_script(later, tmp_path)  # in a fresh process
    assert loaded.split()[0] == trained.splitlines()[-1].split()[0]
    with pytest.raises(CheckpointError, match="pass the function that makes it as static_backbone"):
        load_model(tmp_path / "run" / "bundle")
