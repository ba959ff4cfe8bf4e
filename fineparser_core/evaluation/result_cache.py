"""A cache of results on disk, written dive by dive, so that an interrupted evaluation can be resumed."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from fineparser_core import __version__
from fineparser_core.errors import ExportError
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.codec import from_json

_FORMAT = "fineparser.evaluated-dives/1"


class ResultCache:
    """The results of an evaluation as lines of JSON; the first line identifies the evaluation.

    Args:
        folder: output folder of the evaluation; None keeps the results in memory only.
        protocol: preprocessing, decoding and choice of exemplars.
        facts: what the results depend on besides: weights, arithmetic, labels and the commit of the code. Results of
            any other evaluation in the folder are discarded.

    Raises:
        ExportError: the file cannot be read or written.
    """

    def __init__(self, folder: Path | None, protocol: Protocol, facts: Mapping[str, str]) -> None:
        self._path = None if folder is None else folder / "results.jsonl"
        self._known: dict[str, DiveResult] = {}
        if self._path is None:
            return
        head = json.dumps({"format": _FORMAT, "version": __version__, **asdict(protocol), **facts})
        try:
            # Text after the last line end is a line that was cut off while it was written.
            lines = self._path.read_text(encoding="utf-8").split("\n")[:-1] if self._path.exists() else []
            kept = lines if lines and lines[0] == head else [head]
            for line in kept[1:]:
                result = from_json(json.loads(line), DiveResult)
                self._known[result.id] = result
        except (OSError, ValueError) as error:
            raise ExportError(f"{self._path} cannot be read ({error}): remove it, or choose another folder.") from None
        write_whole(self._path, "".join(f"{line}\n" for line in kept))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, dive_id: str) -> DiveResult | None:
        """Return the result of a dive, if it is in the cache."""
        return self._known.get(dive_id)

    def add(self, result: DiveResult) -> None:
        """Store the result of a dive.

        Raises:
            ExportError: it cannot be written.
        """
        self._known[result.id] = result
        if self._path is None:
            return
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(result)) + "\n")
        except OSError as error:
            raise ExportError(f"{self._path} cannot be written ({error.strerror}): make room and go on.") from None

    def remove(self) -> None:
        """Delete the file; called once the outputs made from the results are written."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
