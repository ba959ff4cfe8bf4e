"""Dives that can be compared."""

from dataclasses import dataclass, field

#: Dives that are shown at once.
MOST_COMPARED = 4


@dataclass(frozen=True, kw_only=True)
class ComparableDive:
    """A dive that can be shown beside others. Exactly one of the ids is given; only the ids are compared.

    Attributes:
        name: who, what and when; the title adds the points.
    """

    name: str = field(compare=False)
    title: str = field(compare=False)
    exemplar_id: str | None = None
    key: str | None = None
    history_id: int | None = None
