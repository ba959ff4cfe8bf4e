"""The log of a training run: JSON lines always, TensorBoard where it is installed."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.atomic import write_whole

logger = logging.getLogger(__name__)

FILE_NAME = "events.jsonl"


class Events:
    """Appends to FOLDER/events.jsonl, a line for each event, and to FOLDER/tensorboard.

    A resumed run calls `go_on` first, because it repeats the iterations after its checkpoint.

    Args:
        on: False writes nothing, for processes other than the first.
    """

    def __init__(self, folder: Path, *, on: bool = True) -> None:
        self._path = folder / FILE_NAME
        self._on = on
        self._board: Any = _tensorboard(folder / "tensorboard") if on else None

    def go_on(self, stage: str, iteration: int) -> None:
        """Cut the log, see `cut`; TensorBoard drops its later steps, too."""
        self.cut(stage, iteration)
        self._show(lambda board: board.close())  # opens another file at the next event, which begins with the step
        if self._board is not None:
            self._board.purge_step = iteration + 1

    def cut(self, stage: str, iteration: int) -> None:
        """Delete the events of a stage after an iteration, and an incomplete last line."""
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
        write_whole(self._path, "".join(f"{line}\n" for line in kept))

    def write(self, stage: str, iteration: int, values: Mapping[str, float]) -> None:
        """Write an event; values that are not finite are left out, as JSON does not have them.

        Raises:
            ExportError: it cannot be written.
        """
        if not self._on:
            return
        finite = {name: float(value) for name, value in values.items() if np.isfinite(value)}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": stage, "iteration": iteration, **finite}) + "\n")
        except OSError as error:
            raise ExportError(f"{self._path} cannot be written ({error.strerror}): make room and go on.") from None

        def add(board: Any) -> None:
            for name, value in finite.items():
                board.add_scalar(f"{stage}/{name}", value, iteration)

        self._show(add)

    def images(self, stage: str, name: str, iteration: int, image: np.ndarray) -> None:
        """Log an image (H, W, 3) uint8 for TensorBoard."""
        self._show(lambda board: board.add_image(f"{stage}/{name}", image, iteration, dataformats="HWC"))

    def histogram(self, name: str, iteration: int, values: np.ndarray) -> None:
        """Write the distribution of values (n,) to TensorBoard."""
        if len(values):
            self._show(lambda board: board.add_histogram(name, values, iteration))

    def close(self) -> None:
        """Flush TensorBoard's file."""
        self._show(lambda board: board.close())

    def _show(self, act: Callable[[Any], object]) -> None:
        """Act on TensorBoard, whose thread may have met a full disk."""
        if self._board is not None:
            try:
                act(self._board)
            except OSError as error:
                logger.warning("TensorBoard takes no more events (%s): they are in %s", error.strerror, FILE_NAME)
                self._board = None


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.info("TensorBoard is not installed (pip install tensorboard): events go to %s alone", FILE_NAME)
        return None
    return SummaryWriter(str(folder))
