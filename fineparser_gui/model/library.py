"""Exemplars as the app shows them."""

from dataclasses import dataclass

from fineparser_core.exemplars.facts import ExemplarFacts
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


def facts_of(exemplar: Exemplar) -> ExemplarFacts:
    """The facts that a person entered for an exemplar."""
    return ExemplarFacts(**{name: getattr(exemplar, name) for name in ExemplarFacts.__dataclass_fields__})
