"""Rendered twins of the dives of FineDiving: same dive number, DD, length, transitions, split and award as the record.

The qualities of the three steps are sampled so that their award is the record's, the dive is rendered with faults of
these qualities, and simulated judges with noise score it. Without the annotations, records are sampled from a table of
their distribution (`synth.twin_table`).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fineparser_core.constants import BOARDS_M
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.synth.dataset import PlannedDive
from fineparser_core.synth.render import DiveSpec
from fineparser_core.synth.rubric import STEP_WEIGHTS

#: Standard deviation of the qualities of a dive around its award, as in `rubric.sample_qualities`.
_QUALITY_STD = 1.3
#: Transitions of records that have none, as shares of the length: the medians of all records.
_MEDIAN_SHARES = (0.29, 0.64)


@dataclass(frozen=True, kw_only=True)
class TwinRecord:
    """A judged dive, the model of a twin; frames count from the first of its clip.

    Attributes:
        event, index: key of the record.
        score: points, 3 * difficulty * award.
        board_m: height of the board in meters; None if the event does not name it.
        synchro: whether it is a synchronized dive.
        split: "train", "test", or "" for none.
    """

    event: str
    index: int
    dive_number: str
    difficulty: float
    score: float
    board_m: float | None
    synchro: bool
    n_frames: int
    first_flight_frame: int
    first_entry_frame: int
    split: str

    @property
    def award(self) -> float:
        """Mean of the counted awards, 0..10."""
        return self.score / (3 * self.difficulty)

    @property
    def has_steps(self) -> bool:
        """True if the transitions give three steps of at least a frame each."""
        return 0 < self.first_flight_frame < self.first_entry_frame < self.n_frames


@dataclass(frozen=True, kw_only=True)
class TwinPlan:
    """Twins to be rendered; implements `dataset.DatasetPlan`.

    Attributes:
        records: all records, sorted by key.
        chosen: indices of the records that get a twin. A twin depends on the seed and on its record's index alone.
        seed: of qualities and renderings.
        skipped: ids of the records that cannot be rendered, and the reasons.
        variant: 1, or more for other divers, faults and cameras with the same records. The names of the events contain
            it, so that no dive is taken for that of another variant.
    """

    records: tuple[TwinRecord, ...]
    chosen: tuple[int, ...]
    seed: int
    skipped: dict[str, str]
    variant: int = 1

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The seed, the variant, and a checksum of the chosen records."""
        text = repr([astuple(self.records[i]) for i in self.chosen])
        settings: dict[str, Any] = {"seed": self.seed, "twins": hashlib.sha256(text.encode()).hexdigest()[:16]}
        if self.variant > 1:
            settings["variant"] = self.variant
        return settings

    def __len__(self) -> int:
        return len(self.chosen)

    def dive(self, i: int) -> PlannedDive:
        """Return the twin of the i-th chosen record."""
        record = self.records[self.chosen[i]]
        variant = [self.variant] if self.variant > 1 else []
        rng = np.random.default_rng([self.seed, self.chosen[i], 0x7717, *variant])
        seed = int(rng.integers(2**31))
        notes = []
        board_m = _board_to_render(record)
        if record.board_m not in (None, board_m):
            notes.append("rendered from another board")
        first, second = record.first_flight_frame, record.first_entry_frame
        if not record.has_steps:
            first, second = (round(share * record.n_frames) for share in _MEDIAN_SHARES)
            notes.append("the record's transitions give no three phases")
        spec = DiveSpec(
            dive_number=record.dive_number,
            board_m=board_m,
            qualities=sample_qualities_for(record.award, rng),
            n_frames=record.n_frames,
            first_flight_frame=first,
            first_entry_frame=second,
            synchro=record.synchro,
        )
        metadata = {"recorded_score": record.score, "synchro": record.synchro, "notes": notes}
        return PlannedDive(
            key=(f"{record.event}_variant{self.variant}" if variant else record.event, record.index),
            spec=spec,
            seed=seed,
            split=record.split,
            difficulty=record.difficulty,
            metadata=metadata,
        )

    def notes(self) -> dict[str, int]:
        """Return differences between twins and records, each with the number of twins that have it."""
        return dict(Counter(note for i in range(len(self)) for note in self.dive(i).metadata["notes"]))


def plan_twins(records: Iterable[TwinRecord], seed: int = 0, variant: int = 1) -> TwinPlan:
    """Plan twins of all records of the two splits.

    Args:
        variant: see `TwinPlan`.

    Raises:
        ConfigError: no record can be rendered.
    """
    ordered = tuple(sorted((r for r in records if r.split), key=lambda r: (r.event, r.index)))
    skipped = {f"{r.event}/{r.index}": reason for r in ordered if (reason := _reason_to_skip(r))}
    usable = [i for i, r in enumerate(ordered) if f"{r.event}/{r.index}" not in skipped]
    if not usable:
        raise ConfigError("There is no record of which a twin can be rendered: check the annotations and their splits.")
    return TwinPlan(records=ordered, chosen=tuple(usable), seed=seed, skipped=skipped, variant=variant)


def sample_qualities_for(award: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Sample qualities of take-off, flight and entry, each 0..10, whose weighted mean is exactly the award.

    They vary as in `rubric.sample_qualities`, and less near 0 and 10, where the range limits them.
    """
    award = min(max(award, 0.0), 10.0)
    weights = np.array(STEP_WEIGHTS) / sum(STEP_WEIGHTS)
    offsets = rng.normal(0, _QUALITY_STD, 3)
    offsets -= weights @ offsets
    room = np.where(offsets > 0, 10.0 - award, award)
    offsets *= min(1.0, float(np.min(room / np.maximum(np.abs(offsets), 1e-9))))
    first, second, third = np.clip(award + offsets, 0.0, 10.0).tolist()
    return first, second, third


def _board_to_render(record: TwinRecord) -> float | None:
    """Return the record's board, or another board if the dive has no known DD from it; None if it has none from any."""
    dive = parse_dive_number(record.dive_number)
    for board_m in (record.board_m, *reversed(BOARDS_M)):
        try:
            return find_difficulty(dive, board_m).board_m
        except ConfigError:
            continue
    return None


def _reason_to_skip(record: TwinRecord) -> str:
    """Return why a record cannot be rendered; empty if it can."""
    try:
        if _board_to_render(record) is None:
            return f"No DD of {record.dive_number} is known."
    except ConfigError as error:
        return str(error)
    if record.n_frames < 4:
        return f"{record.n_frames} frames are too few for three phases."
    return "" if record.difficulty > 0 else f"A DD of {record.difficulty:g} gives no award."
