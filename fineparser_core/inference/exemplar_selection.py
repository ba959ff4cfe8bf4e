"""Selects the exemplars that vote on a dive: of its own number, or of the nearest numbers where that is allowed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.distance import group_by_distance
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError, NoExemplarsError
from fineparser_core.inference.exemplars.records import Exemplar


@dataclass(frozen=True, kw_only=True)
class CandidateRule:
    """Which exemplars may vote.

    Attributes:
        nearest: without exemplars of the number, those of the nearest numbers vote.
        synchro: two divers at once; only exemplars of two divers vote.
    """

    nearest: bool = False
    synchro: bool = False


#: As the paper has it: exemplars of the same number, one diver.
SAME_NUMBER = CandidateRule()


def best_exemplar(exemplars: Iterable[Exemplar], dive_number: str | None, board_m: float | None) -> Exemplar | None:
    """The one with the highest official score at the same number and board, real before rendered.

    Where there is none from that board, or none of that number, the best of what there is.
    """
    return max(
        exemplars,
        key=lambda e: (e.dive_number == dive_number, board_m in (None, e.board_m), not e.synthetic, e.score, e.id),
        default=None,
    )


def choose(
    exemplars: Sequence[Exemplar],
    dive: DiveNumber,
    difficulty: Difficulty,
    n_exemplars: int,
    *,
    seed: int = 0,
    rule: CandidateRule = SAME_NUMBER,
    path: Path | None = None,
) -> tuple[list[Exemplar], tuple[str, ...]]:
    """Up to n exemplars that vote on a dive, and notes on the choice for the coach.

    Args:
        path: the file to name in a message.

    Raises: NoExemplarsError where there is none that the rule allows.
    """
    try:
        candidates = find_candidates(exemplars, dive, synchro=rule.synchro, path=path)
    except NoExemplarsError:
        if not rule.nearest or rule.synchro:
            raise
        return choose_nearest(exemplars, dive, difficulty, n_exemplars, seed)
    board_given = difficulty.source != "commonest board"
    return choose_exemplars(candidates, difficulty.board_m, n_exemplars, seed, board_given=board_given)


def find_candidates(
    exemplars: Sequence[Exemplar], dive: DiveNumber, *, synchro: bool = False, path: Path | None = None
) -> list[Exemplar]:
    """All exemplars of a dive number: for two divers those of two, for one those of one.

    Raises: NoExemplarsError where there is none, with the ways out.
    """
    found = [one for one in exemplars if one.dive_number == str(dive) and one.synchro == synchro]
    if found:
        return found
    if synchro:
        raise NoExemplarsError(
            f"Synchronised dives have no score yet: there are no exemplars of {dive} by two divers. "
            "Add some, and dives like them have a score."
        )
    known = ", ".join(sorted({one.dive_number for one in exemplars})) or "nothing"
    raise NoExemplarsError(
        f"{path or 'The library'} holds no exemplars of {dive}, only of {known}: add some to your own library, "
        "compare with the nearest dive numbers (--allow-nearest), or leave the dive number out to see the phases alone."
    )


def choose_nearest(
    exemplars: Sequence[Exemplar], dive: DiveNumber, difficulty: Difficulty, n_exemplars: int, seed: int
) -> tuple[list[Exemplar], tuple[str, ...]]:
    """Up to n exemplars of the nearest dive numbers, and the sentence that says so.

    Their scores are converted to the DD of the dive, score · DD / DD of the exemplar, as the awards that a dive is
    given, not its points, carry over to another dive. Those whose DD is not known are passed over.

    Deviation: the paper compares with exemplars of the same number alone.

    Raises: NoExemplarsError where there is none at all.
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
    return chosen, (
        f"No exemplars of {dive}: compared with the nearest dive numbers ({used}); their scores are converted to a DD "
        f"of {difficulty.value:.1f}.",
    )


def _converted(exemplar: Exemplar, difficulty: Difficulty) -> Exemplar | None:
    try:
        own = find_difficulty(parse_dive_number(exemplar.dive_number), exemplar.board_m)
    except ConfigError:
        return None
    return replace(exemplar, score=exemplar.score * difficulty.value / own.value)


def choose_exemplars(
    candidates: Sequence[Exemplar], board_m: float | None, n_exemplars: int, seed: int, *, board_given: bool = True
) -> tuple[list[Exemplar], tuple[str, ...]]:
    """Up to n exemplars, drawn by a seed, and notes on the choice for the coach.

    Exemplars from the dive's own board come first: another board changes the difficulty and with it the points. Among
    them real dives come before rendered ones.

    Args:
        board_given: False where the board is assumed; no note then says that boards differ.

    Source: section 3.3 (E exemplars of the same action type).
    Deviation: the release takes the first ten of a list shuffled in place, so its exemplars drift between runs.
    """
    chosen = _in_order(candidates, board_m, seed)[:n_exemplars]
    notes = []
    if len(chosen) < n_exemplars:
        exemplars = "exemplar" if len(chosen) == 1 else "exemplars"
        notes.append(f"Only {len(chosen)} {exemplars} of this dive number, not {n_exemplars}.")
    other = sum(e.board_m != board_m for e in chosen) if board_m is not None and board_given else 0
    if other:
        are = "exemplars is" if other == 1 else "exemplars are"
        notes.append(f"{other} of {len(chosen)} {are} from another board, where the difficulty may differ.")
    return chosen, tuple(notes)


def _in_order(candidates: Sequence[Exemplar], board_m: float | None, seed: int) -> list[Exemplar]:
    """Shuffled by the seed; own board before others, then real before rendered."""
    ordered = sorted(candidates, key=lambda e: e.id)
    shuffled = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    return sorted(shuffled, key=lambda e: (board_m not in (None, e.board_m), e.synthetic))  # stable
