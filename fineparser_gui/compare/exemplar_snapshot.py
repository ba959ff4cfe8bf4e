"""Search for the dives that must be scored again after the exemplar library has changed."""

from collections.abc import Iterable, Iterator

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import CandidateRule, select_exemplars
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.scoring.profile import Profile
from fineparser_gui.dives.dive import Dive, DiveState

#: Values of an exemplar that determine its vote: id, dive number, board, score.
Voter = tuple[str, str, float | None, float]
#: Dive number, board and typed DD.
Details = tuple[str | None, float | None, float | None]


class ExemplarSnapshot:
    """State of the exemplar library at a point in time."""

    def __init__(self, exemplars: Iterable[Exemplar] = ()) -> None:
        self.exemplars = list(exemplars)
        self._voters: dict[tuple, frozenset[Voter]] = {}  # many dives of a session have the same

    def voters(
        self, details: Details, rule: CandidateRule, n_exemplars: int, profile: Profile | None = None
    ) -> frozenset[Voter]:
        """Return the exemplars that the worker chooses for a dive; empty if the dive cannot be scored.

        Args:
            details: see `Dive.known_details`.
            profile: profile of the judges to whose scale the scores are converted; None: the scores as shipped.
        """
        wanted = (details, rule, n_exemplars, profile and profile.id)
        if wanted not in self._voters:
            self._voters[wanted] = self._chosen(details, rule, n_exemplars, profile)
        return self._voters[wanted]

    def _chosen(
        self, details: Details, rule: CandidateRule, n_exemplars: int, profile: Profile | None
    ) -> frozenset[Voter]:
        dive_number, board_m, typed = details
        if dive_number is None:
            return frozenset()
        number = parse_dive_number(dive_number)
        try:
            difficulty = find_difficulty(number, board_m, typed)
            chosen, _ = select_exemplars(self.exemplars, number, difficulty, n_exemplars, rule=rule)
        except FineParserError:
            return frozenset()
        stream = measured_stream() if profile is None else profile.stream()
        return frozenset(
            (e.id, e.dive_number, e.board_m, stream.judged_score(e.score, number, difficulty)) for e in chosen
        )


def with_other_voters(
    dives: Iterable[Dive],
    before: ExemplarSnapshot | None,
    now: ExemplarSnapshot,
    n_exemplars: int,
    profile: Profile | None,
) -> Iterator[Dive]:
    """Yield the dives that are compared with other exemplars than before.

    A dive that is being scored is skipped: the worker changes the library and scores in the order of the requests, so
    its score already uses the changed library.

    Args:
        before: None if the library was not known; a kept score is then compared by its votes.
        profile: profile of judges by which the dives with measures are scored.
    """
    known = before.exemplars if before is not None else []
    changed = {(e.dive_number, e.synchro) for e in set(known) ^ set(now.exemplars)}
    for dive in dives:
        concerned = (dive.dive_number, dive.synchro) in changed or (dive.rule.nearest and bool(changed))
        if not concerned or dive.state is not DiveState.READY or dive.scoring or not dive.scorable:
            continue
        scoring = dive.model_analysis.scoring if dive.model_analysis else None
        asked = (dive.known_details, dive.rule, n_exemplars, profile if scoring and scoring.profile else None)
        voters = _voted(dive) if before is None else before.voters(*asked)
        if voters != now.voters(*asked):
            yield dive


def _voted(dive: Dive) -> frozenset[Voter]:
    """Return the exemplars by which a dive was scored."""
    scoring = dive.model_analysis.scoring if dive.model_analysis else None
    votes = scoring.exemplars if scoring else ()
    return frozenset((vote.id, vote.dive_number, vote.board_m, vote.score) for vote in votes)
