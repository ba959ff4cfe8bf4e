"""Which dives must be scored again once the exemplar libraries have changed: those whose own exemplars are others."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import FineParserError
from fineparser_core.inference.exemplar_selection import choose
from fineparser_core.inference.exemplars.records import Exemplar
from fineparser_gui.model.dive import Dive, DiveState

#: What of an exemplar makes its vote: id, dive number, board, score.
Voter = tuple[str, str, float | None, float]


class ExemplarSnapshot:
    """The exemplars of one moment, as `choose` asks for them."""

    path = Path()  # for messages, which nobody reads here

    def __init__(self, exemplars: Iterable[Exemplar] = ()) -> None:
        self._of_number: dict[str, list[Exemplar]] = {}
        self._voters: dict[tuple, frozenset[Voter]] = {}  # many dives of a session have the same
        for exemplar in exemplars:
            self._of_number.setdefault(exemplar.dive_number, []).append(exemplar)

    def dive_numbers(self) -> dict[str, int]:
        """Number of exemplars by dive number."""
        return {number: len(exemplars) for number, exemplars in self._of_number.items()}

    def exemplars(self, dive_number: str | None = None) -> list[Exemplar]:
        """All of them, or those of a dive number."""
        if dive_number is not None:
            return self._of_number.get(dive_number, [])
        return [exemplar for exemplars in self._of_number.values() for exemplar in exemplars]

    def voters(self, dive: Dive, n_exemplars: int) -> frozenset[Voter]:
        """Those that the worker chooses for a dive; empty where it cannot be scored."""
        wanted = (*dive.details, dive.rule, n_exemplars)
        if wanted not in self._voters:
            self._voters[wanted] = self._chosen(dive, n_exemplars)
        return self._voters[wanted]

    def _chosen(self, dive: Dive, n_exemplars: int) -> frozenset[Voter]:
        if dive.dive_number is None:
            return frozenset()
        number = parse_dive_number(dive.dive_number)
        try:
            difficulty = find_difficulty(number, dive.board_m, dive.difficulty)
            chosen, _ = choose(self.exemplars(), number, difficulty, n_exemplars, rule=dive.rule)
        except FineParserError:
            return frozenset()
        return frozenset((e.id, e.dive_number, e.board_m, e.score) for e in chosen)


def with_other_voters(
    dives: Iterable[Dive], before: ExemplarSnapshot, now: ExemplarSnapshot, n_exemplars: int
) -> Iterator[Dive]:
    """The dives whose score rests, or could rest, on other exemplars than before.

    One that is being scored is none of them: the worker answers in the order in which it was asked, so that its score
    is of the libraries as they are.
    """
    changed = {(e.dive_number, e.synchro) for e in set(before.exemplars()) ^ set(now.exemplars())}
    for dive in dives:
        concerned = (dive.dive_number, dive.synchro) in changed or (dive.rule.nearest and bool(changed))
        if not concerned or dive.state is not DiveState.READY or dive.scoring or dive.refused:
            continue
        if before.voters(dive, n_exemplars) != now.voters(dive, n_exemplars):
            yield dive
