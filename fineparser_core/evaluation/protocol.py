"""How dives are looked at and whom they are compared with."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a measurement holds fixed.

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
