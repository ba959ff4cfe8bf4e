"""The protocol of an evaluation: preprocessing, decoding and the choice of exemplars."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What an evaluation holds fixed; a weights card records the one that its numbers were measured by.

    Attributes:
        preprocessing, decoding: as a weights card names them.
        pairing: what an exemplar shares with its query, see `data.exemplars`.
        exemplars: E, voters a dive.
        seed: of the draw of exemplars.
    """

    preprocessing: str
    decoding: str
    pairing: str = "dive-number"
    exemplars: int = 10
    seed: int = 0
