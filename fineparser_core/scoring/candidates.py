"""Judged dives with what was found of them: which can teach a profile, and why others cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase
from fineparser_core.records import Analysis, ProfileIdentity
from fineparser_core.scoring.learning import JudgedScore, queries_of, why_not
from fineparser_core.scoring.measured_stream import Quantities, moved_quantities


@dataclass(frozen=True, kw_only=True)
class LearnableDive:
    """A judged dive that a profile may be learned from.

    Attributes:
        dive: the judged dive.
        analysis: its analysis; None: nothing was found.
        moved: its `moved_quantities`; None: they are measured when needed.
        error: why nothing was found; "": not analyzed yet.
    """

    dive: JudgedDive
    analysis: Analysis | None
    moved: Sequence[Quantities] | None = None
    error: str = ""

    @property
    def unmarked(self) -> str:
        """Why its marks teach nothing; "" where they do."""
        dive = self.dive
        if dive.dive_number is None and (dive.award is not None or dive.score is not None):
            return Phrase("a score without a dive number: add the number")
        if dive.award is None or dive.dive_number is None:
            return Phrase("no mark, or a score without a DD")
        return ""

    @property
    def why_not(self) -> str:
        """Why nothing can be learned from it, by whatever profile it is scored; "" where it can."""
        if self.unmarked:
            return self.unmarked
        if self.analysis is None:
            return self.error or Phrase("It is not analysed yet.")
        return why_not(self.analysis)

    @property
    def why_not_now(self) -> str:
        """Return `why_not`, or that the dive is not scored as shipped yet."""
        by_profile = Phrase("It was scored by a profile: score it as shipped.")
        return self.why_not or (by_profile if self.profile else "")

    @property
    def profile(self) -> ProfileIdentity | None:
        """Profile by which the dive was scored."""
        analysis = self.analysis
        scored = None if analysis is None else analysis.scoring or analysis.own_award
        return None if scored is None else scored.profile

    @property
    def marked(self) -> tuple[str, float | None, tuple[float, float, float] | None]:
        """Its name, its award, and marks of its phases where all are there."""
        name = str(self.dive.video.parent / self.dive.name)
        take_off, flight, entry = self.dive.marks.by_step
        if take_off is None or flight is None or entry is None:
            return name, self.dive.award, None
        return name, self.dive.award, (take_off, flight, entry)

    def score(self) -> JudgedScore:
        """Return the judged score to learn from.

        Raises:
            ConfigError: there is nothing.
        """
        name, award, phases = self.marked
        if self.why_not_now or award is None or self.analysis is None:
            raise ConfigError("{0} cannot count: {1}", name, self.why_not_now)
        number, difficulty = self._asked()
        moved = self.moved
        if moved is None:
            moved = moved_quantities(self.analysis.parse, number, difficulty)
        return JudgedScore(
            name=name,
            athlete=self.dive.athlete,
            event=self.dive.event,
            day=self.dive.date,
            number=number,
            difficulty=difficulty,
            award=award,
            phases=phases,
            votes=self.analysis.scoring.exemplars if self.analysis.scoring is not None else (),
            queries=queries_of(self.analysis, moved),
        )

    def _asked(self) -> tuple[DiveNumber, Difficulty]:
        number = parse_dive_number(self.dive.dive_number or "")
        return number, find_difficulty(number, self.dive.board_m, self.dive.difficulty)


def model_of(candidates: Sequence[LearnableDive]) -> str:
    """Return the id of the weights of the analyses. Raises: ConfigError, where they are by several."""
    models = {one.analysis.parse.model.id for one in candidates if one.analysis is not None}
    if len(models) > 1:
        raise ConfigError(
            "The results are by different weights, {0}: score all dives anew, by one.", " and ".join(sorted(models))
        )
    return models.pop()
