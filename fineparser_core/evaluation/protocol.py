"""The protocol of an evaluation: preprocessing, decoding and the choice of exemplars."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.errors import CheckpointError
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.documents import read_document

#: File in a bundle of weights: the indices by event of the training dives from which exemplars are drawn.
POOL_FILE = "exemplar_pool.json"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Fixed settings of an evaluation; a weights card records those that its numbers were measured by.

    Attributes:
        preprocessing, decoding: as a weights card names them.
        pairing: what an exemplar shares with its query, see `data.exemplars`.
        exemplars: E, voters a dive.
        seed: of the draw of exemplars.
    """

    preprocessing: str
    decoding: str
    pairing: str = "dive-number"
    exemplars: int = 10
    seed: int = 0


def write_pool(folder: Path, records: Sequence[DiveRecord]) -> None:
    """Record in a bundle of weights the training dives that its exemplars are drawn from.

    Raises:
        ExportError: the file cannot be written.
    """
    by_event: dict[str, list[int]] = {}
    for event, index in sorted(record.key for record in records):
        by_event.setdefault(event, []).append(index)
    write_whole(folder / POOL_FILE, json.dumps(by_event) + "\n")


def read_pool(folder: Path) -> list[Key] | None:
    """Return the keys that `write_pool` recorded; None for a bundle without them.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / POOL_FILE
    if not path.is_file():
        return None

    def refuse(reason: str) -> CheckpointError:
        return CheckpointError(f"{path} cannot be read ({reason}): remove it to draw from all training dives.")

    by_event = read_document(path, dict[str, list[int]], refuse)
    return [(event, index) for event, indices in by_event.items() for index in indices]
