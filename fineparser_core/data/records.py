"""One judged dive of a data set, whatever the data set's own format."""

import math
from dataclasses import dataclass

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError

#: Event (or video) and number of the dive in it.
Key = tuple[str, int]
#: Frames a second, nominally: no data set says. Of FineDiving's dives.
FPS = 25.0
_LONGEST_NUMBER = 16
_MOST_FRAMES = 1_000_000
_MOST_AWARDS = 16
# No dive has ever had a DD above 5.
_HIGHEST_DIFFICULTY = 10.0
# Three counted awards of 10, and what rounding adds.
_HIGHEST_AWARDS, _TOLERANCE = 30.0, 0.06


@dataclass(frozen=True, kw_only=True)
class DiveRecord:
    """A dive as a data set annotates it; frames are counted from the first frame of the trimmed clip.

    Attributes:
        key: event and index, the names of its folders.
        dive_number: in upper case, e.g. "407C".
        difficulty: DD as recorded.
        score: points as recorded, 3 * DD * mean counted award; NaN for labels without a score.
        board_m: board the event is held on; None where the event does not say.
        synchro: whether two divers dive at once.
        n_frames: frames of the trimmed clip, as annotated.
        start_frame: number of its first frame in the untrimmed recording, where recorded.
        first_flight_frame: first frame of the flight as recorded, see `has_steps`; None without step labels.
        first_entry_frame: first frame of the entry, likewise.
        awards: judges' awards, where recorded: 7 as given, or the 3 (synchro: 5) that counted.
        split: "train" or "test", or "" where the data set assigns it to none.
    """

    key: Key
    dive_number: str
    difficulty: float
    score: float
    board_m: float | None = None
    synchro: bool = False
    n_frames: int
    start_frame: int | None = None
    first_flight_frame: int | None = None
    first_entry_frame: int | None = None
    awards: tuple[float, ...] = ()
    split: str = ""

    def __post_init__(self) -> None:
        """Check the values. Raises: ValueError, for what no dive can have."""
        wrong = not all(map(math.isfinite, (self.difficulty, *self.awards))) or math.isinf(self.score)
        if wrong or len(self.awards) > _MOST_AWARDS:
            raise ValueError(f"difficulty {self.difficulty:g}, score {self.score:g}, {len(self.awards)} awards")
        event, number = self.key[0], self.dive_number
        if not (event + number).isprintable() or len(event) > LONGEST_NAME or len(number) > _LONGEST_NUMBER:
            raise ValueError(f"dive number {number[:_LONGEST_NUMBER]!r} of {event[:50]!r}")
        if self.n_frames > _MOST_FRAMES:
            raise ValueError(f"{self.n_frames} frames")

    @property
    def id(self) -> str:
        """Event and index as a single word: "event/index"."""
        return f"{self.key[0]}/{self.key[1]}"

    @property
    def elements(self) -> tuple[int, int, int, int, int]:
        """See `DiveNumber.elements`; -1 each for a number of no dive."""
        try:
            return parse_dive_number(self.dive_number).elements
        except ConfigError:
            return (-1,) * 5

    @property
    def score_fault(self) -> str | None:
        """Why score and DD are those of no dive, in a sentence; None where they may be."""
        if not 0 < self.difficulty <= _HIGHEST_DIFFICULTY:
            return f"DD {self.difficulty:g} is none that a dive can have."
        if math.isnan(self.score):
            return "no score is recorded (nan)."
        if not 0 <= self.score <= _HIGHEST_AWARDS * self.difficulty + _TOLERANCE:
            return f"score {self.score:g} is none that a dive of DD {self.difficulty:g} can have."
        return None

    @property
    def fault(self) -> str | None:
        """Why nothing can be learned from the labels, in a sentence; None where they may be right."""
        first, second = self.first_flight_frame, self.first_entry_frame
        if first is not None and second is not None and not self.has_steps:
            return f"transitions at {first} and {second} do not divide {self.n_frames} frames into three phases."
        return self.score_fault

    @property
    def has_steps(self) -> bool:
        """Whether the transitions make three steps of at least a frame each."""
        first, second = self.first_flight_frame, self.first_entry_frame
        return first is not None and second is not None and 0 < first < second < self.n_frames


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A contradiction within a data set: reported, never repaired in silence.

    Attributes:
        kind: "dive number", "transitions", "score", "frames" or "masks"; what is wrong with a DD is a "score" too.
        text: what is wrong, as a sentence.
        stored: value of the data set; "" for what is no value.
        right: what the rest of the annotation says that it should be; "" where that is not known.
    """

    key: Key
    kind: str
    text: str
    stored: str = ""
    right: str = ""
