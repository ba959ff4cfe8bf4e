"""The distribution of FineDiving's records as a bundled table, and records sampled from it.

`packaging/bundled_tables.py` writes the table.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from fineparser_core.resources import resource
from fineparser_core.synth.twins import TwinRecord

TABLE = ("tables", "twin_distribution.json")
SPLITS = ("train", "test")
#: Minimum number of frames after the come-out, so that the clip contains the splash.
_MIN_ENTRY_FRAMES = 14


def sample_records(seed: int) -> list[TwinRecord]:
    """Sample records with the counts and the quantiles of the bundled table.

    Sampling is stratified, so the quantiles are met as closely as the number of records allows.
    """
    table = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    rng = np.random.default_rng([seed, 0x7AB1E])
    dives = [
        (str(number), board_m, float(difficulty), bool(synchro), split)
        for number, board_m, difficulty, synchro, *counts in table["dives"]
        for split, count in zip(SPLITS, counts, strict=True)
        for _ in range(count)
    ]
    n = len(dives)
    lengths, take_offs, flights = (
        _stratified(table[k], n, rng) for k in ("n_frames", "take_off_share", "flight_frames")
    )
    totals = Counter(number for number, *_ in dives)
    awards = {number: iter(_stratified(table["awards"][number], count, rng)) for number, count in totals.items()}
    index: Counter[str] = Counter()
    records = []
    for (number, board_m, difficulty, synchro, split), length, take_off, flight in zip(
        dives, lengths, take_offs, flights, strict=True
    ):
        event = f"twin{'_Synchro' if synchro else ''}{'' if board_m is None else f'_{board_m:g}m'}"
        index[event] += 1
        n_frames = round(length)
        first, second = _transitions(n_frames, take_off, round(flight))
        records.append(
            TwinRecord(
                event=event,
                index=index[event],
                dive_number=number,
                difficulty=difficulty,
                score=round(3 * difficulty * next(awards[number]), 2),
                board_m=board_m,
                synchro=synchro,
                n_frames=n_frames,
                first_flight_frame=first,
                first_entry_frame=second,
                split=split,
            )
        )
    return records


def _transitions(n_frames: int, take_off: float, flight: int) -> tuple[int, int]:
    """Return the first frames of flight and entry.

    Flight and take-off are shortened if the entry would not fit into the clip.
    """
    last = n_frames - _MIN_ENTRY_FRAMES
    flight = min(flight, last - 1)
    first = min(max(round(take_off * n_frames), 1), last - flight)
    return first, first + flight


def _stratified(quantiles: Sequence[float], n: int, rng: np.random.Generator) -> Iterator[float]:
    """Draw n values of a distribution given by equidistant quantiles, a value from each n-th of it, in random order."""
    shares = (rng.permutation(n) + 0.5) / n
    values: list[float] = np.interp(shares, np.linspace(0, 1, len(quantiles)), quantiles).tolist()
    return iter(values)
