"""Options of scoring clips, one or many, and the scorer of a clip among many, from a job to its line."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fineparser_core.constants import CARD_NAME, MOST_CARD_BYTES
from fineparser_core.diving.difficulty import asked_dive
from fineparser_core.errors import FineParserError, no_memory
from fineparser_core.exemplars.selection import SAME_NUMBER, CandidateRule
from fineparser_core.exemplars.store import ExemplarStore, own_folder
from fineparser_core.export.results import AskedClip, ClipResult, result_from_line, result_to_line
from fineparser_core.progress import CancelToken
from fineparser_core.recognition.boards import with_seen_board
from fineparser_core.resources import bundled_weights, weights_folder
from fineparser_core.scoring.measured_stream import moved_quantities
from fineparser_core.scoring.profile import Profile, active_profile
from fineparser_core.support.codec import to_json
from fineparser_core.support.files import check_content, digest, known_content, read_bounded
from fineparser_core.support.processes import do_jobs, serve_jobs

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


def to_be_scored(asked: AskedClip, options_key: str) -> ClipResult:
    """Return the result of a clip before it is scored; `options_key` is of `ScoringOptions.key`."""
    content = known_content(asked.path)
    # Wherever it lies, the same content has the same result.
    facts = to_json(replace(asked, path=Path("clip") if content else asked.path, athlete="", event=""))
    return ClipResult(asked=asked, key=digest(options_key, content, facts), content=content)


#: Makes the line of a clip's result from its result before it is scored.
Scorer = Callable[[ClipResult], bytes]
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
        dive, difficulty = asked_dive(asked)
        found, analysis = analyzer.analyze_file(asked, trim=options.trim, force=options.force, **options.choice)
        scored = replace(result, analysis=analysis, others=found.others)
        dived = None if dive is None else with_seen_board(difficulty, dive, analysis.parse.recognition)
        if dive is None or dived is None or not analysis.measures:
            return scored
        return replace(scored, quantities=tuple(moved_quantities(analysis.parse, dive, dived)))

    def line(result: ClipResult) -> bytes:
        try:
            scored = score(result)
            check_content(result.asked.path, result.content)
            return result_to_line(scored)
        except FineParserError as error:
            return result_to_line(replace(result, error=str(error)))
        except Exception as error:  # a failing clip must not stop the others
            if (short := no_memory(error)) is not None:
                return result_to_line(replace(result, key="", error=str(short)))
            reason = f"unexpected failure, {type(error).__name__}: {error}"[:_LONGEST_REASON].rstrip(".")
            said = f"{result.asked.path}: {reason}: score it alone to have the details logged."
            return result_to_line(replace(result, key="", error=said))

    return line


def score_jobs(
    options: ScoringOptions, jobs: Sequence[ClipResult], workers: int, cancel: CancelToken, *, scorer: str = SCORER
) -> Generator[tuple[int, bytes]]:
    """Yield the line of each clip and its place, as they come; of one whose process died too.

    Args:
        scorer: module of the processes.

    Raises:
        Cancelled: the token is set.
    """
    with closing(do_jobs(scorer, (options, workers), tuple(jobs), workers, cancel)) as answers:
        for place, answer in answers:
            if isinstance(answer, int):
                job = jobs[place]
                said = f"{job.asked.path}: the process that scored it ended unexpectedly (code {answer})."
                answer = result_to_line(replace(job, key="", error=said))
            yield place, answer


def analyze_files(
    paths: Sequence[str | Path | AskedClip],
    *,
    dive_number: str | None = None,
    board_m: float | None = None,
    workers: int = 1,
    weights: str | Path | None = None,
    device: str = "auto",
    trim: bool = True,
    force: bool = False,
) -> list[ClipResult]:
    """Analyze many clips in processes of their own, as `fineparser score FOLDER` does.

    Args:
        paths: video files; an `AskedClip` of `fineparser_core.export.results` has a number and frames of its own.
        dive_number, board_m: of all clips that are given by their path alone.
        workers: processes, each of which loads the weights.
        weights: the folder of a bundle; None or "bundled" for the bundled weights.
        device: where the networks run.
        trim, force: as of `score_clip`.

    Returns:
        A result for each clip, in order: its `analysis`, without what it has for each sample (masks, paths), or None
        and the sentence `error`.

    Raises:
        FineParserError: weights, exemplars, dive number or board cannot be used.

    Example:
        >>> results = analyze_files([sample], dive_number="207C", board_m=10)
        >>> [result.analysis.scoring.dive_number for result in results if not result.error]
        ['207C']
    """
    folder = None if weights is None else weights_folder(weights)
    given = ScoringOptions(
        weights=folder, device=device, own=own_folder(), trim=trim, force=force, profile=active_profile()
    )
    usual, key = AskedClip(path=Path(), dive_number=dive_number, board_m=board_m), given.key()
    asked_dive(usual)
    asked = [one if isinstance(one, AskedClip) else replace(usual, path=Path(one)) for one in paths]
    jobs = [to_be_scored(one, key) for one in asked]
    with closing(score_jobs(given, jobs, workers, CancelToken())) as answers:
        lines = dict(answers)
    return [result_from_line(lines[place]) for place in range(len(jobs))]


if __name__ == "__main__":
    serve_jobs(lambda given: open_scorer(*given), tuple[ScoringOptions, int], ClipResult)
