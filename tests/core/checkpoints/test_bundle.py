import json
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import golden_kit
import numpy as np
import pytest
import torch

from fineparser_core.checkpoints import bundle
from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import (
    WeightsCard,
    identify,
    load_bundle,
    load_fineparser,
    load_into,
    read_card,
    save_bundle,
)
from fineparser_core.checkpoints.reference import ENTRIES, from_reference, load_reference, our_name
from fineparser_core.commands.convert import main
from fineparser_core.config import ModelConfig
from fineparser_core.errors import CheckpointError, ConfigError, ExportError
from fineparser_core.resources import bundled_weights

FILES = {"model.safetensors", "config.json", "README.md"}
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


def test_round_trip_in_files_as_on_the_hub(state, tmp_path):
    card = save_bundle(state, CARD, tmp_path / "weights")
    assert {path.name for path in (tmp_path / "weights").iterdir()} == FILES
    page = (tmp_path / "weights" / "README.md").read_text(encoding="utf-8")
    assert page.startswith("---\nlibrary_name: fineparser\n")
    assert "Trained on nothing." in page
    assert card.id.startswith("test-")
    loaded, read = load_bundle(tmp_path / "weights")
    assert read == card
    assert set(loaded) == {"a.weight", "b.running_var", "c.weight"}
    torch.testing.assert_close(loaded["a.weight"], state["a.weight"], atol=2e-3, rtol=1e-3)
    assert torch.equal(loaded["b.running_var"], state["b.running_var"])  # vectors stay float32
    again = save_bundle(state, CARD, tmp_path / "weights")  # replaces
    assert again.id == card.id
    assert [p.name for p in tmp_path.iterdir()] == ["weights"]


def test_large_kernels_come_back_from_8_bits(tmp_path):
    kernel = (
        torch.randn(32, 16, 3, 3, generator=torch.Generator().manual_seed(0))
        * torch.logspace(-3, 1, 32)[:, None, None, None]
    )
    save_bundle({"conv.weight": kernel, "small.weight": kernel[:2]}, CARD, tmp_path / "weights", eight_bit=True)
    loaded, _ = load_bundle(tmp_path / "weights")
    assert set(loaded) == {"conv.weight", "small.weight"}
    off = (loaded["conv.weight"] - kernel).abs().flatten(1).amax(dim=1)
    assert (off <= kernel.abs().flatten(1).amax(dim=1) / 250).all()
    torch.testing.assert_close(loaded["small.weight"], kernel[:2], atol=1e-5, rtol=1e-3)


def test_fineparser_pose_comes_back(tmp_path):
    config = ModelConfig(method="fineparser-pose")
    network = build_model(config)
    torch.nn.init.normal_(network.spatial_parser.decoder.refiner.out.weight)
    card = replace(CARD, architecture=config.architecture, model=asdict(config), preprocessing="follow")
    written = save_bundle(network.state_dict(), card, tmp_path / "weights")
    loaded, read = load_fineparser(tmp_path / "weights")
    assert read == written
    assert ModelConfig(**read.model) == config
    for name in ("spatial_parser.decoder.refiner.out.weight", "pose_steps.out.weight"):
        torch.testing.assert_close(loaded.state_dict()[name], network.state_dict()[name], atol=1e-3, rtol=1e-3)
    # A card that does not say so is not read as if it fitted.
    path = tmp_path / "weights" / "config.json"
    path.write_text(
        json.dumps({**json.loads(path.read_bytes()), "model": {"static_backbone": "resnet18"}}), encoding="utf-8"
    )
    with pytest.raises(CheckpointError, match="Its architecture is 'fineparser-pose-i3d', not"):
        load_fineparser(tmp_path / "weights")


def test_the_bundled_weights_have_the_id_that_is_theirs():
    card = read_card(bundled_weights())
    assert card.id == identify(card)


def test_damage_is_refused(state, tmp_path):
    folder = tmp_path / "weights"
    with pytest.raises(CheckpointError, match="holds no weights"):
        load_bundle(folder)
    save_bundle(state, CARD, folder)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-3] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        load_bundle(folder)
    weights.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_bundle(folder)
    (folder / "config.json").write_bytes(b"{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_card(folder)
    (folder / "config.json").write_text(json.dumps({"format": "something/2"}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"not a 'fineparser\.weights/2' card"):
        read_card(folder)


def test_other_architecture_is_refused(state):
    model = torch.nn.Linear(3, 2)
    with pytest.raises(CheckpointError, match=r"another architecture: 'a\.weight'"):
        load_into(model, {"a.weight": state["a.weight"], **model.state_dict()}, Path("somewhere"))
    with pytest.raises(CheckpointError, match="'weight' does not fit"):
        load_into(model, {"weight": torch.zeros(4, 3), "bias": torch.zeros(2)}, Path("somewhere"))


def test_more_parameters_than_any_network_has_are_refused_before_they_are_read(state, tmp_path):
    save_bundle(state, CARD, tmp_path)
    with pytest.raises(CheckpointError, match="more than 1,000 parameters"):
        load_bundle(tmp_path, 1000)


def test_whoever_reads_while_a_bundle_is_replaced_finds_one_of_both(state, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    other = {**state, "a.weight": state["a.weight"] + 1}
    first = save_bundle(state, CARD, folder)
    (folder / "README.md").write_bytes(b"measured of the first")
    seen = []
    for name in ("mkdir", "write_bytes", "write_text", "unlink", "is_file"):
        real = getattr(Path, name)

        def looking(self, *args, _real=real, **kwargs):
            seen.append(load_bundle(folder)[1].id)
            return _real(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, looking)
    replaces = bundle.write_card
    monkeypatch.setattr(bundle, "write_card", lambda *args: (seen.append(load_bundle(folder)[1].id), replaces(*args)))
    second = save_bundle(other, CARD, folder)
    monkeypatch.undo()
    assert set(seen) == {first.id, second.id}
    assert {path.name for path in folder.iterdir()} == FILES
    assert "measured of the first" not in (folder / "README.md").read_text(encoding="utf-8")

    reads = []

    def replaced_meanwhile(path, most):
        if not reads:
            reads.append(save_bundle(state, CARD, folder).id)
        return real_count(path, most)

    real_count = bundle._count_parameters
    monkeypatch.setattr(bundle, "_count_parameters", replaced_meanwhile)
    assert load_bundle(folder)[1].id == first.id


def test_a_failed_replacement_leaves_the_older_bundle(state, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    first = save_bundle(state, CARD, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_):
        raise ExportError("no room")

    monkeypatch.setattr(bundle, "write_card", full)
    with pytest.raises(ExportError):
        save_bundle({**state, "a.weight": state["a.weight"] + 1}, CARD, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert load_bundle(folder)[1].id == first.id
    with pytest.raises(ExportError):
        save_bundle(state, CARD, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]


def test_a_writer_killed_before_the_weights_have_their_name_leaves_the_newer_bundle(state, tmp_path, monkeypatch):
    folder, other = tmp_path / "weights", {**state, "a.weight": state["a.weight"] + 1}
    save_bundle(state, CARD, folder)
    with monkeypatch.context() as killed:
        killed.setattr(bundle, "_finish_replacing", lambda folder: None)
        second = save_bundle(other, CARD, folder)
    assert load_bundle(folder)[1].id == second.id
    assert (folder / "model.next.safetensors").is_file()
    third = save_bundle(state, CARD, folder)
    assert load_bundle(folder)[1].id == third.id
    assert {path.name for path in folder.iterdir()} == FILES


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
    with pytest.raises(CheckpointError, match=r"cannot be read|more than tensors"):
        load_reference(path)


@cache
def drawn_entries():
    """What the authors' checkpoints hold, with other values."""
    entries = {}
    for name, tensor in golden_kit.MANIFEST.items():
        group, key = name.split("/", 1)
        counts = key.endswith("num_batches_tracked")
        entries.setdefault(group, {})[key] = torch.tensor(0) if counts else torch.rand(tensor["shape"])
    return entries


def test_an_authors_checkpoint_that_is_not_finite_is_refused():
    entries = drawn_entries()
    model = dict(entries["base_model"])
    name = next(iter(model))
    model[name] = torch.full_like(model[name], float("nan"))
    with pytest.raises(CheckpointError, match="not finite"):
        from_reference({**entries, "base_model": model})


def test_authors_checkpoint_becomes_a_bundle_with_the_same_values(tmp_path, capsys):
    entries = drawn_entries()
    # Numbers of the training are saved beside the tensors.
    path, out = tmp_path / "authors.pth", tmp_path / "release"
    torch.save({**entries, "epoch_best": np.int64(7), "rho_best": np.float64(0.94), "L2": np.float32(1)}, path)
    assert main(["release", str(path), str(out)]) == 0
    loaded, card = load_bundle(out)
    assert (card.name, card.preprocessing, card.decoding, card.synthetic) == ("release", "release", "release", False)
    expected = from_reference(entries)
    assert loaded.keys() == {name for name in expected if not name.endswith("num_batches_tracked")}
    assert all(torch.equal(value, expected[name]) for name, value in loaded.items())

    with pytest.raises(ConfigError, match="exists already"):
        main(["release", str(path), str(out)])
    with pytest.raises(ConfigError, match="is not a bundle"):
        main(["release", str(path), str(tmp_path), "--overwrite"])


UNUSED = ("regressor_delta3/", "video_encoder/backbone.fc.")


def test_every_tensor_of_the_release_that_is_used_has_a_name_here():
    entries = drawn_entries()
    used = [(entry, key) for entry in ENTRIES for key in entries[entry] if not f"{entry}/{key}".startswith(UNUSED)]
    state = from_reference(entries)
    assert len(state) == len(used)
    for entry, key in used:
        name = our_name(entry, key)
        assert torch.equal(state[name], entries[entry][key])


def test_tensors_of_other_networks_are_refused():
    with pytest.raises(CheckpointError, match=r"'decoder1/model\.3\.norm_q\.weight' is not a tensor"):
        our_name("decoder1", "model.3.norm_q.weight")
