"""A survey of a data set before training: what is there, what is missing and what is inconsistent."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.config import TrainConfig
from fineparser_core.data import finediving, mtl_aqa
from fineparser_core.data.annotation_files import find_file
from fineparser_core.data.exemplars import candidates
from fineparser_core.data.frame_cache import frame_bytes
from fineparser_core.data.records import Defect, DiveRecord, DiveSet
from fineparser_core.data.transforms import asked_frames
from fineparser_core.errors import AnnotationError
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.preprocess import PREPROCESSINGS, AthleteCrop

#: Dives of an event below which its median says little.
FEWEST = 4


def event_biases(flights: Sequence[tuple[str, str, float]]) -> dict[str, tuple[int, float]]:
    """Return the events with at least `FEWEST` dives, the shortest flights first.

    Of each the number of those dives whose numbers other events have, too, and the median over them of the labeled
    flight, relative to the median of its dive number in all events.

    Args:
        flights: event, dive number and length of a labeled flight, in any unit.
    """
    events_of, lengths_of = defaultdict(set), defaultdict(list)
    for event, number, length in flights:
        events_of[number].add(event)
        lengths_of[number].append(length)
    ratios: defaultdict[str, list[float]] = defaultdict(list)
    for event, number, length in flights:
        if len(events_of[number]) > 1 and length > 0:
            ratios[event].append(length / float(np.median(lengths_of[number])))
    found = [(float(np.median(each)), event, len(each)) for event, each in ratios.items() if len(each) >= FEWEST]
    return {event: (dives, factor) for factor, event, dives in sorted(found)}


def biases_of(records: Sequence[DiveRecord]) -> dict[str, tuple[int, float]]:
    """Return `event_biases` of the records whose transitions make three steps, in frames."""
    return event_biases(
        [
            (record.key[0], record.dive_number, float(record.first_entry_frame - record.first_flight_frame))
            for record in records
            if record.has_steps and record.first_entry_frame is not None and record.first_flight_frame is not None
        ]
    )


SPLITS = ("train", "test")
#: Voters that the paper compares a dive with.
N_VOTERS = 10

_FILES = {
    "finediving": (
        *(finediving.AQA_FILE, finediving.FINE_FILE, finediving.COARSE_FILE),
        *finediving.SPLIT_FILES.values(),
    ),
    "mtl-aqa": (mtl_aqa.ANNOTATION_FILE, *mtl_aqa.SPLIT_FILES.values()),
    "dives": (),
}
_CRITERIA = {"finediving": "dive-number", "mtl-aqa": "difficulty", "dives": "dive-number"}


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Result of a survey: what is there, what is missing and what is wrong.

    Attributes:
        root, layout, name: of the data set.
        files: path of every annotation file by its name; None where it is not there.
        splits: counts by split, "" for dives that are in none: annotated `records`, those `with_frames` or
            `with_masks` on disk, those `with_steps`, whose transitions make three, the `usable` ones, and how many
            different `dive_numbers` they have.
        dive_numbers: how many different numbers all dives have.
        criterion: what query and exemplar have in common.
        few_exemplars, no_exemplars: test dives with fewer than 10 candidates in training, and those with none.
        defects: what does not fit together; dives without any frame or mask are not among them but unusable.
        unusable: why dives cannot be used, "id: reason".
        damaged: images that cannot be read; None if they were not decoded.
        event_biases: how much longer or shorter the labeled flights of an event are than those of the same numbers in
            others, the shortest first.
        cache_bytes: what the cache of all splits takes, by preprocessing; without those that the data set cannot have.
    """

    root: Path
    layout: str
    name: str
    files: dict[str, Path | None]
    splits: dict[str, dict[str, int]]
    dive_numbers: int
    criterion: str
    few_exemplars: int
    no_exemplars: int
    defects: tuple[Defect, ...]
    unusable: tuple[str, ...]
    damaged: tuple[str, ...] | None
    event_biases: tuple[dict[str, Any], ...]
    cache_bytes: dict[str, int]


def take_survey(
    data: DiveSet,
    *,
    images: bool = False,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Survey:
    """Count everything and read folders; images are decoded only on request.

    Args:
        images: whether to decode every frame and mask.
        progress: stages "scan" and "decode", in dives.
        cancel: asked between dives.

    Raises:
        Cancelled: once the token is set.
    """
    cancel = cancel or CancelToken()
    n_frames: dict[str, int] = {}
    n_masks: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for done, record in enumerate(data.records.values(), start=1):
        cancel.raise_if_cancelled()
        n_frames[record.id], n_masks[record.id] = data.counts(record)
        try:
            data.length(record)
        except AnnotationError as error:
            reasons[record.id] = str(error)
        progress(Progress("scan", done, len(data.records)))

    def count(name: str) -> dict[str, int]:
        records = data.split(name)
        return {
            "records": len(records),
            "with_frames": sum(n_frames[record.id] > 0 for record in records),
            "with_masks": sum(n_masks[record.id] > 0 for record in records),
            "with_steps": sum(record.has_steps for record in records),
            "usable": sum(record.id not in reasons for record in records),
            "dive_numbers": len({record.dive_number for record in records}),
        }

    names = [*SPLITS, *sorted({record.split for record in data.records.values()} - set(SPLITS))]
    voters = [len(candidates(query, data.split("train"), _CRITERIA[data.layout])) for query in data.split("test")]
    frame_defects = [defect for defect in data.frame_defects() if n_frames[f"{defect.key[0]}/{defect.key[1]}"]]
    shifts = {"train": TrainConfig.temporal_shift}  # of no use in measuring
    rows = sum(
        1 + len(asked_frames(record.n_frames, record.first_entry_frame, shifts.get(record.split, 0)))
        for record in data.records.values()
        if record.split
    )
    masks = data.has_masks or bool(data.lost_masks)
    return Survey(
        root=data.root,
        layout=data.layout,
        name=data.name,
        files={name: find_file(data.root, name) for name in _FILES[data.layout]},
        splits={name: count(name) for name in names},
        dive_numbers=len({record.dive_number for record in data.records.values()}),
        criterion=_CRITERIA[data.layout],
        few_exemplars=sum(0 < found < N_VOTERS for found in voters),
        no_exemplars=voters.count(0),
        defects=(*data.defects, *frame_defects),
        unusable=tuple(f"{name}: {reason}" for name, reason in reasons.items()),
        damaged=_damaged(data, progress, cancel) if images else None,
        event_biases=tuple(
            {"event": event, "dives": dives, "factor": factor}
            for event, (dives, factor) in biases_of(list(data.records.values())).items()
        ),
        cache_bytes={
            name: rows * frame_bytes(name, masks=masks)
            for name, shape in PREPROCESSINGS.items()
            if masks or not isinstance(shape, AthleteCrop)
        },
    )


def by_kind(defects: Sequence[Defect]) -> dict[str, int]:
    """Count the defects of each kind, the commonest first."""
    return dict(Counter(defect.kind for defect in defects).most_common())


def _damaged(data: DiveSet, progress: ProgressCallback, cancel: CancelToken) -> tuple[str, ...]:
    def damaged_images(record: DiveRecord) -> list[str]:
        return list(data.damaged(record, cancel))

    found: list[str] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for done, wrong in enumerate(pool.map(damaged_images, data.records.values()), start=1):
                found += wrong
                progress(Progress("decode", done, len(data.records)))
                cancel.raise_if_cancelled()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(found)
