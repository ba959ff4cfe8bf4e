"""Contradictions between a typed dive number or board and the dive in the video."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fineparser_core.diving.dive_number import DIRECTIONS, POSITIONS, DiveNumber, known_number, somersaults
from fineparser_core.language import Phrase
from fineparser_core.recognition.numbers import DIRECTION_NAMES
from fineparser_core.records import Analysis, Contradiction, Recognition

#: Probability that a typed value is wrong from which it is beyond reasonable doubt and reported, and for parts that are
#: reported below that. Of 299 judged dives whose numbers are right one has such a part; at 0.9 they were fifteen.
_CERTAIN, _TOLD = 0.999, {"position": 0.97, "twists": 0.97}
#: Values of the parts "armstand" and "twists", and what they are called.
_YES_NO = {True: "yes", False: "no"}
_WORDS = {
    ("armstand", "yes"): Phrase("armstand"),
    ("armstand", "no"): Phrase("a take-off from the feet"),
    ("twists", "yes"): Phrase("twists"),
    ("twists", "no"): Phrase("no twist"),
}
#: Shares of dives whose turns are misread by two half somersaults at most, and altogether: as many may be any.
_MISREAD, _FARTHEST, _LOST, _MOST_HALVES = 0.03, 2, 0.001, 12


def contradictions(seen: Recognition, dive_number: str, board_m: float | None) -> tuple[Contradiction, ...]:
    """Return the parts of a typed number and board that contradict the video, the surest first.

    Args:
        dive_number: as typed; an invalid number contradicts nothing.
        board_m: None where no board was typed.
    """
    dive = known_number(dive_number)
    if dive is None:
        return ()
    found = [
        *_of_direction(seen, dive),
        *_of_armstand(seen, dive),
        *_of_count(seen, dive),
        *_of_position(seen, dive),
        *_of_twists(seen, dive),
    ]
    if board_m is not None:
        found += _of_board(seen, board_m)
    return tuple(sorted(found, key=lambda one: -one.probability))


def _told(part: str, typed: str, seen: str, right: float) -> list[Contradiction]:
    wrong = 1 - right
    if wrong < _TOLD.get(part, _CERTAIN):
        return []
    return [Contradiction(part=part, typed=typed, seen=seen, probability=wrong, certain=wrong >= _CERTAIN)]


def _likeliest(shares: Mapping[Any, float]) -> str:
    return str(max(shares, key=lambda one: shares[one]))


def _of_direction(seen: Recognition, dive: DiveNumber) -> list[Contradiction]:
    if not dive.direction:
        return []
    typed = DIRECTION_NAMES[dive.direction - 1]
    return _told("direction", typed, _likeliest(seen.directions), seen.directions[typed])


def _of_armstand(seen: Recognition, dive: DiveNumber) -> list[Contradiction]:
    right = seen.armstand if dive.armstand else 1 - seen.armstand
    return _told("armstand", _YES_NO[dive.armstand], _YES_NO[not dive.armstand], right)


def _of_count(seen: Recognition, dive: DiveNumber) -> list[Contradiction]:
    off = (np.arange(_MOST_HALVES) - seen.half_somersaults) / seen.half_somersaults_deviation
    shares = np.exp(-0.5 * off**2)
    near = np.abs(np.arange(_MOST_HALVES) - int(shares.argmax())) <= _FARTHEST
    shares = (1 - _MISREAD - _LOST) * shares / max(float(shares.sum()), 1e-12) + _LOST / _MOST_HALVES
    shares += _MISREAD * near / near.sum()
    # Against the likeliest alone: where all are as likely nothing was seen, though each of twelve is probably wrong.
    right = float(shares[dive.half_somersaults] / (shares[dive.half_somersaults] + shares.max()))
    return _told("half_somersaults", str(dive.half_somersaults), str(int(shares.argmax())), right)


def _of_position(seen: Recognition, dive: DiveNumber) -> list[Contradiction]:
    if dive.half_twists or dive.flying or dive.position == "D":  # held for a part of the flight alone, or free
        return []
    plain = {name: share for name, share in seen.positions.items() if name != "D"}
    right = plain[dive.position] / max(sum(plain.values()), 1e-9)  # of a dive that does not twist
    return _told("position", dive.position, _likeliest(plain), right)


def _of_twists(seen: Recognition, dive: DiveNumber) -> list[Contradiction]:
    right = seen.twisting if dive.half_twists else 1 - seen.twisting
    return _told("twists", _YES_NO[bool(dive.half_twists)], _YES_NO[not dive.half_twists], right)


def _of_board(seen: Recognition, board_m: float) -> list[Contradiction]:
    if board_m not in seen.boards_m:
        return []
    likeliest = max(seen.boards_m, key=lambda one: seen.boards_m[one])
    values = f"{board_m:g}", f"{likeliest:g}"
    return _told("board", *values, seen.boards_m[board_m])


def contradiction_text(one: Contradiction) -> Phrase:
    """Return a contradiction as a plain sentence."""
    typed, seen = (_value_text(one.part, value) for value in (one.typed, one.seen))
    return Phrase("You entered {0}; the video shows {1}.", typed, seen)


def contradiction_notes(analysis: Analysis) -> tuple[Phrase, ...]:
    """Return the contradictions of an analysis as sentences, but for one that the verdict tells."""
    reason = analysis.verdict.reason
    told = reason.values if isinstance(reason, Phrase) else ()
    return tuple(said for one in analysis.contradictions if (said := contradiction_text(one)) not in told)


def _value_text(part: str, value: str) -> Phrase:
    if part == "direction":
        return DIRECTIONS[DIRECTION_NAMES.index(value) + 1]
    if part == "half_somersaults":
        return somersaults(int(value))
    if part == "position":
        return POSITIONS[value]
    if part == "board":
        return Phrase("{0} m", value)
    return _WORDS[part, value]
