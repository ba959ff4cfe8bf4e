"""Exemplars as the app shows them."""

from dataclasses import dataclass

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.progress import Progress


@dataclass(frozen=True, kw_only=True)
class LibraryEntry:
    """An exemplar, whether it is the coach's own, and whether it is encoded for the loaded weights.

    Attributes:
        state: "ready", "waiting" for its encoding, or "no clip".
    """

    exemplar: Exemplar
    own: bool
    state: str


@dataclass(frozen=True, kw_only=True)
class Adding:
    """A clip that is being added to the library.

    Attributes:
        of_dive: key of the dive that it is of; None: of none in the session.
    """

    name: str
    of_dive: str | None = None
    progress: Progress | None = None
