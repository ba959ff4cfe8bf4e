"""What two processes must agree on, as `python two_processes.py FOLDER BATCH` alone or under torchrun."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.config import TrainConfig
from fineparser_core.data.dives import DatasetDive
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import Cancelled
from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding
from fineparser_core.progress import CancelToken
from fineparser_core.training import end_to_end
from fineparser_core.training.batches import Batch
from fineparser_core.training.distributed import processes
from fineparser_core.training.end_to_end import Splits, evaluate_sharded, train_end_to_end
from fineparser_core.training.objective import Objective
from fineparser_core.training.presets import get_config


class Brightness(AQAModel):
    """Reads a dive's points off its brightness, by colour."""

    def __init__(self) -> None:
        super().__init__()
        self.i3d = nn.Linear(3, 1)  # where the batch norms are looked for that the release fixes
        nn.init.constant_(self.i3d.weight, 0.5)

    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        return EncodedVideo(encoding={"points": self.i3d(video.mean(dim=(2, 3, 4)))})

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        return (query["points"] - exemplars["points"])[:, 0] + exemplars["score"]


class BrightnessObjective(Objective):
    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        points = self.model.i3d(batch.video.mean(dim=(2, 3, 4)))[:, 0]
        found = points[batch.query] - points[batch.exemplar]
        return {"total": (found - batch.scores[batch.query] + batch.scores[batch.exemplar]).square().mean()}


def some_dives(count: int, seed: int) -> list[DatasetDive]:
    """Dives of one colour each, of one dive number."""
    rng = np.random.default_rng(seed)
    dives = []
    for index in range(count):
        color = rng.integers(0, 256, 3)
        record = DiveRecord(
            key=(f"event{seed}", index), dive_number="107B", difficulty=3.0, score=float(color.sum() / 8), n_frames=6
        )
        frames = np.broadcast_to(color.astype(np.uint8), (6, 112, 112, 3))
        dives.append(
            DatasetDive(record=record, frames=frames, masks=None, first_flight_frame=None, first_entry_frame=None)
        )
    return dives


def settings(batch: int) -> TrainConfig:
    return dataclasses.replace(
        get_config("release"),
        preprocessing="whole",
        flip=0.0,
        temporal_shift=0,
        grad_accum_steps=2,
        epochs=2,
        exemplars=3,
        i3d_lr=0.1,
        batch_size=batch,
    )


def main(out: Path, batch: int) -> None:
    """Trains and measures; the first process leaves FOLDER/found.json."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = settings(batch)
    splits = Splits(train=some_dives(8, 0), validation=some_dives(3, 1), test=some_dives(5, 2))

    def objective(model: Brightness, *others: object) -> Objective:
        return BrightnessObjective(model)

    end_to_end.make_objective = objective  # type: ignore[assignment]
    with processes("cpu") as peers:
        model = Brightness()
        cancel = CancelToken()
        untrained = evaluate_sharded(model, splits.test, splits.train, config, cancel=cancel, peers=peers)
        history = train_end_to_end(model, splits, config, out, cancel=cancel, peers=peers)
        trained = evaluate_sharded(model, splits.test, splits.train, config, cancel=cancel, peers=peers)
        found: dict[str, Any] = {
            "world": peers.world,
            "gathered": peers.gather({"rank": peers.rank}),
            "any": [peers.any(False), peers.any(peers.rank == peers.world - 1)],
            "untrained": [dataclasses.asdict(result) for result in untrained],
            "trained": [dataclasses.asdict(result) for result in trained],
            "history": history,
        }
        peers.wait()
        # A token set in one process alone stops all of them, in training and in measuring.
        token = CancelToken()
        if peers.rank == peers.world - 1:
            token.cancel()
        found["stopped"] = [
            stops(lambda: evaluate_sharded(model, splits.test, splits.train, config, cancel=token, peers=peers)),
            stops(lambda: train_end_to_end(Brightness(), splits, config, out / "cut", cancel=token, peers=peers)),
        ]
        everywhere = peers.gather(found["stopped"])
        if peers.writes:
            found["stopped"] = everywhere
            (out / "found.json").write_text(json.dumps(found), encoding="utf-8")


def stops(work: Any) -> bool:
    try:
        work()
    except Cancelled:
        return True
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
