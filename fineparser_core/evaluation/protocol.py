"""The protocol of an evaluation: how a network is run, and the versioned record of what was measured."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from fineparser_core.data.records import DiveRecord, Key
from fineparser_core.errors import CheckpointError
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.documents import read_document

#: File in a bundle of weights: the indices by event of the training dives from which exemplars are drawn.
POOL_FILE = "exemplar_pool.json"
#: Events below which intervals draw dives: too few groups make a bootstrap over them too narrow.
MIN_EVENTS = 10
IntervalUnit = Literal["event", "dive"]


def interval_unit(ids: Sequence[str]) -> IntervalUnit:
    """Return what intervals over dives of these ids, "event/index", draw: events, or dives where events are few."""
    return "event" if len({name.rpartition("/")[0] for name in ids}) >= MIN_EVENTS else "dive"


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


@dataclass(frozen=True, kw_only=True)
class ProtocolRecord:
    """Conditions that two results must share to be compared, as `evaluation.json` and `predictions.json` carry it.

    Attributes:
        name, version: of the rules by which dives are split, exemplars drawn and metrics computed; a change of a rule
            raises the version. Version 2: intervals draw events in place of dives; stretched maps are measured, too;
            a method that compares nothing has no exemplars and no spread.
        split: name of the split; `split_by` is "data" for that of the data set, "event" for whole events.
        dives: number of dives that were to be measured.
        split_digest: of their ids.
        labels: digest of their labels.
        left_out: dives of the split whose labels no dive can have.
        pairing: what an exemplar shares with a dive; "" where the method's exemplars are not known, or it has none.
        exemplars: voters a dive at most.
        exemplar_digest: of the exemplars of each dive.
        seed: of the choice of exemplars and of the intervals.
        intervals: what the intervals draw, "event" or "dive".
        reported: metrics, each with its interval.
    """

    name: str = "fineparser-diving"
    version: int = 2
    split: str
    split_by: str
    dives: int
    split_digest: str
    labels: str
    left_out: int = 0
    pairing: str = ""
    exemplars: int = 0
    exemplar_digest: str = ""
    seed: int = 0
    intervals: str = ""
    reported: tuple[str, ...] = ()

    def differences(self, other: "ProtocolRecord") -> list[str]:
        """Return the names of the fields that must be equal and are not; what neither or one knows is not compared."""
        kept = ("seed", "reported", "dives", "left_out")  # the seed counts by the exemplars that it draws
        values = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return [name for name, mine, theirs in values if name not in kept and mine and theirs and mine != theirs]


def protocol_record(
    records: Sequence[DiveRecord],
    exemplars: Mapping[str, Sequence[str]] | None = None,
    protocol: Protocol | None = None,
    **facts: Any,
) -> ProtocolRecord:
    """Return the record of an evaluation.

    Args:
        records: dives that were to be measured.
        exemplars: ids of the exemplars by the id of each dive.
        protocol: by which they were drawn.
        facts: other fields.
    """
    drawn = [f"{dive}: {' '.join(chosen)}" for dive, chosen in sorted((exemplars or {}).items()) if chosen]
    if drawn and protocol is not None:
        facts |= {"pairing": protocol.pairing, "exemplars": protocol.exemplars, "exemplar_digest": _digest(drawn)}
    ids = sorted(record.id for record in records)
    return ProtocolRecord(dives=len(ids), split_digest=_digest(ids), intervals=interval_unit(ids), **facts)


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
