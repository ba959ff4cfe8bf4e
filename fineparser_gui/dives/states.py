"""The state of a dive in the words of the window."""

from fineparser_core.export.dive_words import award_words
from fineparser_core.language import text
from fineparser_core.records import VerdictCode
from fineparser_gui.session.dive import Dive, DiveState, ScoreState, SearchState
from fineparser_gui.support.formatting import board_text, percent, seen_text

#: States in which nothing happens without the user.
WAITING_FOR_USER = (DiveState.MISSING, DiveState.NEEDS_TRIM, DiveState.CANCELLED, DiveState.FAILED)


def settled(dive: Dive, n_accepted: int) -> bool:
    """Return True if all dives found in a recording were added to the list, or its proposals were dismissed."""
    if dive.state is not DiveState.NEEDS_TRIM or dive.segments is None or dive.searching:
        return False
    return dive.dismissed or 0 < len(dive.segments) == n_accepted


def state_text(dive: Dive, n_accepted: int = 0) -> str:
    """Return the state or score of a dive, as shown in its row.

    Args:
        n_accepted: number of dives found in it that were added to the list.
    """
    if dive.state is DiveState.ANALYSING and dive.progress is not None:
        return f"{stage_text(dive.progress.stage)} {percent(dive.fraction)}"
    if dive.searching and dive.progress is not None:
        return f"{stage_text('scan')} {percent(dive.fraction)}"
    if dive.searching:
        return text("waiting")
    if settled(dive, n_accepted):
        return text("dives added: {0}", n_accepted) if n_accepted else text("no dives added")
    if dive.state is DiveState.NEEDS_TRIM and dive.segments:
        found = len(dive.segments)
        return text("dives added: {0} of {1}", n_accepted, found) if n_accepted else text("dives found: {0}", found)
    if dive.state is DiveState.NEEDS_TRIM and dive.search_state is SearchState.CANCELLED:
        return text("search cancelled")
    waits = {
        VerdictCode.NO_DIVE: text("Not a complete dive"),
        VerdictCode.DIVER_UNSURE: text("which diver?"),
        VerdictCode.OTHER_DIVE: text("check the dive number"),
    }
    if dive.state is DiveState.READY and dive.verdict.code in waits:
        return waits[dive.verdict.code]
    if dive.state is DiveState.MISSING and dive.conflicting_video is not None:
        return text("different video")
    texts = {
        DiveState.OPENING: text("opening"),
        DiveState.MISSING: text("video is missing"),
        DiveState.NEEDS_TRIM: text("needs trimming"),
        DiveState.QUEUED: text("waiting"),
        DiveState.ANALYSING: text("analysing"),
        DiveState.CANCELLED: text("cancelled"),
        DiveState.FAILED: text("not analysed"),
    }
    if dive.state in texts:
        return texts[dive.state]
    if dive.scoring:
        return stage_text("compare")
    if dive.analysis is not None and dive.analysis.scoring is not None:
        words = award_words(dive.analysis.scoring, dive.judging)
        award = text("{0} (nearest)", words.predicted) if dive.analysis.scoring.nearest_numbers else words.predicted
        return award if dive.judging is None else text("judges {0} · {1}", words.award, award)
    if dive.judging is not None:
        return text("judges {0}", award_words(None, dive.judging).award)
    if dive.score_state is ScoreState.NO_EXEMPLARS:
        return text("no exemplars")
    return text("no score") if dive.known_number else text("needs dive number")


def needs_user(dive: Dive, n_accepted: int = 0) -> bool:
    """Return True if the analysis of the dive waits for the user; arguments as of `state_text`."""
    if dive.searching or settled(dive, n_accepted):
        return False
    unscored = dive.state is DiveState.READY and not dive.scoring
    return dive.state in WAITING_FOR_USER or (unscored and (dive.analysis is None or dive.analysis.scoring is None))


def details_text(dive: Dive, *, athlete: bool = True) -> str:
    """Return dive number, board and perhaps diver, as far as known, and the star of a dive that votes."""
    scoring = dive.analysis.scoring if dive.analysis is not None else None
    board_m = dive.known_board_m if dive.known_board_m is not None or scoring is None else scoring.board_m
    named = f"{dive.known_number} {board_text(board_m)}".rstrip() if dive.known_number else ""
    who = dive.athlete if athlete else ""
    return " · ".join(filter(None, (named, who, "★" if dive.exemplar_id else "")))


def offered_text(dive: Dive) -> str:
    """Return the text on the number that the video shows if the dive has no number, else ""."""
    if dive.known_number is not None or not dive.seen_numbers:
        return ""
    return text("seen: {0}", seen_text(*next(iter(dive.seen_numbers.items()))))


def left_text(seconds: float | None) -> str:
    """Return the rough remaining time as text; "" if it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return text("about {0} s left", max(round(seconds), 1))
    return text("about {0} min left", round(seconds / 60))


def stage_text(stage: str) -> str:
    """Return the translated name of a stage of `fineparser_core.progress.Progress`."""
    texts = {
        "scan": text("searching for dives"),
        "read": text("reading"),
        "coarse": text("finding the athlete"),
        "parse": text("finding the phases"),
        "compare": text("comparing"),
        "copy": text("copying"),
    }
    return texts.get(stage, stage)
