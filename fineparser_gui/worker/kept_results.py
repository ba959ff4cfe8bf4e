"""Kept answers to requests that were answered before, and who would vote for a score now. No Qt."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from fineparser_core.constants import CARD_NAME, MOST_CARD_BYTES
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import CandidateRule, select_exemplars
from fineparser_core.export.analysis_json import FORMAT, analysis_from_dict
from fineparser_core.records import DiveParse, DiveSegment
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.scoring.profile import Profile
from fineparser_core.support.codec import to_json
from fineparser_core.support.files import digest, read_bounded
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.protocol import (
    Answer,
    ParseRequest,
    Request,
    Result,
    ScoreRequest,
    Segments,
    TrimRequest,
    WorkerSettings,
)
from fineparser_gui.worker.records import read_analysis

log = logging.getLogger(__name__)

#: Attributes of a request that do not change its answer.
_NO_FACTS = ("type", "id", "path", "content", "kept_as")

#: Requests whose answers are kept.
Keepable = ParseRequest | ScoreRequest | TrimRequest
_Keepable = TypeVar("_Keepable", ParseRequest, ScoreRequest, TrimRequest)
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
            details: dive number, board and DD, by which the dive is scored.
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
        concerned = (dive.known_number, dive.synchro) in changed or (dive.rule.nearest and bool(changed))
        if not concerned or dive.state is not DiveState.READY or dive.scoring or not dive.scorable:
            continue
        scoring = dive.model_analysis.scoring if dive.model_analysis else None
        details = dive.known_number, dive.known_board_m, dive.difficulty
        asked = (details, dive.rule, n_exemplars, profile if scoring and scoring.profile else None)
        voters = _voted(dive) if before is None else before.voters(*asked)
        if voters != now.voters(*asked):
            yield dive


def _voted(dive: Dive) -> frozenset[Voter]:
    """Return the exemplars by which a dive was scored."""
    scoring = dive.model_analysis.scoring if dive.model_analysis else None
    votes = scoring.exemplars if scoring else ()
    return frozenset((vote.id, vote.dive_number, vote.board_m, vote.score) for vote in votes)


class KeptResults:
    """Kept answers of a cache, found by names that are digests of everything that the answers depend on.

    Args:
        cache: cache that the worker fills; None: nothing is kept.
        settings: returns the settings that the worker runs with.

    Attributes:
        voters: returns the exemplars by which a request for a score would be answered now; None: they are not known.
    """

    def __init__(
        self, cache: AnalysisCache | None = None, settings: Callable[[], WorkerSettings] = WorkerSettings
    ) -> None:
        self.cache, self._settings = cache, settings
        self.voters: Callable[[ScoreRequest], frozenset[Voter] | None] = lambda _: None
        self._cards: dict[str, str] = {}  # digest by folder of weights

    def named(self, request: _Keepable, content: str = "") -> _Keepable:
        """Return a request with the name under which its answer is kept; no name if the weights are gone.

        Args:
            content: `content_digest` of the video; a `ScoreRequest` does not need it, as it has its `parse_id`.
        """
        if isinstance(request, ScoreRequest):
            context: list[object] = [type(request).__name__]
        else:
            settings = self._settings()
            form = FORMAT, [field.name for field in fields(DiveParse)]
            if not (weights := self._weights(settings.weights)):
                return msgspec.structs.replace(request, content=content)
            context = [type(request).__name__, content, weights, settings.device, settings.precision, form]
            request = msgspec.structs.replace(request, content=content)
        facts = {name: value for name, value in to_json(request).items() if name not in _NO_FACTS}
        return msgspec.structs.replace(request, kept_as=digest(*context, facts))

    def has(self, request: Request) -> bool:
        """Return True if an answer is kept, which may turn out to be damaged."""
        return self.cache is not None and isinstance(request, Keepable) and self.cache.has(request.kept_as)

    def answer(self, request: Request) -> Answer | None:
        """Return the kept answer to a request, or None."""
        if self.cache is None or not isinstance(request, Keepable) or not request.kept_as:
            return None
        name = request.kept_as
        found = self.cache.get(name, ())
        if found is None:
            return None
        content, _ = found
        try:
            if isinstance(request, TrimRequest):
                return Segments(id=request.id, segments=msgspec.convert(content["segments"], list[DiveSegment]))
            analysis, path = content["analysis"], self.cache.path(name)
            if isinstance(request, ParseRequest):
                read_analysis(analysis, path)  # one of an older format is found anew
            else:
                analysis_from_dict(analysis, None)
                if not self._is_by_present_exemplars(request, analysis):
                    return None
                path = self.cache.path(request.parse_id)
            return Result(id=request.id, analysis=analysis, record_path=str(path))
        except (AttributeError, KeyError, TypeError, FineParserError, msgspec.ValidationError) as error:
            log.warning("a kept result is removed: %s: %s", self.cache.path(name), error)
            self.cache.remove(name)
            return None

    def parse(self, name: str) -> DiveParse | None:
        """Return the parse that is kept under a name, or None if it is no longer kept."""
        found = self.cache.get(name, ()) if self.cache is not None and name else None
        if self.cache is None or found is None:
            return None
        try:
            return read_analysis(found[0]["analysis"], self.cache.path(name)).parse
        except (KeyError, TypeError, FineParserError) as error:
            log.warning("a kept result cannot be shown: %s", error)
            return None

    def _is_by_present_exemplars(self, request: ScoreRequest, analysis: Mapping[str, Any]) -> bool:
        """Return True if the exemplars that voted for a kept score are those that would vote now."""
        by_profile = request.profile if analysis["profile"] else None  # nothing may have been measured
        voters = self.voters(msgspec.structs.replace(request, profile=by_profile))
        votes = ((vote["id"], vote["dive_number"], vote["board_m"], vote["score"]) for vote in analysis["exemplars"])
        return voters is None or voters == frozenset(votes)

    def _weights(self, folder: str) -> str:
        """Return the digest of the weights' card, which holds a digest of each of their files."""
        if folder not in self._cards:
            path = (Path(folder) if folder else bundled_weights()) / CARD_NAME
            try:
                self._cards[folder] = hashlib.sha256(read_bounded(path, MOST_CARD_BYTES)).hexdigest()
            except OSError:
                return ""
        return self._cards[folder]
