"""What two processes must agree on, as `python two_processes.py FOLDER BATCH` alone, under torchrun or under srun."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import torch
from brightness import Brightness, config_of, some_dives

from fineparser_core.config import TrainConfig
from fineparser_core.errors import Cancelled
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.progress import CancelToken
from fineparser_core.training.distributed import processes
from fineparser_core.training.loop import Trainer
from fineparser_core.training.validation import Splits, protocol_of, run_sharded


def settings(batch: int) -> TrainConfig:
    return config_of(flip=0.0, temporal_shift=0, epochs=2, exemplars=3, i3d_lr=0.1, batch_size=batch)


def main(out: Path, batch: int) -> None:
    """Trains and measures; the first process leaves FOLDER/found.json."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = settings(batch)
    splits = Splits(train=some_dives(8, 0), validation=some_dives(3, 1), test=some_dives(5, 2))

    with processes("cpu") as peers:
        model = Brightness()
        cancel = CancelToken()
        evaluator = Evaluator(model, [dive.record for dive in splits.train], splits.train, protocol_of(config))
        untrained = run_sharded(evaluator, splits.test, cancel=cancel, peers=peers)
        history = Trainer(model, splits, config, out, cancel=cancel, peers=peers).run()
        trained = run_sharded(evaluator, splits.test, cancel=cancel, peers=peers)
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
            stops(lambda: run_sharded(evaluator, splits.test, cancel=token, peers=peers)),
            stops(lambda: Trainer(Brightness(), splits, config, out / "cut", cancel=token, peers=peers).run()),
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
