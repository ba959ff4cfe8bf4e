"""The stamp of dives: equal stamps mean equal dives with equal labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.records import DiveRecord

#: Written by the renderer beside what it rendered.
_RENDERED = "rendered.json"


@dataclass(frozen=True, kw_only=True)
class DataStamp:
    """Identifies the dives of a run; equal stamps mean equal dives with equal labels."""

    name: str
    rendered: bool
    dives: int
    labels: str


def data_stamp(data: DiveSet, records: Sequence[DiveRecord]) -> DataStamp:
    """Return the stamp of some records of a data set."""
    rendered = (data.root / _RENDERED).is_file()
    labels = hashlib.sha256(repr([asdict(record) for record in records]).encode()).hexdigest()
    return DataStamp(
        name="rendered dives" if rendered else data.name, rendered=rendered, dives=len(records), labels=labels[:16]
    )
