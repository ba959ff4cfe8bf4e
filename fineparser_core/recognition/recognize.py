"""Which dive a clip shows, by the body's path, turning and posture."""

from fineparser_core.types import DiveParse, Recognition


def recognize(parse: DiveParse) -> Recognition | None:
    """Recognize the dive of a parse; None where too little of the body or its fall was seen."""
    return None
