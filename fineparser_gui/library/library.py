"""Exemplars as the app shows them."""

from dataclasses import dataclass

from fineparser_core.exemplars.records import Exemplar


@dataclass(frozen=True, kw_only=True)
class LibraryEntry:
    """An exemplar, whether it is the coach's own, and whether it is encoded for the loaded weights.

    Attributes:
        state: "ready", "waiting" for its encoding, or "no clip".
    """

    exemplar: Exemplar
    own: bool
    state: str
