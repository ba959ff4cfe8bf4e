"""Messages between the window and the process that owns torch: a JSON object a line.

The window alone decides what is carried out when: it sends a single request at a time and a `Quick` request beside it,
and cancels a request that has to wait for a more urgent request. Arrays never travel in a message: the worker writes
them into records, in the cache's folder or that of the window's run, and a message names the file.

`kept_as` of a request is the name under which its answer is kept, by `KeptResults`; "": its id, or not at all.
"""

from dataclasses import dataclass
from typing import Any

from msgspec import field

from fineparser_core.diving.details import DiveDetails
from fineparser_core.exemplars.records import Exemplar, ExemplarFacts
from fineparser_core.exemplars.selection import CandidateRule
from fineparser_core.records import NOT_ASKED, AthletePoint, DiveSegment, Transitions, VerdictCode
from fineparser_core.scoring.profile import Profile
from fineparser_core.support.processes import ProcessMessage


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """Settings of the process, passed on its command line: see `fineparser_gui.session.preferences.Preferences`.

    What the worker says to the user is in the language of the window.
    """

    device: str = "auto"
    precision: str = "auto"
    weights: str = ""
    language: str = ""


class Request(ProcessMessage, frozen=True, kw_only=True):
    """A request, which ends in a single `Ending` of the same id."""

    id: str = ""


class ParseRequest(Request, frozen=True, kw_only=True):
    """Request to find steps and masks of frames in_frame..out_frame (both included; None: the file's ends).

    trim: without in_frame and out_frame, cut the dive out of the file; the clip of the result has its frames. athlete
    is a point on the diver; None: the worker finds who dives. content is the digest of the file as it was opened, which
    it must still have at the end.
    """

    path: str
    in_frame: int | None
    out_frame: int | None
    trim: bool = True
    point: AthletePoint | None = None
    content: str = ""
    kept_as: str = ""


class ScoreRequest(Request, frozen=True, kw_only=True):
    """Request to compare the result of a `ParseRequest` with the exemplars of a dive number.

    parse_id is the name under which its record is kept. details are number, board and DD that the score rests on.
    transitions are those that the user corrected, contact_frame the first contact with the water; None: as they were
    found. profile is of the judges on whose scale the score is; None: as shipped. overruled are the verdicts that
    the user has overruled.
    """

    parse_id: str
    details: DiveDetails
    rule: CandidateRule = field(default_factory=CandidateRule)
    transitions: Transitions | None = None
    contact_frame: int | None = None
    n_exemplars: int = 10
    profile: Profile | None = None
    overruled: tuple[VerdictCode, ...] = tuple(NOT_ASKED)
    kept_as: str = ""


class TrimRequest(Request, frozen=True, kw_only=True):
    """Request to find the dives in a long recording; content as in `ParseRequest`."""

    path: str
    content: str = ""
    kept_as: str = ""


class AddExemplarRequest(Request, frozen=True, kw_only=True):
    """Request to add a clip to the coach's own library, or the result of the `ParseRequest` of parse_id.

    transitions as in `ScoreRequest`, content as in `ParseRequest`.
    """

    path: str
    in_frame: int | None
    out_frame: int | None
    facts: ExemplarFacts
    parse_id: str | None = None
    content: str = ""
    transitions: Transitions | None = None


class ChangeLibraryRequest(Request, frozen=True, kw_only=True):
    """Request to change the coach's own library; action is "list", "edit", "remove" or "restore".

    Attributes:
        was: facts that an edited exemplar must still have.
    """

    action: str
    exemplar_id: str | None = None
    facts: ExemplarFacts | None = None
    was: ExemplarFacts | None = None


class EncodeExemplarRequest(Request, frozen=True, kw_only=True):
    """Request to encode an exemplar for the loaded weights in advance."""

    exemplar_id: str


class CancelRequest(ProcessMessage, frozen=True, kw_only=True):
    """Message that stops the request with this id at the next safe point; a repeated request continues from there."""

    id: str


class Ping(ProcessMessage, frozen=True):
    """Question whether the worker still listens, whatever it computes."""


class Pong(ProcessMessage, frozen=True):
    """The answer to a `Ping`, at once."""


class BegunReport(ProcessMessage, frozen=True, kw_only=True):
    """Report that the worker begins the request; if the worker dies now, this request may be the reason."""

    id: str


class DevicesReport(ProcessMessage, frozen=True, kw_only=True):
    """Devices of this machine: name in the settings -> name for the user."""

    devices: dict[str, str]


class Ready(ProcessMessage, frozen=True, kw_only=True):
    """Report that the weights are loaded; card holds the fields of their model card."""

    device: str
    precision: str
    card: dict[str, Any]


class ProgressReport(ProcessMessage, frozen=True, kw_only=True):
    """Progress of the request; see `fineparser_core.progress.Progress`."""

    id: str
    stage: str
    done: int
    total: int


class Ending(ProcessMessage, frozen=True, kw_only=True):
    """End of a request; id is None if a `Failure` belongs to no request."""

    id: str | None


class Answer(Ending, frozen=True):
    """The result of a request."""


class Result(Answer, frozen=True, kw_only=True):
    """An analysis in the documented JSON format; the record at record_path holds the arrays of its parse."""

    analysis: dict[str, Any]
    record_path: str


class LibraryReport(Answer, frozen=True, kw_only=True):
    """The libraries after a request.

    own has the ids of the coach's own exemplars, waiting of those that are not encoded for the loaded weights. notice
    says what is amiss with the coach's own library, or "". added is the id of a new exemplar.
    """

    exemplars: list[Exemplar]
    own: list[str]
    waiting: list[str]
    writable: bool
    notice: str
    added: str | None = None


class Segments(Answer, frozen=True, kw_only=True):
    """Dives found by a `TrimRequest`, in order."""

    segments: list[DiveSegment]


class Failure(Ending, frozen=True, kw_only=True):
    """Error of a request, as a sentence for the user; kind is the class of the error."""

    kind: str
    message: str


class CancelledReport(Ending, frozen=True):
    """Report that the request was stopped."""


#: Requests that the worker answers beside any other: they take milliseconds, and the coach waits for them.
Quick = ScoreRequest | ChangeLibraryRequest
LibraryRequest = AddExemplarRequest | ChangeLibraryRequest | EncodeExemplarRequest
#: All messages, of which either end sends some.
AnyMessage = (
    ParseRequest
    | ScoreRequest
    | TrimRequest
    | LibraryRequest
    | CancelRequest
    | Ping
    | Pong
    | BegunReport
    | DevicesReport
    | Ready
    | ProgressReport
    | Result
    | LibraryReport
    | Segments
    | Failure
    | CancelledReport
)
