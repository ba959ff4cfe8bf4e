"""Bundles and the authors' checkpoints: what is written comes back, and what is damaged is refused."""

import json
from pathlib import Path

import pytest
import torch

from fineparser_core.checkpoints import bundle
from fineparser_core.checkpoints.bundle import WeightsCard, load_bundle, load_into, read_card, save_bundle
from fineparser_core.checkpoints.reference import load_reference
from fineparser_core.errors import CheckpointError

CARD = WeightsCard(name="test", trained_on="nothing", synthetic=True, notices=("a", "b"), metrics={"x": 1.5})


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {
        "a.weight": torch.randn(64, 32, generator=generator),
        "b.running_var": torch.full((8,), 1e-9),
        "b.num_batches_tracked": torch.tensor(5),
        "c.weight": torch.randn(16, 16, 3, generator=generator),
    }


def test_round_trip_in_shards(state, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MAX_SHARD_BYTES", 4500)
    card = save_bundle(state, CARD, tmp_path / "weights")
    assert len(card.shards) == 2
    assert card.id.startswith("test-")
    loaded, read = load_bundle(tmp_path / "weights")
    assert read == card
    assert set(loaded) == {"a.weight", "b.running_var", "c.weight"}
    torch.testing.assert_close(loaded["a.weight"], state["a.weight"], atol=2e-3, rtol=1e-3)
    assert torch.equal(loaded["b.running_var"], state["b.running_var"])  # vectors stay float32
    again = save_bundle(state, CARD, tmp_path / "weights")  # replaces
    assert again.id == card.id
    assert [p.name for p in tmp_path.iterdir()] == ["weights"]


def test_damage_is_refused(state, tmp_path):
    folder = tmp_path / "weights"
    with pytest.raises(CheckpointError, match="holds no weights"):
        load_bundle(folder)
    card = save_bundle(state, CARD, folder)
    shard = folder / next(iter(card.shards))
    data = bytearray(shard.read_bytes())
    data[-3] ^= 1
    shard.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        load_bundle(folder)
    shard.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_bundle(folder)
    (folder / "card.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_card(folder)
    (folder / "card.json").write_text(json.dumps({"format": "something/2"}))
    with pytest.raises(CheckpointError, match="not a 'fineparser.weights/1' card"):
        read_card(folder)


def test_other_architecture_is_refused(state):
    model = torch.nn.Linear(3, 2)
    with pytest.raises(CheckpointError, match="another architecture: 'a.weight'"):
        load_into(model, {"a.weight": state["a.weight"], **model.state_dict()}, Path("somewhere"))
    with pytest.raises(CheckpointError, match="'weight' does not fit"):
        load_into(model, {"weight": torch.zeros(4, 3), "bias": torch.zeros(2)}, Path("somewhere"))


class Malicious:
    def __reduce__(self):
        import os

        return os.system, ("touch pwned",)


def test_authors_checkpoints_run_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "authors.pth"
    with pytest.raises(CheckpointError, match="does not exist"):
        load_reference(path)
    torch.save({"base_model": Malicious()}, path)
    with pytest.raises(CheckpointError, match="more than tensors"):
        load_reference(path)
    assert not (tmp_path / "pwned").exists()
    torch.save({"base_model": {}}, path)
    with pytest.raises(CheckpointError, match="lacks psnet_model"):
        load_reference(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="cannot be read|more than tensors"):
        load_reference(path)
