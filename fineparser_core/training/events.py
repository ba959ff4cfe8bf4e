"""The log of a training run as JSON lines."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.atomic import write_whole

FILE_NAME = "events.jsonl"


class Events:
    """Appends to FOLDER/events.jsonl, a line for each event.

    A resumed run calls `cut` first, because it repeats the iterations after its checkpoint.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def cut(self, stage: str, iteration: int) -> None:
        """Delete the events of a stage after an iteration, and an incomplete last line."""
        if not self._path.exists():
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
        finite = {name: float(value) for name, value in values.items() if np.isfinite(value)}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": stage, "iteration": iteration, **finite}) + "\n")
        except OSError as error:
            raise ExportError(f"{self._path} cannot be written ({error.strerror}): make room and go on.") from None
