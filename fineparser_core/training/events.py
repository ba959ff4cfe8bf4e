"""The log of a training run: JSON lines always, TensorBoard and MLflow where they are installed."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.atomic import write_whole

logger = logging.getLogger(__name__)

FILE_NAME = "events.jsonl"
#: Holds the id that MLflow gave to the run.
_MLFLOW_RUN = "mlflow.txt"
_LONGEST_PARAM = 500


class Events:
    """Appends to FOLDER/events.jsonl, a line for each event, and to FOLDER/tensorboard.

    Where MLFLOW_TRACKING_URI names a server or folder, settings, metrics and the finished weights go there too, as a
    run named after FOLDER, which a resumed run goes on with.

    A resumed run calls `go_on` first, because it repeats the iterations after its checkpoint.

    Args:
        on: False writes nothing, for processes other than the first.
        settings: of the run, for MLflow.
    """

    def __init__(self, folder: Path, *, on: bool = True, settings: Mapping[str, object] | None = None) -> None:
        self._path = folder / FILE_NAME
        self._on = on
        self._board: Any = _tensorboard(folder / "tensorboard") if on else None
        self._mlflow: Any = _mlflow(folder, settings or {}) if on else None

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
        if self._mlflow is not None:
            try:
                self._mlflow.log_metrics({f"{stage}/{name}": value for name, value in finite.items()}, step=iteration)
            except Exception as error:  # a server that went away costs no run
                logger.warning("MLflow takes no more metrics (%s): they are in %s", type(error).__name__, FILE_NAME)
                self._mlflow = None

    def images(self, stage: str, name: str, iteration: int, image: np.ndarray) -> None:
        """Log an image (H, W, 3) uint8 for TensorBoard."""
        self._show(lambda board: board.add_image(f"{stage}/{name}", image, iteration, dataformats="HWC"))

    def histogram(self, name: str, iteration: int, values: np.ndarray) -> None:
        """Write the distribution of values (n,) to TensorBoard."""
        if len(values):
            self._show(lambda board: board.add_histogram(name, values, iteration))

    def weights(self, bundle: Path) -> None:
        """Log the folder of finished weights, for MLflow."""
        if self._mlflow is not None:
            try:
                self._mlflow.log_artifacts(str(bundle), bundle.name)
            except Exception as error:
                logger.warning("MLflow does not take the weights (%s): they are in %s", type(error).__name__, bundle)

    def close(self) -> None:
        """Flush TensorBoard's file and end MLflow's run."""
        self._show(lambda board: board.close())
        if self._mlflow is not None:
            with suppress(Exception):
                self._mlflow.end_run()

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


def _mlflow(folder: Path, settings: Mapping[str, object]) -> Any:
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    known = folder / _MLFLOW_RUN
    try:
        import mlflow

        before = known.read_text(encoding="utf-8") if known.is_file() else None
        run = mlflow.start_run(run_id=before, run_name=folder.name)
        if before is None:
            mlflow.log_params({name: str(value)[:_LONGEST_PARAM] for name, value in settings.items()})
            known.write_text(run.info.run_id, encoding="utf-8")
    except ImportError:
        logger.warning("MLFLOW_TRACKING_URI is set, but MLflow is not installed (pip install mlflow-skinny)")
        return None
    except Exception as error:
        logger.warning("MLflow cannot be reached (%s): metrics are in %s alone", type(error).__name__, FILE_NAME)
        with suppress(Exception):
            mlflow.end_run("FAILED")
        return None
    return mlflow
