"""Messages between the window and the process that owns torch: one JSON object a line.

Arrays never travel in a message: the worker writes them into records, in the cache's folder or that of the window's
run, and a message names the file.

`kept_as` of a request is the name under which its answer is kept, by `KeptResults`; "": its id, or not at all.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import get_args


class Urgency(IntEnum):
    """Priority of a request; a running one lets more urgent ones pass between two of its windows."""

    BACKGROUND = 0  # encoding exemplars in advance
    BATCH = 1
    EXEMPLAR = 2  # a clip for the library, which waits for no batch
    SHOWN = 3  # the dive that is shown: its analysis, or the search of its file
    SCORE = 4  # takes milliseconds
    DRAG = 5  # score while a transition is dragged


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """Settings of the process, passed on its command line: see `fineparser_gui.settings.preferences.Preferences`.

    What the worker says to the user is in the language of the window.
    """

    device: str = "auto"
    precision: str = "auto"
    weights: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class ParseRequest:
    """Find steps and masks of frames in_frame..out_frame (both included; None: the file's ends).

    trim: without in_frame and out_frame, cut the dive out of the file; the clip of the result has its frames. athlete
    holds the fields of `fineparser_core.types.AthletePoint`, a point on the diver; None: the worker finds who dives.
    """

    path: str
    in_frame: int | None
    out_frame: int | None
    trim: bool = True
    athlete: dict | None = None
    kept_as: str = ""
    id: str = ""
    urgency: int = Urgency.BATCH


@dataclass(frozen=True, kw_only=True)
class ScoreRequest:
    """Compare what a `ParseRequest` found and encoded with the exemplars of a dive number.

    parse_id is the name under which its record is kept. difficulty is the DD that the user typed; None: the tables'.
    transitions holds the fields of `fineparser_core.types.Transitions` where the user corrected them, contact_frame the
    first contact with the water; None: as they were found.
    """

    parse_id: str
    dive_number: str
    board_m: float | None
    difficulty: float | None
    transitions: dict | None = None
    contact_frame: int | None = None
    n_exemplars: int = 10
    nearest: bool = False
    synchro: bool = False
    kept_as: str = ""
    id: str = ""
    urgency: int = Urgency.SCORE


@dataclass(frozen=True, kw_only=True)
class TrimRequest:
    """Find the dives in a long recording."""

    path: str
    kept_as: str = ""
    id: str = ""
    urgency: int = Urgency.BATCH


@dataclass(frozen=True, kw_only=True)
class AddExemplarRequest:
    """Add a clip to the coach's own library, or what the `ParseRequest` of parse_id found in it.

    facts holds the fields of `fineparser_core.exemplars.facts.ExemplarFacts`; transitions as in
    `ScoreRequest`.
    """

    path: str
    in_frame: int | None
    out_frame: int | None
    facts: dict
    parse_id: str | None = None
    transitions: dict | None = None
    id: str = ""
    urgency: int = Urgency.BATCH


@dataclass(frozen=True, kw_only=True)
class ChangeLibraryRequest:
    """Change the coach's own library; action is "list", "edit", "remove", "restore" or "empty_bin"."""

    action: str
    exemplar_id: str | None = None
    facts: dict | None = None
    id: str = ""
    urgency: int = Urgency.SCORE


@dataclass(frozen=True, kw_only=True)
class EncodeExemplarRequest:
    """Encode an exemplar for the loaded weights in advance."""

    exemplar_id: str
    id: str = ""
    urgency: int = Urgency.BACKGROUND


@dataclass(frozen=True, kw_only=True)
class CancelRequest:
    """Stop the request with this id at the next safe point."""

    id: str


@dataclass(frozen=True, kw_only=True)
class RankRequest:
    """Another urgency of a request that runs or waits: another dive is shown."""

    id: str
    urgency: int


@dataclass(frozen=True, kw_only=True)
class HoldRequest:
    """Suspend the running `TrimRequest`, or let it go on; more urgent requests pass it in any case."""

    held: bool


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Asks whether the worker still listens, whatever it computes."""


@dataclass(frozen=True, kw_only=True)
class Pong:
    """The answer to a `Ping`, at once."""


@dataclass(frozen=True, kw_only=True)
class BegunReport:
    """The worker begins to carry out the request; where it dies now, this request may be the reason."""

    id: str


@dataclass(frozen=True, kw_only=True)
class DevicesReport:
    """Devices of this machine: name in the settings -> name for the user."""

    devices: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The weights are loaded; card holds the fields of their model card."""

    device: str
    precision: str
    card: dict


@dataclass(frozen=True, kw_only=True)
class ProgressReport:
    """See `fineparser_core.progress.Progress`."""

    id: str
    stage: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """An analysis in the documented JSON format; the record at record_path holds the arrays of its parse.

    suggestions are dive numbers of exemplars that the clip resembles, the likeliest first.
    """

    id: str
    analysis: dict
    record_path: str
    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class LibraryReport:
    """The libraries after a request.

    entries are of {own, state, exemplar}: whether the coach may change it; "ready", "waiting" for its encoding, or
    "no clip"; the fields of `fineparser_core.exemplars.records.Exemplar`. notice says what is amiss with the
    coach's own library, or "". added is the id of a new exemplar.
    """

    id: str
    entries: list[dict]
    writable: bool
    notice: str
    added: str | None = None


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Dives found by a `TrimRequest`: the fields of `fineparser_core.types.DiveSegment`, in order."""

    id: str
    segments: list[dict]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One sentence for the user; kind is the class of the error. id is None where no request caused it."""

    id: str | None
    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class CancelledReport:
    """The request was cancelled."""

    id: str


LibraryRequest = AddExemplarRequest | ChangeLibraryRequest | EncodeExemplarRequest
Request = ParseRequest | ScoreRequest | TrimRequest | LibraryRequest
Answer = Result | Segments | LibraryReport
Ending = Answer | Failure | CancelledReport
Message = (
    Request
    | CancelRequest
    | RankRequest
    | HoldRequest
    | Ping
    | Pong
    | DevicesReport
    | Ready
    | BegunReport
    | ProgressReport
    | Ending
)

_TYPES: dict[str, type] = {kind.__name__: kind for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """One line, newline included."""
    return json.dumps({"type": type(message).__name__, **asdict(message)}).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Inverse of `encode`.

    Raises:
        ValueError: the line is not a message of this protocol.
    """
    try:
        fields = json.loads(line)
        return _TYPES[fields.pop("type")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a message: {line[:200]!r}") from error
