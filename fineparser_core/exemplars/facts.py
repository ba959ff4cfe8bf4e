"""Facts that a person enters of an exemplar: checked before they are stored, as every later score rests on them."""

from dataclasses import dataclass, replace
from datetime import date
from math import isfinite

from fineparser_core.constants import BOARDS_M, LONGEST_NAME
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase
from fineparser_core.printable import printable

#: Three awards of ten each are multiplied by the DD.
_BEST_AWARDS = 30.0
#: No dive of the tables is harder; where the DD is unknown, the score is checked against this DD.
_HARDEST_DD = 6.0
MOST_POINTS = _BEST_AWARDS * _HARDEST_DD


@dataclass(frozen=True, kw_only=True)
class ExemplarFacts:
    """Facts of an exemplar that every later score rests on.

    Attributes:
        diver: name of the diver, "" where it is not known.
        dived_on: day of the dive as YYYY-MM-DD; None where it is not known.
        synchro: two divers at once; compared with other dives of two alone.
    """

    dive_number: str
    board_m: float | None
    score: float
    diver: str = ""
    dived_on: str | None = None
    synchro: bool = False


def check_facts(facts: ExemplarFacts) -> ExemplarFacts:
    """Return the facts with number, name and day in their usual form.

    Raises:
        ConfigError: a number, a board, a score or a day that cannot be, or that is missing.
    """
    dive = parse_dive_number(facts.dive_number)
    if facts.board_m not in BOARDS_M:
        boards = ", ".join(f"{board:g}" for board in BOARDS_M)
        found = "no board" if facts.board_m is None else f"a board of {facts.board_m:g} m"
        raise ConfigError("An exemplar needs its board, found {0}: choose one of {1} m.", found, boards)
    try:
        difficulty = find_difficulty(dive, facts.board_m).value
        most = _BEST_AWARDS * difficulty
        limit = Phrase("{0} from {1:g} m has a DD of {2:g}, so at most {3:g}", dive, facts.board_m, difficulty, most)
    except ConfigError:
        if dive.armstand and facts.board_m < 5:
            raise
        difficulty = _HARDEST_DD
        limit = Phrase("no dive is given more than {0:g}", MOST_POINTS)
    if not isfinite(facts.score) or not 0 <= facts.score <= _BEST_AWARDS * difficulty:
        raise ConfigError("A score of {0:g} cannot be: {1}; give the official score of this dive.", facts.score, limit)
    name = "".join(letter for letter in " ".join(facts.diver.split()) if printable(letter) == letter)
    if len(name) > LONGEST_NAME:
        raise ConfigError("The diver's name has {0} letters: give at most {1}.", len(name), LONGEST_NAME)
    return replace(facts, dive_number=str(dive), diver=name, dived_on=_day(facts.dived_on))


def _day(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ConfigError("'{0}' is not a day: write it as 2026-05-31, or leave it out.", text) from None
