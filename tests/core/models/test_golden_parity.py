"""The released arithmetic, reproduced: end to end and stage by stage, for both seeds of the parity kit."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "golden"))

import golden_kit
from golden_kit import golden, model, video

from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.models.step_pooling import dynamic_matrix, pair_boundaries, static_matrix
from fineparser_core.models.temporal_parser import decode_release
from fineparser_core.video.clips import WINDOWS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SEEDS = (0, 1)
STAGE_TOLERANCE = 3e-5


def close(ours, stored):
    """Within 3e-5 of the largest value of the stage."""
    assert tuple(ours.shape) == stored.shape
    largest = np.abs(stored).max()
    assert np.abs(ours.numpy() - stored).max() <= STAGE_TOLERANCE * largest


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def pairs(array):
    return [(int(a), int(b)) for a, b in array]


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_from_their_stored_inputs(seed):
    network, g = model(seed), golden(seed)
    with torch.inference_mode():
        for side in ("query", "ex"):
            if f"i3d_feature_{side}" in g:  # the exemplars' gates are kept of one seed
                i3d, mask = tensor(g[f"i3d_feature_{side}"]), tensor(g[f"mask_feature_{side}"])
                close(network.gate(i3d, mask).expand(3, 9, 1024), g[f"fused_{side}"])
            close(network.psnet(tensor(g[f"fused_{side}"])), g[f"prob_{side}"])
        for side in ("query", "ex"):
            decoded = [decode_release(p) for p in g[f"prob_{side}"]]
            assert decoded == pairs(g[f"trans_{side}"])

        boundaries = [pair_boundaries(q, e) for q, e in zip(pairs(g["trans_query"]), pairs(g["trans_ex"]), strict=True)]
        for side in ("query", "ex"):
            fused = tensor(g[f"fused_{side}"])
            pooled = torch.from_numpy(dynamic_matrix(*boundaries[0])) @ fused[:1]
            close(pooled.reshape(1, 3, 4, 1024), g[f"V_pool_{side}"])
            close(network.dynamic_tokens(fused, boundaries), g[f"V_seg_{side}"])

        features = tensor(np.repeat(g["resnet_feature_query"][None], 3, axis=0))
        close(network.static_encoder.step_tokens(features, pairs(g["trans_query"])), g["S_seg_query"])

        for stream, letter, tokens in ((network.dynamic_stream, "V", 12), (network.static_stream, "S", 4)):
            query, exemplar = tensor(g[f"{letter}_seg_query"]), tensor(g[f"{letter}_seg_ex"])
            for direction, (a, b) in enumerate(((query, exemplar), (exemplar, query))):
                decoded = stream.decode(a, b)
                close(decoded.reshape(3, 3 * tokens, 64), g[f"{letter}_dec"][:, direction])
                stored = tensor(g[f"{letter}_dec"][:, direction])
                close(stream.regressor(stored), g[f"{letter}_token_delta"][:, direction])
                close(stream.regressor(decoded).mean(-1), g[f"{letter}_step"][:, direction])


# The stages of the other seed are compared above.
@pytest.mark.parametrize(
    ("seed", "n_exemplars"), [(SEEDS[0], 1), *(pytest.param(seed, 3, marks=pytest.mark.slow) for seed in SEEDS)]
)
def test_end_to_end(seed, n_exemplars):
    network, g = to_channels_last(model(seed)), golden(seed)
    rule = golden_kit.rule
    encodings = {}
    with torch.inference_mode():
        for name in rule.NAMES[: 1 + n_exemplars]:
            clip = video(seed, name)[0]
            windows = clip[:, torch.tensor(WINDOWS)].transpose(0, 1)
            windows = windows.contiguous(memory_format=torch.channels_last_3d)
            i3d = network.i3d(windows)
            logits, mask = network.spatial_parser(windows) if name == "query" else (None, None)
            if name == "query":
                stored = g["mask_logits_query"].astype(np.float32)
                assert np.abs(logits[[0, 8]][:, :, ::4, ::4, ::4].numpy() - stored).max() < 2e-2
                means = torch.stack([logits.mean((2, 3, 4)), logits.std((2, 3, 4), correction=0)], dim=-1)
                assert np.abs(means.numpy() - g["mask_head_mean_std_query"]).max() < 2e-3
                assert torch.equal(logits[:, -1], network.spatial_parser.infer(windows)[0][0])
            else:
                mask = network.spatial_parser.encoder(windows)
            gated = network.gate(i3d, mask)[None]
            probabilities = network.psnet(gated)
            transitions = decode_release(probabilities[0].numpy())
            frames = network.static_encoder.to_feature(network.static_encoder.backbone(clip.transpose(0, 1)))[None]
            tokens = network.static_encoder.step_tokens(frames, [transitions])
            encodings[name] = (gated, tokens, transitions, probabilities)
            if name == "query":
                assert np.abs(i3d.numpy() - g["i3d_feature_query"]).max() < 1e-3
                assert np.abs(mask.numpy() - g["mask_feature_query"]).max() < 1e-3
                assert np.abs(frames[0].numpy() - g["resnet_feature_query"]).max() < 1e-3

        scores = []
        for p, (name, exemplar_score) in enumerate(zip([*encodings][1:], rule.EXEMPLAR_SCORES, strict=False)):
            query, exemplar = encodings["query"], encodings[name]
            assert query[2] == tuple(g["trans_query"][p])
            assert exemplar[2] == tuple(g["trans_ex"][p])
            assert np.abs(exemplar[3][0].numpy() - g["prob_ex"][p]).max() < 1e-4
            assert np.abs(query[3][0].numpy() - g["prob_query"][p]).max() < 1e-4
            for direction, (a, b) in enumerate(((query, exemplar), (exemplar, query))):
                relative = network.compare((a[0], b[0]), (a[1], b[1]), ([a[2]], [b[2]]))
                assert float(relative.delta) == pytest.approx(float(g["delta"][p, direction]), abs=3e-3)
                if direction == 0:
                    scores.append(float(relative.delta) + exemplar_score)
                    assert scores[-1] == pytest.approx(float(g["score"][p]), abs=3e-3)
        if len(scores) == len(rule.EXEMPLAR_SCORES):
            assert np.mean(scores) == pytest.approx(float(g["mean_score"]), abs=3e-3)


def test_resampling_rules_over_all_indices():
    with np.load(golden_kit.FOLDER / "golden_segpool.npz") as data:
        for (a, b), expected, fails in zip(data["pairs9"], data["out9"], data["fails9"], strict=True):
            if fails:
                with pytest.raises(ValueError, match="empty step"):
                    dynamic_matrix(int(a), int(b))
                continue
            ours = data["x9"][0] @ dynamic_matrix(int(a), int(b)).T
            np.testing.assert_allclose(ours, expected, atol=5e-5)
        for (st, ed), expected in zip(data["pairs96"], data["out96"], strict=True):
            ours = data["x96"][0] @ static_matrix(int(st), int(ed)).T
            np.testing.assert_allclose(ours, expected, atol=5e-5)
