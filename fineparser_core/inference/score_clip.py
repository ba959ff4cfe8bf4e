"""Function for scripts that analyses a video file in a single call."""

from contextlib import ExitStack
from pathlib import Path

from fineparser_core.diving.difficulty import asked_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.exemplars.store import ExemplarStore, own_folder
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.scoring.profile import active_profile
from fineparser_core.types import Analysis


def score_clip(
    path: str | Path,
    dive_number: str | None = None,
    *,
    board_m: float | None = None,
    start_frame: int | None = None,
    end_frame: int | None = None,
    trim: bool = True,
    force: bool = False,
    analyzer: Analyzer | None = None,
) -> Analysis:
    """Analyze a dive: its phases, its masks and, with a dive number, its score.

    Args:
        path: the video file.
        dive_number: e.g. "207C"; without it `Analysis.scoring` is None.
        board_m: 1, 3, 5, 7.5 or 10; None takes the board that the fall shows, or else the number's commonest.
        start_frame, end_frame: first and last frame of the dive in the file, both included; without them the dive is
            found in it.
        trim: without `start_frame` and `end_frame`, whether to look for the dive; if not, the whole file is analyzed.
        force: score also a clip that does not look like a whole dive, or surely shows another dive.
        analyzer: weights, exemplars and device; None opens the bundled weights with the bundled exemplars and the
            user's own, and the profile in use, as the command and the window do, which takes seconds. Pass an analyzer
            to score many clips.

    Returns:
        The analysis. `scoring` is None as well for a clip that is not a whole dive, see `parse.refusal`, or that surely
        shows another dive than was given, see `unscored`.

    Raises:
        FineParserError: with a sentence, for a clip, a dive number or weights that cannot be used.
    """
    dive = None if dive_number is None else parse_dive_number(dive_number)
    difficulty = None if dive is None else asked_difficulty(dive, board_m, None)
    with ExitStack() as opened:
        if analyzer is None:
            library = opened.enter_context(ExemplarStore.open_all(own_folder()))
            analyzer = Analyzer.open(library=library, profile=active_profile())
        search = DiveSearch(Path(path), find_body=analyzer.find_body)
        found = find_clip(Path(path), start_frame=start_frame, end_frame=end_frame, trim=trim, search=search)
        return analyzer.analyze(found.clip, dive, difficulty, found.recording, force=force)
