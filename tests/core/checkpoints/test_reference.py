import golden_kit
import pytest
import torch

from fineparser_core.checkpoints.bundle import WeightsCard, load_bundle, save_bundle
from fineparser_core.checkpoints.reference import from_reference, our_name, to_reference
from fineparser_core.commands.convert import main
from fineparser_core.errors import CheckpointError, ConfigError

CARD = WeightsCard(name="test", trained_on="nothing", synthetic=True)
UNUSED = ("regressor_delta3/", "video_encoder/backbone.fc.")


def flat(entries):
    return {f"{entry}/{key}": value for entry, state in entries.items() for key, value in state.items()}


def assert_is_of_the_release(entries):
    tensors = flat(entries)
    assert tensors.keys() == golden_kit.MANIFEST.keys()
    for full, expected in golden_kit.MANIFEST.items():
        assert list(tensors[full].shape) == expected["shape"], full
        assert str(tensors[full].dtype) == f"torch.{expected['dtype']}", full


def test_there_and_back_gives_the_same_tensors():
    entries = golden_kit.entries(0)
    back = to_reference(from_reference(entries))
    assert_is_of_the_release(back)
    original, returned = flat(entries), flat(back)
    for full, value in returned.items():
        expected = torch.zeros_like(value) if full.startswith(UNUSED) else original[full]
        assert torch.equal(value, expected), full


def test_tensors_of_other_networks_are_refused():
    with pytest.raises(CheckpointError, match=r"'head\.weight' has no place"):
        to_reference({"head.weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"'decoder1/model\.3\.norm_q\.weight' is not a tensor"):
        our_name("decoder1", "model.3.norm_q.weight")


def test_bundle_to_the_authors_layout_and_back(tmp_path):
    state = from_reference(golden_kit.entries(0))
    save_bundle(state, CARD, tmp_path / "ours", half=False)
    path = tmp_path / "fineparser.pth"
    assert main(["to-release", str(tmp_path / "ours"), str(path)]) == 0

    saved = torch.load(path, weights_only=True)
    numbers = {name: saved.pop(name) for name in ("epoch", "epoch_best_aqa", "rho_best", "L2_min", "RL2_min")}
    assert numbers == {"epoch": 0, "epoch_best_aqa": 0, "rho_best": 0, "L2_min": float("inf"), "RL2_min": float("inf")}
    optimizer = saved.pop("optimizer")
    assert_is_of_the_release(saved)
    assert not any(value for full, value in flat(saved).items() if full.endswith("num_batches_tracked"))
    # An Adam over one group an entry takes it up.
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    groups = [
        {"params": [value for key, value in values.items() if not key.endswith(statistics)]}
        for values in saved.values()
    ]
    assert sum(len(group["params"]) for group in groups) == 880
    adam = torch.optim.Adam(groups, lr=1)
    adam.load_state_dict(optimizer)
    assert [group["lr"] for group in adam.param_groups] == [1e-4] + [1e-3] * 13

    assert main(["release", str(path), str(tmp_path / "again")]) == 0
    again = load_bundle(tmp_path / "again")[0]
    assert again.keys() == {name for name in state if not name.endswith("num_batches_tracked")}
    assert all(torch.equal(value, state[name]) for name, value in again.items())

    with pytest.raises(ConfigError, match="exists already"):
        main(["to-release", str(tmp_path / "ours"), str(path)])
    path.write_bytes(b"older")
    assert main(["to-release", str(tmp_path / "ours"), str(path), "--overwrite"]) == 0
    assert path.stat().st_size > 200_000_000
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "fineparser.pth", "ours"]
