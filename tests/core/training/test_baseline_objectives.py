from dataclasses import replace

import numpy as np
import pytest
import torch
from pairs_of_noise import synthetic_batch
from torch import Tensor, nn

from fineparser_core.checkpoints.build import build_model
from fineparser_core.data.records import DiveRecord
from fineparser_core.models.aqa_model import to_windows
from fineparser_core.models.i3d import I3D
from fineparser_core.training.baseline_objectives import pair_differences
from fineparser_core.training.batches import _elements, three_awards
from fineparser_core.training.methods import METHODS
from fineparser_core.training.objective import make_objective
from fineparser_core.training.optimizer import fix_batch_norms
from fineparser_core.training.presets import get_config

pytestmark = pytest.mark.usefixtures("narrow_networks")
BASELINES = [method.name for method in METHODS if not method.whole]
SCORES = (40.0, 55.0, 60.0, 72.0, 75.0, 90.0)
RECORDS = [
    DiveRecord(key=("event", i), dive_number=number, difficulty=3.0, score=score, n_frames=100)
    for i, (number, score) in enumerate(zip(("107B", "107B", "107B", "107B", "5253B", "5253B"), SCORES, strict=True))
]


def small_batch(size=16):
    batch = synthetic_batch(1, size=size)
    batch.video[0] *= 0.3  # two dives that even untrained features tell apart
    return replace(batch, masks=None)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """Show the networks less of frames of 112 pixels."""
    forward = I3D.forward
    monkeypatch.setattr(I3D, "forward", lambda i3d, x: forward(i3d, x[..., ::7, ::7] if x.shape[-1] == 112 else x))


def small_objective(method, **settings):
    torch.manual_seed(0)
    config = replace(get_config("fineparser"), method=method, **settings)
    return make_objective(build_model(config.model), config, RECORDS)


class StoredFeatures(nn.Module):
    """Stands in for the I3D: the features it would give of one batch."""

    features: Tensor

    def __init__(self, features):
        super().__init__()
        self.register_buffer("features", features)

    def forward(self, windows):
        return self.features


#: Parts that see through stored weights, which no gradient reaches.
STORED = ("model.static_encoder", "model.spatial_parser")


@pytest.mark.parametrize("method", BASELINES)
def test_gradients_arrive_everywhere(method):
    objective = small_objective(method)
    fix_batch_norms(objective, "release")
    losses = objective(small_batch(112 if method == "pose-dct" else 16), 0.0)
    losses["total"].backward()
    dead = [name for name, p in objective.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not [name for name in dead if not name.startswith(STORED)]


def test_tasks_and_awards_that_are_not_known_are_left_out():
    batch = small_batch()
    unknown = replace(batch, elements=torch.full((2, 5), -1), awards=torch.full((2, 3), torch.nan))
    with torch.no_grad():
        losses = small_objective("c3d-avg-mtl")(batch, 0.0)
        assert float(losses["tasks"]) > 0
        assert float(losses["total"]) == pytest.approx(float(losses["regression"] + losses["tasks"]))
        assert float(small_objective("c3d-avg-mtl")(unknown, 0.0)["tasks"]) == 0
        known, none = (float(small_objective("musdl")(each, 0.0)["total"]) for each in (batch, unknown))
    assert known > 0 == none


def test_counted_awards_sum_to_what_counts():
    assert three_awards((9.5, 9, 9.5, 9, 8.5, 9.5, 8.5)).tolist() == [9.0, 9.0, 9.5]
    assert three_awards((7.0, 8.0, 9.0, 7.5, 8.5)).sum() == pytest.approx(3 / 5 * 40)
    assert np.isnan(three_awards((7.0,))).all()
    assert _elements("5253B") == (1, 0, 2, 5, 3)
    assert _elements("nothing") == (-1,) * 5


def test_differences_are_those_of_dives_that_may_be_compared():
    found = sorted(np.abs(pair_differences(RECORDS, "dive-number")))
    assert found == [5.0, 12.0, 15.0, 15.0, 17.0, 20.0, 32.0]
    assert len(pair_differences(RECORDS, "random")) == 15
    model = small_objective("core").model
    assert float(model.edges[-1]) == 32.0


def test_tsa_cuts_at_labels_and_after_its_teaching_at_predictions():
    batch = small_batch()
    objective = small_objective("tsa", teacher_forcing=0.5)
    model = objective.model.train()  # an untrained I3D fades to nothing unless its batch norms follow the batch
    moved = replace(batch, transitions=torch.tensor([[5, 80], [50, 90]]))
    with torch.no_grad():
        model.i3d = StoredFeatures(model.i3d(to_windows(batch.video)))
        objective.eval()
        early, late = ([float(objective(b, p)["regression"]) for b in (batch, moved)] for p in (0.0, 0.9))
        unlabeled = objective(replace(batch, transitions=None), 0.0)
    assert early[0] != early[1]
    assert late[0] == late[1]
    assert set(unlabeled) == {"total", "regression"}
