"""A dive that was caught, and its line in the file that a watch writes; loads nothing, as windows read it as well."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fineparser_core.language import Phrase

#: Names in the folder of a watch: the recording, and the file with a line for each dive.
RECORDING, DIVES_FILE = "recording", "dives.jsonl"
#: Beginning of the lines in which a watch says what it has missed.
WARNING = "warning: "


@dataclass(frozen=True)
class CaughtClip:
    """A clip of a stream.

    Attributes:
        clip: the file.
        at_s: when it began, on the clock of `now_s`; of its first picture, that of the key frame before.
        leaves_s, touches_s: about when the diver left the board and touched the water, seconds into the file; None for
            a clip that was taken by hand.
        instead_of: clip of a dive that this dive replaces.
    """

    clip: Path
    at_s: float
    leaves_s: float | None = None
    touches_s: float | None = None
    instead_of: Path | None = None


def unsearched(seconds: float) -> Phrase:
    """Return what is said of a part of the stream in which no dives were looked for."""
    return Phrase("Computer too slow: {0} s not searched.", max(round(seconds), 1))


def caught_fields(caught: CaughtClip, name: str) -> dict[str, object]:
    """Return the fields of a line for a clip of that name."""
    return {
        "clip": name,
        "began": datetime.fromtimestamp(caught.at_s).astimezone().isoformat(timespec="milliseconds"),
        "leaves_s": caught.leaves_s,
        "touches_s": caught.touches_s,
        "instead_of": None if caught.instead_of is None else caught.instead_of.name,
    }


def read_caught(line: bytes, path_of: Callable[[str], Path]) -> CaughtClip:
    """Parse the clip of a line.

    Args:
        path_of: path of the clip with a name.

    Raises:
        ValueError, KeyError, TypeError: it is no line of a clip.
    """
    fields = json.loads(line)
    leaves_s, touches_s = (None if fields[one] is None else float(fields[one]) for one in ("leaves_s", "touches_s"))
    instead_of = path_of(str(fields["instead_of"])) if fields["instead_of"] else None
    at_s = datetime.fromisoformat(fields["began"]).timestamp()
    return CaughtClip(path_of(str(fields["clip"])), at_s, leaves_s, touches_s, instead_of)
