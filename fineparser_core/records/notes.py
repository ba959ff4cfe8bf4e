"""Notes for the user about a result: codes with values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class NoteCode(StrEnum):
    """Kinds of notes; `fineparser_core.export.notes` has their sentences and says which values each has."""

    SENTENCE = "sentence"
    # Notes on the file and the clip.
    FILE_CUT_OFF = "file_cut_off"
    PARTS_DAMAGED = "parts_damaged"
    FRAMES_DAMAGED = "frames_damaged"
    PICTURES_REPEATED = "pictures_repeated"
    POINT_IGNORED = "point_ignored"
    DIVER_UNSURE = "diver_unsure"
    CUT_OUT = "cut_out"
    SLOW_MOTION = "slow_motion"
    NO_FALL = "no_fall"
    TAKE_OFF_UNSURE = "take_off_unsure"
    TAKE_OFF_NEAR_START = "take_off_near_start"
    ENTRY_UNSURE = "entry_unsure"
    ENTRY_NEAR_END = "entry_near_end"
    # Notes on the score and the measures.
    FEW_EXEMPLARS = "few_exemplars"
    OTHER_BOARD = "other_board"
    NEAREST_NUMBERS = "nearest_numbers"
    EXEMPLARS_UNUSABLE = "exemplars_unusable"
    EXEMPLARS_LEFT_OUT = "exemplars_left_out"
    CALIBRATED = "calibrated"
    MEASURES_UNCLEAR = "measures_unclear"
    MASKS_PAINTED = "masks_painted"


@dataclass(frozen=True)
class Note:
    """A note for the user about a result: a code with values; the words are made where they are shown."""

    code: NoteCode
    values: tuple[Any, ...] = ()
