"""Outcomes of dives, as data and in words."""

from typing import Literal

from fineparser_core.language import text

#: "balk": begun twice; "repeat": of the dive before; "failed": scores nothing; "": nothing to say.
DiveOutcome = Literal["", "balk", "repeat", "failed"]


def dive_outcome_text(outcome: DiveOutcome) -> str:
    """Return an outcome in the language of the process, or ""."""
    return {"balk": text("balk"), "repeat": text("repeat"), "failed": text("failed")}.get(outcome, "")
