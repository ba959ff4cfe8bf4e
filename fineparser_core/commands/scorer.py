"""Options of scoring clips, one or many, and the scorer of a clip among many, from a job to its line."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fineparser_core.constants import CARD_NAME, MOST_CARD_BYTES
from fineparser_core.diving.difficulty import asked_dive
from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.selection import SAME_NUMBER, CandidateRule
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.results import AskedClip, ClipResult, result_to_line
from fineparser_core.recognition.boards import with_seen_board
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.measured_stream import moved_quantities
from fineparser_core.scoring.profile import Profile
from fineparser_core.support.codec import to_json
from fineparser_core.support.digest import content_digest, digest
from fineparser_core.support.files import read_bounded
from fineparser_core.support.processes import serve_jobs

if TYPE_CHECKING:
    from fineparser_core.inference.analyzer import Analyzer
    from fineparser_core.inference.pipeline import Choice

_LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class ScoringOptions:
    """Options by which a clip is scored, or each of many.

    Attributes:
        weights, device, precision: as of `Analyzer.open`.
        library: this file of exemplars alone; None: the bundled exemplars and those of the folder `own`.
        n_exemplars, seed, rule, trim, force: as of `score_clip`.
        profile: profile of the judges whose scale scores use; None: as shipped.
    """

    weights: Path | None = None
    device: str = "auto"
    precision: str = "auto"
    library: Path | None = None
    own: Path | None = None
    n_exemplars: int = 10
    seed: int = 0
    rule: CandidateRule = SAME_NUMBER
    trim: bool = True
    force: bool = False
    profile: Profile | None = None

    def open_library(self) -> ExemplarStore:
        """Open the exemplars. Raises: ExemplarError."""
        return ExemplarStore.open(self.library) if self.library is not None else ExemplarStore.open_all(self.own)

    def open_analyzer(self, library: ExemplarStore) -> "Analyzer":
        """Open the weights. Raises: CheckpointError, ExemplarError, ConfigError."""
        from fineparser_core.inference.analyzer import Analyzer  # loads torch

        return Analyzer.open(
            weights=self.weights, library=library, profile=self.profile, device=self.device, precision=self.precision
        )

    @property
    def choice(self) -> "Choice":
        """Choice of exemplars for `Analyzer.analyze`."""
        return {"n_exemplars": self.n_exemplars, "seed": self.seed, "rule": self.rule}

    def key(self) -> str:
        """Compute a digest of all that a result depends on, except its clip."""
        try:
            card = read_bounded((self.weights or bundled_weights()) / CARD_NAME, MOST_CARD_BYTES)
        except OSError:  # whoever opens the weights says what is wrong
            card = b""
        with self.open_library() as library:
            known = [to_json(one.facts) | {"id": one.id} for one in library.exemplars()]
        options = to_json(replace(self, weights=None, library=None, own=None))
        return digest(options, card.decode(errors="replace"), known)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A clip to be scored, with what its result will be known by: see `ClipResult`."""

    asked: AskedClip
    key: str
    content: str

    @classmethod
    def of(cls, asked: AskedClip, options_key: str) -> "Job":
        """Return a job; `options_key` is of `ScoringOptions.key`."""
        try:
            content = content_digest(asked.path) if asked.path.is_file() else ""
        except OSError:
            content = ""
        # Wherever it lies, the same content has the same result.
        facts = to_json(replace(asked, path=Path("clip") if content else asked.path))
        return cls(asked=asked, key=digest(options_key, content, facts), content=content)


Scorer = Callable[[Job], bytes]
#: Module of the processes that score.
SCORER = "fineparser_core.commands.scorer"


def open_scorer(options: ScoringOptions, workers: int = 1) -> Scorer:
    """Open weights and exemplars in a child process; the returned function makes the line of a clip.

    Args:
        workers: processes that share the machine.

    Raises:
        CheckpointError, ExemplarError, ConfigError: as of `Analyzer.open`.
    """
    import torch  # late, as it takes seconds

    if workers > 1:
        torch.set_num_threads(max(torch.get_num_threads() // workers, 1))
    analyzer = options.open_analyzer(options.open_library())

    def score(result: ClipResult) -> ClipResult:
        asked = result.asked
        dive, difficulty = asked_dive(asked.dive_number, asked.board_m, asked.difficulty)
        found, analysis = analyzer.analyze_file(asked, trim=options.trim, force=options.force, **options.choice)
        scored = replace(result, analysis=analysis, others=found.others)
        dived = None if dive is None else with_seen_board(difficulty, dive, analysis.parse.recognition)
        if dive is None or dived is None or not analysis.measures:
            return scored
        return replace(scored, quantities=tuple(moved_quantities(analysis.parse, dive, dived)))

    def line(job: Job) -> bytes:
        result = ClipResult(asked=job.asked, key=job.key, content=job.content)
        try:
            return result_to_line(score(result))
        except FineParserError as error:
            return result_to_line(replace(result, error=str(error)))
        except Exception as error:  # a failing clip must not stop the others
            reason = f"unexpected failure, {type(error).__name__}: {error}"[:_LONGEST_REASON].rstrip(".")
            said = f"{job.asked.path}: {reason}: score it alone to have the details logged."
            return result_to_line(replace(result, key="", error=said))

    return line


if __name__ == "__main__":
    serve_jobs(lambda given: open_scorer(*given), tuple[ScoringOptions, int], Job)
