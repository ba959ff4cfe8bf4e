"""Sentences of the notes of an analysis, for everything that shows or writes them."""

import math

from fineparser_core.language import Phrase, number, text
from fineparser_core.measures import RECORDS
from fineparser_core.recognition.contradictions import contradiction_notes
from fineparser_core.records import Analysis, Note, NoteCode, OwnAward

#: Sentences of the codes, with places for their values.
_SENTENCES = {
    # Frames that are missing, and all frames.
    NoteCode.FILE_CUT_OFF: Phrase("The file is cut off: {0} of its {1} frames are missing."),
    # Parts that are damaged.
    NoteCode.PARTS_DAMAGED: Phrase("The file is damaged: {0} of its video cannot be read."),
    # Frames that are damaged and frames read, and the first of the former.
    NoteCode.FRAMES_DAMAGED: Phrase("The file is damaged. Not whole: {0}, first frame {1}."),
    # Pictures a second, and those of them that are new.
    NoteCode.PICTURES_REPEATED: Phrase(
        "Pictures are repeated: of {0:.0f} a second {1:.0f} are new. The others are left out, and the new ones are "
        "taken to lie evenly in time."
    ),
    NoteCode.POINT_IGNORED: Phrase("These weights see the whole picture: the point on the diver changes nothing."),
    NoteCode.DIVER_UNSURE: Phrase("Somebody else may be the diver: check that the right person is followed."),
    # First and last frame of the clip, and frames before and after it.
    NoteCode.CUT_OUT: Phrase(
        "The dive was found in frames {0} to {1}, which alone were analysed: {2} frames before and {3} after them were "
        "left out."
    ),
    # Factor by which it is slower than real time.
    NoteCode.SLOW_MOTION: Phrase(
        "Slow motion, about {0:.0f} times: times are those of the recording, not of the dive."
    ),
    NoteCode.NO_FALL: Phrase("Nobody was seen to fall freely: check that the right person is followed."),
    NoteCode.TAKE_OFF_UNSURE: Phrase("The take-off hardly shows: check where it is set."),
    NoteCode.TAKE_OFF_NEAR_START: Phrase(
        "The take-off hardly shows: check it, and let the clip begin about a second before it."
    ),
    NoteCode.ENTRY_UNSURE: Phrase("The entry hardly shows: check where it is set."),
    NoteCode.ENTRY_NEAR_END: Phrase(
        "The entry hardly shows: check it, and let the clip end about a second and a half after it."
    ),
    # The dive's number, and its probability in percent.
    NoteCode.NUMBER_SEEN: Phrase("No dive number was given: the video shows {0} ({1:.0f} %)."),
    # Exemplars, and those asked for.
    NoteCode.FEW_EXEMPLARS: Phrase("Only {0} exemplars of this dive number, not {1}."),
    # Exemplars from another board, and all.
    NoteCode.OTHER_BOARD: Phrase("Exemplars from another board, where the difficulty may differ: {0} of {1}."),
    # The dive's number, those of the exemplars, and the DD.
    NoteCode.NEAREST_NUMBERS: Phrase(
        "No exemplars of {0}: compared with the nearest dive numbers ({1}); their scores are converted to a DD "
        "of {2:.1f}."
    ),
    # Exemplars that cannot be used, all, and why the first cannot.
    NoteCode.EXEMPLARS_UNUSABLE: Phrase("{0} of {1} exemplars could not be used: {2}"),
    # Exemplars left out, and all.
    NoteCode.EXEMPLARS_LEFT_OUT: Phrase("{0} of {1} exemplars left out by hand."),
    # Dives of the profile, and its name.
    NoteCode.CALIBRATED: Phrase("Calibrated on {0} of your dives: profile {1}."),
    # Names of measures.
    NoteCode.MEASURES_UNCLEAR: Phrase("Not clear enough to measure: {0}."),
    # Frames whose masks are a person's.
}


def note_text(note: Note) -> str:
    """Return the sentence of a note, which is a `Phrase` where it was made here."""
    match note.code, note.values:
        case NoteCode.PARTS_DAMAGED, (n,):
            values: tuple[object, ...] = (Phrase("1 part") if n == 1 else Phrase("{0} parts", n),)
        case NoteCode.FRAMES_DAMAGED, (n, n_read, first):
            values = Phrase("{0} of the {1} frames read", n, n_read), first
        case NoteCode.FEW_EXEMPLARS, (1, asked):
            return Phrase("Only 1 exemplar of this dive number, not {0}.", asked)
        case NoteCode.MEASURES_UNCLEAR, names:
            titles = [RECORDS[name].title if name in RECORDS else name for name in names]
            template = "; ".join(f"{{{place}}}" for place in range(len(titles)))
            values = (Phrase(template, *titles),)
        case _, values:
            pass
    return Phrase(_SENTENCES[note.code].template, *values)


def notes_of(analysis: Analysis) -> tuple[str, ...]:
    """Return the sentences to show of an analysis: what the video says against the number, then its notes."""
    return (*contradiction_notes(analysis), *map(note_text, analysis.notes))


def pairs_in_order(rank_correlation: float) -> float:
    """Return how many of 10 pairs of dives have the judges' order, as in a normal distribution of that correlation."""
    return 10 * (0.5 + math.asin(2 * math.sin(math.pi * rank_correlation / 6)) / math.pi)


def own_award_text(own: OwnAward) -> str:
    """Return the award by measures alone with its interval: "award 6.8 from measures alone.

    80 % interval 3.3 to 10.0".
    """
    low, high = own.award_range
    level = f"{100 * own.interval.level:.0f}"
    said = text("award {0} from measures alone", number(own.award, 1))
    interval = text("{0} % interval {1} to {2}", level, number(low, 1), number(high, 1))
    return f"{said}; {interval}"


def own_award_about(own: OwnAward) -> str:
    """Say what the award by measures alone is, and what it is not."""
    checked = own.checked
    return text(
        "From measures alone: height, angles and times against the rules of judging. Checked on {0} judged dives: "
        "about {1} of 10 pairs in the judges' order, the award off by {2}.",
        checked.dives,
        number(pairs_in_order(checked.rank_correlation), 0),
        number(checked.mean_error, 1),
    )
