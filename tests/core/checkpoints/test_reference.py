import golden_kit
import pytest
import torch

from fineparser_core.checkpoints.bundle import load_bundle
from fineparser_core.checkpoints.reference import ENTRIES, from_reference, our_name
from fineparser_core.commands.convert import main
from fineparser_core.errors import CheckpointError, ConfigError

UNUSED = ("regressor_delta3/", "video_encoder/backbone.fc.")


def test_every_tensor_of_the_release_that_is_used_has_a_name_here():
    entries = golden_kit.entries(0)
    used = [(entry, key) for entry in ENTRIES for key in entries[entry] if not f"{entry}/{key}".startswith(UNUSED)]
    state = from_reference(entries)
    assert len(state) == len(used)
    for entry, key in used:
        name = our_name(entry, key)
        assert name is not None
        assert torch.equal(state[name], entries[entry][key])


def test_tensors_of_other_networks_are_refused():
    with pytest.raises(CheckpointError, match=r"'decoder1/model\.3\.norm_q\.weight' is not a tensor"):
        our_name("decoder1", "model.3.norm_q.weight")


def test_a_checkpoint_in_the_authors_layout_becomes_a_bundle(tmp_path):
    entries = golden_kit.entries(0)
    path = tmp_path / "fineparser.pth"
    torch.save({**entries, "epoch": 0, "rho_best": 0.0}, path)
    assert main(["release", str(path), str(tmp_path / "ours")]) == 0
    state, ours = from_reference(entries), load_bundle(tmp_path / "ours")[0]
    assert ours.keys() == {name for name in state if not name.endswith("num_batches_tracked")}
    assert all(torch.equal(value, state[name]) for name, value in ours.items())
    with pytest.raises(ConfigError, match="exists already"):
        main(["release", str(path), str(tmp_path / "ours")])
