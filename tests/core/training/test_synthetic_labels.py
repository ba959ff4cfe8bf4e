"""Joints and qualities as targets."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord
from fineparser_core.evaluation import fidelity
from fineparser_core.pose.keypoints import gaussian_maps
from fineparser_core.synth import rubric
from fineparser_core.synth.ground_truth import GroundTruth
from fineparser_core.training.synthetic_labels import (
    N_JOINTS,
    STEP_WEIGHTS,
    QualityHeads,
    load_ground_truths,
    masked_mse,
    scaled_qualities,
    true_contributions,
    visible_joints,
)


def make_dive(index: int, difficulty: float = 3.2) -> Dive:
    record = DiveRecord(
        key=("A", index), dive_number="407C", difficulty=difficulty, score=70.0, n_frames=2, split="train"
    )
    images = np.zeros((2, 112, 112, 3), np.uint8)
    return Dive(record=record, frames=images, masks=None, first_flight_frame=None, first_entry_frame=None)


@pytest.fixture
def masks() -> torch.Tensor:
    """An athlete in rows 40 to 59 and columns 20 to 39 of one picture, and nobody in another."""
    masks = torch.zeros(2, 112, 112)
    masks[0, 40:60, 20:40] = 1
    return masks


def at(*places: tuple[float, float]) -> torch.Tensor:
    """Joints (2, 16, 2) of both pictures at places in pixels; the others are not known."""
    points = torch.full((2, N_JOINTS, 2), torch.nan)
    points[:, : len(places)] = torch.tensor(places) / 112
    return points


def test_joints_are_shown_where_there_is_some_athlete_around_them(masks: torch.Tensor) -> None:
    places = [
        (30, 50),  # on the body
        (43.5, 50.5),  # four pixels beside it: a hand that the mask has lost
        (45.5, 50.5),  # hidden
        (90, 50),  # far away
        (-1, 50),  # outside
        (30, 112),  # the first row that is no longer in the view
    ]
    shown = visible_joints(at(*places), masks)
    assert shown.shape == (2, N_JOINTS)
    assert shown[0].tolist() == [True, True, *[False] * (N_JOINTS - 2)]
    assert not shown[1].any()


def test_half_a_pixel_of_athlete_is_none(masks: torch.Tensor) -> None:
    assert not visible_joints(at((30, 50)), masks * 0.5).any()
    assert visible_joints(at((30, 50)), masks * 0.51)[0, 0]


def test_spots_peak_at_their_joint_and_hidden_ones_are_empty(masks: torch.Tensor) -> None:
    points = at((30, 50), (43.5, 50.5), (90, 50))
    spots = gaussian_maps(points, visible_joints(points, masks), 28)
    assert spots.shape == (2, N_JOINTS, 28, 28)
    assert spots.isfinite().all()
    # Pixel 30 of 112 is in the middle of cell 7 of 28, pixel 50 of cell 12.
    assert spots[0, 0].argmax() == 12 * 28 + 7
    assert spots[0, 0, 12, 7] == pytest.approx(1.0)
    assert spots[0, 0, 12, 8] == pytest.approx(np.exp(-0.5))
    assert spots[0, 1].max() > 0.7
    assert not spots[0, 2:].any()
    assert not spots[1].any()


def test_qualities_are_scaled_and_unknown_ones_are_nan() -> None:
    dives = [make_dive(1), make_dive(2)]
    truths = {("A", 1): GroundTruth(joints=np.zeros((2, N_JOINTS, 2)), qualities=np.array([7.0, 8.8, 5.2]))}
    scaled = scaled_qualities(dives, truths)
    assert scaled.dtype == torch.float32
    assert scaled[0].tolist() == pytest.approx([0, 1, -1])
    assert scaled[1].isnan().all()


def test_contributions_are_those_that_evaluation_ranks() -> None:
    rng = np.random.default_rng(0)
    dives = [make_dive(i, difficulty) for i, difficulty in enumerate((1.8, 3.2, 3.6, 2.9))]
    qualities = rng.uniform(2, 10, (4, 3))
    truths = {
        d.record.key: GroundTruth(joints=np.zeros((2, 16, 2)), qualities=q)
        for d, q in zip(dives, qualities, strict=True)
    }
    del truths["A", 3]
    query, exemplar = np.array([0, 1, 2, 2, 3]), np.array([1, 0, 0, 1, 0])
    points = true_contributions(dives, scaled_qualities(dives, truths), query, exemplar)
    for pair in range(4):
        q, e = query[pair], exemplar[pair]
        expected = fidelity.true_contributions(dives[q].record.difficulty, tuple(qualities[q]), tuple(qualities[e]))
        assert points[pair].numpy() == pytest.approx(expected, abs=1e-4)
    assert points[4].isnan().all()
    assert STEP_WEIGHTS == rubric.STEP_WEIGHTS


def test_errors_are_of_what_is_known() -> None:
    found = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    target = torch.tensor([[torch.nan, 0.0], [torch.nan, 5.0]])
    error = masked_mse(found, target)
    assert float(error.detach()) == pytest.approx((4 + 1) / 2)
    error.backward()
    assert found.grad is not None
    assert found.grad.tolist() == [[0, 2], [0, -1]]
    nothing = masked_mse(found, torch.full((2, 2), torch.nan))
    nothing.backward()  # an optimiser needs a gradient, if none that moves anything
    assert float(nothing.detach()) == 0


def test_every_step_has_a_head_of_its_own() -> None:
    heads = QualityHeads(4)
    tokens = torch.randn(5, 3, 4, 64)
    found = heads(tokens)
    assert found.shape == (5, 3)
    tokens[:, 1] = 0
    other = heads(tokens)
    assert (other != found).any(dim=0).tolist() == [False, True, False]


def test_rendered_dives_have_truths_and_others_none(rendered_root: Path, tmp_path: Path) -> None:
    assert load_ground_truths(tmp_path, [make_dive(1)]) == {}
    key = next(path for path in (rendered_root / "FineDiving_truth").rglob("*.npz"))
    record_key = key.parent.name, int(key.stem)
    one = make_dive(1)
    rendered = Dive(
        record=DiveRecord(
            key=record_key, dive_number="107B", difficulty=3.0, score=70.0, n_frames=40, split="train"
        ),
        frames=one.frames, masks=None, first_flight_frame=None, first_entry_frame=None,
    )  # fmt: skip
    truths = load_ground_truths(rendered_root, [one, rendered])
    assert set(truths) == {record_key}
    assert truths[record_key].joints.shape == (40, N_JOINTS, 2)
