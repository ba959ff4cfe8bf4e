"""A rendered twin of every dive of FineDiving: its number, DD, length, transitions, split and award are the record's.

The qualities of the three steps are drawn so that their award is the record's, the dive is rendered to show them, and
noisy judges judge it again. Where the annotations are not at hand, records are drawn from a table of their
distribution (`synth.twin_table`).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fineparser_core.diving.difficulty import BOARDS_M, find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.synth.dataset import PlannedDive
from fineparser_core.synth.render import DiveSpec
from fineparser_core.synth.rubric import STEP_WEIGHTS

#: Training and test dives of the sizes below "full"; each holds the dives of the smaller one.
SUBSETS = {"medium": (1800, 80), "mini": (240, 80)}
SIZES = ("full", *SUBSETS)
#: How far the qualities of a dive lie from their award, as of dives that are rendered without a record.
_SPREAD = 1.3
#: Where the transitions of a record that has none in its clip are put: the medians of all records.
_MEDIAN_SHARES = (0.29, 0.64)


@dataclass(frozen=True, kw_only=True)
class TwinRecord:
    """A judged dive to make a twin of; frames count from the first of its clip.

    Attributes:
        event, index: the key.
        score: points; the award is a third of it by the difficulty.
        board_m: None where the event does not say.
        synchro: whether two divers dive at once.
        split: "train" or "test".
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
        """Mean counted award, 0..10."""
        return self.score / (3 * self.difficulty)

    @property
    def has_steps(self) -> bool:
        """Whether the transitions make three steps of at least a frame each."""
        return 0 < self.first_flight_frame < self.first_entry_frame < self.n_frames


@dataclass(frozen=True, kw_only=True)
class TwinPlan:
    """Twins to be rendered, see `dataset.Plan`.

    Attributes:
        records: every record, by key; those of `chosen` get a twin.
        chosen: indices into the records. A twin depends on the seed and on its index in all records.
        seed: of qualities and renderings.
        left_out: ids of the records that cannot be rendered, and why.
        take: a second take shows other divers with other faults before other cameras. Their events' names say so, and
            training may have both.
    """

    records: tuple[TwinRecord, ...]
    chosen: tuple[int, ...]
    seed: int
    left_out: dict[str, str]
    take: int = 1

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The seed, and a checksum of the records: other annotations are other twins."""
        text = repr([astuple(self.records[i]) for i in self.chosen])
        settings = {"seed": self.seed, "twins": hashlib.sha256(text.encode()).hexdigest()[:16]}
        return settings if self.take == 1 else {**settings, "take": self.take}

    def __len__(self) -> int:
        return len(self.chosen)

    def dive(self, i: int) -> PlannedDive:
        """The twin of the i-th chosen record."""
        record = self.records[self.chosen[i]]
        again = [self.take] if self.take > 1 else []
        rng = np.random.default_rng([self.seed, self.chosen[i], 0x7717, *again])
        seed = int(rng.integers(2**31))
        notes = []
        board_m = _board_to_render(record)
        if record.board_m not in (None, board_m):
            notes.append("drawn from another board")
        first, second = record.first_flight_frame, record.first_entry_frame
        if not record.has_steps:
            first, second = (round(share * record.n_frames) for share in _MEDIAN_SHARES)
            notes.append("the record's transitions make no three steps")
        spec = DiveSpec(
            dive_number=record.dive_number,
            board_m=board_m,
            qualities=draw_qualities_of(record.award, rng),
            n_frames=record.n_frames,
            first_flight_frame=first,
            first_entry_frame=second,
            synchro=record.synchro,
        )
        facts = {"recorded_score": record.score, "synchro": record.synchro, "notes": notes}
        return PlannedDive(
            key=(f"{record.event}_take{self.take}" if again else record.event, record.index),
            spec=spec,
            seed=seed,
            split=record.split,
            difficulty=record.difficulty,
            facts=facts,
        )

    def notes(self) -> dict[str, int]:
        """What differs between twins and records, and in how many of them."""
        return dict(Counter(note for i in range(len(self)) for note in self.dive(i).facts["notes"]))


def plan_twins(records: Iterable[TwinRecord], size: str = "full", seed: int = 0, take: int = 1) -> TwinPlan:
    """Twins of all records of the two splits ("full"), or of `SUBSETS` of them.

    A subset is drawn from the seed; every number of its test dives occurs in the training dives of the mini set.

    Raises:
        ConfigError: too few records for the subset, or none that can be rendered.
    """
    ordered = tuple(sorted((r for r in records if r.split), key=lambda r: (r.event, r.index)))
    left_out = {f"{r.event}/{r.index}": reason for r in ordered if (reason := _why_not(r))}
    usable = [i for i, r in enumerate(ordered) if f"{r.event}/{r.index}" not in left_out]
    if not usable:
        raise ConfigError("There is no record of which a twin can be rendered: check the annotations and their splits.")
    chosen = usable if size == "full" else _draw_subset(ordered, usable, size, seed)
    return TwinPlan(records=ordered, chosen=tuple(chosen), seed=seed, left_out=left_out, take=take)


def draw_qualities_of(award: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Qualities of take-off, flight and entry, each 0..10, whose weighted mean is the award exactly.

    They spread as those of other rendered dives, and less near 0 and 10, where there is no room.
    """
    award = min(max(award, 0.0), 10.0)
    weights = np.array(STEP_WEIGHTS) / sum(STEP_WEIGHTS)
    offsets = rng.normal(0, _SPREAD, 3)
    offsets -= weights @ offsets
    room = np.where(offsets > 0, 10.0 - award, award)
    offsets *= min(1.0, float(np.min(room / np.maximum(np.abs(offsets), 1e-9))))
    first, second, third = np.clip(award + offsets, 0.0, 10.0).tolist()
    return first, second, third


def _board_to_render(record: TwinRecord) -> float | None:
    """The record's board, or another where no DD of the dive is known for it; None where for none."""
    dive = parse_dive_number(record.dive_number)
    for board_m in (record.board_m, *reversed(BOARDS_M)):
        try:
            return find_difficulty(dive, board_m).board_m
        except ConfigError:
            continue
    return None


def _why_not(record: TwinRecord) -> str:
    try:
        if _board_to_render(record) is None:
            return f"No DD of {record.dive_number} is known."
    except ConfigError as error:
        return str(error)
    if record.n_frames < 4:
        return f"{record.n_frames} frames have no three steps."
    return "" if record.difficulty > 0 else f"A DD of {record.difficulty:g} gives no award."


def _draw_subset(records: Sequence[TwinRecord], usable: Sequence[int], size: str, seed: int) -> list[int]:
    rng = np.random.default_rng([seed, 0x3171])
    n_train, n_test = SUBSETS[size]
    train = rng.permutation([i for i in usable if records[i].split == "train"])
    # The test dives of the mini set serve every size, so that numbers can be compared.
    trained = {records[i].dive_number for i in train[: SUBSETS["mini"][0]]}
    in_test = [i for i in usable if records[i].split == "test" and records[i].dive_number in trained]
    test = rng.permutation(in_test)
    for split, found, count in (("train", train, n_train), ("test", test, n_test)):
        if len(found) < count:
            raise ConfigError(
                f"A {size} set needs {count} {split} dives, and there are {len(found)}: make the full one."
            )
    return sorted([*train[:n_train].tolist(), *test[:n_test].tolist()])
