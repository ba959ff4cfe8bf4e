"""The scripts of packaging/docs/export.md, as they stand there, on smaller frames."""

import re
from pathlib import Path

import pytest
import torch
from narrow_networks import narrow

PAGE = (Path(__file__).resolve().parents[3] / "packaging" / "docs" / "export.md").read_text(encoding="utf-8")


def test_the_exported_programs_give_the_points_of_the_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    export, run = (part.replace("112, 112", "32, 32") for part in re.findall(r"```python\n(.+?)```", PAGE, re.S))
    with narrow():
        exported, ran = {}, {}
        exec(compile(export, "export.md", "exec"), exported)
        network = exported["network"]
        network.frame_px = 32
    exec(compile(run, "export.md", "exec"), ran)
    with torch.no_grad():
        expected = network(ran["query"], ran["exemplar"])
    assert ran["points"].numpy() == pytest.approx(expected.relative.delta.numpy(), abs=1e-5)
    assert ran["cuts"] == [cut for side in expected.transitions for cut in side]
    assert torch.allclose(ran["parsed"][0]["mask_logits"], expected.query.mask_logits, atol=1e-5)
