"""Selects the exemplars of a comparison: of the dive's own number or, if allowed, of the nearest numbers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, group_by_distance, parse_dive_number
from fineparser_core.errors import ConfigError, NoExemplarsError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.records import Note, NoteCode


@dataclass(frozen=True, kw_only=True)
class CandidateRule:
    """Which exemplars may be selected.

    Attributes:
        nearest: use the nearest dive numbers if there is no exemplar of the dive's own number.
        synchro: the dive is synchronized, and is compared with synchronized exemplars only.
    """

    nearest: bool = False
    synchro: bool = False


#: Exemplars of the same dive number, a single diver. Source: section 3.3.
SAME_NUMBER = CandidateRule()


#: Number of judged dives without a video that vote before those that can be shown beside the dive.
_MOST_UNSEEN = 5


def best_exemplar(exemplars: Iterable[Exemplar], dive_number: str | None, board_m: float | None) -> Exemplar | None:
    """Return the exemplar with the highest score that has a video to show.

    The same dive number, the same board and real dives take precedence.
    """
    return max(
        (one for one in exemplars if one.has_clip),
        key=lambda e: (e.dive_number == dive_number, board_m in (None, e.board_m), not e.synthetic, e.score, e.id),
        default=None,
    )


def select_exemplars(
    exemplars: Sequence[Exemplar],
    dive: DiveNumber,
    difficulty: Difficulty,
    n_exemplars: int,
    *,
    seed: int = 0,
    rule: CandidateRule = SAME_NUMBER,
    path: Path | None = None,
) -> tuple[list[Exemplar], tuple[Note, ...]]:
    """Select up to n exemplars by a rule.

    Args:
        path: file of the library, for the error message.

    Returns:
        The exemplars, and notes about the selection.

    Raises:
        NoExemplarsError: the rule allows none of the exemplars.
    """
    try:
        candidates = find_candidates(exemplars, dive, synchro=rule.synchro, path=path)
    except NoExemplarsError:
        if not rule.nearest or rule.synchro:
            raise
        return select_nearest(exemplars, dive, difficulty, n_exemplars, seed)
    return select_by_board(candidates, difficulty.board_m, n_exemplars, seed)


def check_rule(rule: CandidateRule, read_exemplars: Callable[[], Sequence[Exemplar]], dive: DiveNumber) -> None:
    """Check, before anything is decoded or scored, that there are exemplars for a synchronized dive.

    A dive of a single diver has an award even without exemplars.

    Args:
        read_exemplars: reads those of a library; called where it matters.

    Raises:
        NoExemplarsError: there are no exemplars of two divers.
    """
    if rule.synchro:
        find_candidates(read_exemplars(), dive, synchro=True)


def find_candidates(
    exemplars: Sequence[Exemplar], dive: DiveNumber, *, synchro: bool = False, path: Path | None = None
) -> list[Exemplar]:
    """Return all exemplars of a dive number, either synchronized or not.

    Raises:
        NoExemplarsError: there are none.
    """
    found = [one for one in exemplars if one.dive_number == str(dive) and one.synchro == synchro]
    if found:
        return found
    if synchro:
        raise NoExemplarsError(
            "Synchronised dives have no score yet: there are no exemplars of {0} by two divers. "
            "Add some, and dives like them have a score.",
            dive,
        )
    known = ", ".join(sorted({one.dive_number for one in exemplars})) or "nothing"
    raise NoExemplarsError(
        "{0} holds no exemplars of {1}, only of {2}: add some to your own library, compare with the nearest dive "
        "numbers (--allow-nearest), or leave the dive number out to see the phases alone.",
        path or "The library",
        dive,
        known,
    )


def select_nearest(
    exemplars: Sequence[Exemplar], dive: DiveNumber, difficulty: Difficulty, n_exemplars: int, seed: int
) -> tuple[list[Exemplar], tuple[Note, ...]]:
    """Select up to n exemplars of the nearest dive numbers.

    Their scores are converted to the DD of the dive, score * DD / DD of the exemplar: awards are comparable between
    dive numbers, points are not. Exemplars without a known DD are skipped.

    Deviation: the paper compares with exemplars of the same dive number only.

    Returns:
        The exemplars with converted scores, and a note about the selection.

    Raises:
        NoExemplarsError: no exemplar has a known DD.
    """
    of_number: dict[str, list[Exemplar]] = {}
    for exemplar in exemplars:
        converted = None if exemplar.synchro else _converted(exemplar, difficulty)
        if converted is not None:
            of_number.setdefault(exemplar.dive_number, []).append(converted)
    chosen: list[Exemplar] = []
    for _, numbers in group_by_distance(dive, of_number):
        equally_near = [exemplar for number in numbers for exemplar in of_number[number]]
        chosen += _in_order(equally_near, difficulty.board_m, seed)[: n_exemplars - len(chosen)]
    if not chosen:
        raise NoExemplarsError("There is no exemplar whose DD is known: add some to your own library.")
    used = ", ".join(dict.fromkeys(exemplar.dive_number for exemplar in chosen))
    return chosen, (Note(NoteCode.NEAREST_NUMBERS, (str(dive), used, difficulty.value)),)


def _converted(exemplar: Exemplar, difficulty: Difficulty) -> Exemplar | None:
    try:
        own = find_difficulty(parse_dive_number(exemplar.dive_number), exemplar.board_m)
    except ConfigError:
        return None
    return replace(exemplar, score=exemplar.score * difficulty.value / own.value)


def select_by_board(
    candidates: Sequence[Exemplar], board_m: float | None, n_exemplars: int, seed: int
) -> tuple[list[Exemplar], tuple[Note, ...]]:
    """Select up to n candidates at random, from the dive's own board first, and real dives before rendered dives.

    Another board has another difficulty and therefore other points.

    Returns:
        The exemplars, and notes about the selection.

    Source: section 3.3 (E exemplars of the same action type).
    Deviation: the release takes the first ten of a list that is shuffled in place, so its exemplars change between
    runs.
    """
    ordered = _in_order(candidates, board_m, seed)
    unseen = [one for one in ordered if not one.has_clip][_MOST_UNSEEN:]
    chosen = [*(one for one in ordered if one not in unseen), *unseen][:n_exemplars]
    notes, n = [], len(chosen)
    if n < n_exemplars:
        notes.append(Note(NoteCode.FEW_EXEMPLARS, (n, n_exemplars)))
    other = sum(e.board_m != board_m for e in chosen) if board_m is not None else 0
    if other:
        notes.append(Note(NoteCode.OTHER_BOARD, (other, n)))
    return chosen, tuple(notes)


def _in_order(candidates: Sequence[Exemplar], board_m: float | None, seed: int) -> list[Exemplar]:
    """Shuffle by the seed, then sort: the dive's own board before others, real before rendered."""
    ordered = sorted(candidates, key=lambda e: e.id)
    shuffled = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    return sorted(shuffled, key=lambda e: (board_m not in (None, e.board_m), e.synthetic))  # stable
