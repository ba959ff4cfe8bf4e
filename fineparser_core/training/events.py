"""The log of a training run: JSON lines always, TensorBoard where it is installed."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.support.atomic import atomic_file

logger = logging.getLogger(__name__)

FILE_NAME = "events.jsonl"


class Events:
    """Appends to FOLDER/events.jsonl, one line an event, and to FOLDER/tensorboard.

    A resumed run calls `cut` first, because it computes again whatever came after its checkpoint.

    Args:
        on: False writes nothing, for processes other than the first.
    """

    def __init__(self, folder: Path, *, on: bool = True) -> None:
        self._path = folder / FILE_NAME
        self._on = on
        self._board: Any = None
        if on:
            self._board = _tensorboard(folder / "tensorboard")

    def cut(self, stage: str, iteration: int) -> None:
        """Deletes the events of a stage after an iteration, and an incomplete last line."""
        if not self._on or not self._path.exists():
            return
        kept = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event["stage"] != stage or event["iteration"] <= iteration:
                kept.append(line)
        with atomic_file(self._path) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def write(self, stage: str, iteration: int, values: Mapping[str, float]) -> None:
        """One event; values that are not finite are left out, as JSON does not have them."""
        if not self._on:
            return
        finite = {name: float(value) for name, value in values.items() if np.isfinite(value)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": stage, "iteration": iteration, **finite}) + "\n")
        if self._board is not None:
            for name, value in finite.items():
                self._board.add_scalar(f"{stage}/{name}", value, iteration)

    def images(self, stage: str, name: str, iteration: int, image: np.ndarray) -> None:
        """An image (H, W, 3) uint8 for TensorBoard."""
        if self._board is not None:
            self._board.add_image(f"{stage}/{name}", image, iteration, dataformats="HWC")

    def close(self) -> None:
        """Flushes TensorBoard's file."""
        if self._board is not None:
            self._board.close()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("TensorBoard is not installed (pip install tensorboard): events go to %s alone", FILE_NAME)
        return None
    return SummaryWriter(str(folder))
