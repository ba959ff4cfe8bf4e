"""Methods of a few numbers that read a dive's points off its colors, and dives for them."""

import dataclasses

import numpy as np
import torch
from torch import nn

from fineparser_core.data.records import DatasetDive, DiveRecord
from fineparser_core.methods import Method, register_method
from fineparser_core.models.aqa_model import AQAModel, EncodedVideo
from fineparser_core.training.objective import Objective
from fineparser_core.training.presets import get_config


class Brightness(AQAModel):
    """Points of the mean color."""

    def __init__(self):
        super().__init__()
        self.i3d = nn.Linear(3, 1)  # where the batch norms are looked for that the release fixes
        nn.init.constant_(self.i3d.weight, 0.5)

    def encode(self, video, decode):
        return EncodedVideo(encoding={"points": self.i3d(video.mean(dim=(2, 3, 4)))})

    def predict_scores(self, query, exemplars):
        return (query["points"] - exemplars["points"])[:, 0] + exemplars["score"]


class Noisy(Brightness):
    """The same through what a batch and chance have a part in."""

    def __init__(self):
        super().__init__()
        self.i3d = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))


class BrightnessObjective(Objective):
    def forward(self, batch, progress):
        points = self.model.i3d(batch.video.mean(dim=(2, 3, 4)))[:, 0]
        found = points[batch.query] - points[batch.exemplar]
        loss = (found - batch.scores[batch.query] + batch.scores[batch.exemplar]).square().mean()
        return {"total": loss, "half": loss / 2}


for name, model in (("brightness", Brightness), ("noisy", Noisy)):
    register_method(Method(name=name, model=model, objective=BrightnessObjective, contrastive=True))


def some_dives(count, seed):
    """Dives of one color each, of one dive number."""
    rng = np.random.default_rng(seed)
    dives = []
    for index in range(count):
        color = rng.integers(0, 256, 3)
        record = DiveRecord(
            key=(f"event{seed}", index), dive_number="107B", difficulty=3.0, score=float(color.sum() / 8), n_frames=6
        )
        frames = np.broadcast_to(color.astype(np.uint8), (6, 8, 8, 3))
        dives.append(
            DatasetDive(record=record, frames=frames, masks=None, first_flight_frame=None, first_entry_frame=None)
        )
    return dives


def config_of(**values):
    """Return settings of six iterations: three epochs of two."""
    small = {"method": "brightness", "preprocessing": "whole", "epochs": 3, "batch_size": 2}
    return dataclasses.replace(get_config("fineparser"), **{**small, "grad_accum_steps": 2, "exemplars": 1, **values})


def built(config):
    """Return the network of a run's start."""
    torch.manual_seed(0)
    return Noisy() if config.method == "noisy" else Brightness()
