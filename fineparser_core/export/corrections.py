"""Exports a coach's corrected moments as labels, in the layout of FineDiving's fine-grained annotation.

The pickle is a dict of (event, index) -> [dive number in lower case, score, DD, transitions, label of every frame].
Frames count from the first frame of the clip; a stored transition is the last frame of the old step. The event names
the board ("corrected_10m"), as in FineDiving. The score is NaN, because no judge scored these dives. The frame labels
are the indices 0, 1, 2 of the three steps, not FineDiving's sub-action ids.

NAME.provenance.json beside NAME.pkl holds the provenance of every record, in the format "fineparser.corrections/2",
and the first contact with the water, which FineDiving does not have: null where no person placed it.
Dives that cannot be exported are skipped and reported.
"""

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core import __version__
from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.difficulty import Difficulty, find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.export.analysis_json import readable_json
from fineparser_core.language import Phrase, together
from fineparser_core.records import DiveParse
from fineparser_core.support.atomic import write_whole

FORMAT = "fineparser.corrections/2"


@dataclass(frozen=True, kw_only=True)
class CorrectedDive:
    """A dive with corrected transitions.

    Attributes:
        model_parse: the parse of the model, before the correction.
        transitions: corrected first frames of flight and entry, frames of the source file.
        contact_frame: corrected first contact with the water; None where no person placed it.
    """

    model_parse: DiveParse
    transitions: tuple[int, int]
    details: DiveDetails
    contact_frame: int | None = None


def label_error(dive: CorrectedDive) -> str | None:
    """Return why a dive cannot be exported, a sentence for the user; None if it can."""
    try:
        _difficulty(dive)
        _check_transitions(dive)
    except (ConfigError, ExportError) as error:
        return error.phrase
    return None


def write_corrections(dives: Sequence[CorrectedDive], path: Path) -> tuple[str, ...]:
    """Write the annotation pickle to `path` and the provenance beside it, both atomically.

    Returns:
        Sentences for the user: the number of exported dives, and the reasons of skipped dives.

    Raises:
        ExportError: no dive can be exported, or a file cannot be written.
    """
    skipped = _skipped_dives(dives)
    dives = [dive for dive in dives if label_error(dive) is None]
    if not dives:
        nothing = Phrase("No corrected dive can be exported as a label: there is nothing to export.")
        raise ExportError(together([nothing, *skipped]))
    if path.suffix != ".pkl":
        raise ExportError("{0} would hold a pickle: choose a name that ends in .pkl.", path)
    records: dict[tuple[str, int], list[Any]] = {}
    provenance = []
    indices: Counter[str] = Counter()
    for dive in dives:
        event = f"corrected_{dive.details.board_m:g}m" if dive.details.board_m is not None else "corrected"
        indices[event] += 1
        key = (event, indices[event])
        difficulty = _difficulty(dive)
        records[key] = _record(dive, difficulty.value)
        known = {"dive_number": dive.details.dive_number, "difficulty": difficulty.value}
        provenance.append(_provenance(key, dive) | known | {"difficulty_source": difficulty.source})
    content = {
        "format": FORMAT,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"fineparser": __version__},
        "dive_score": "NaN: no judge scored these dives",
        "frames_labels": "0, 1, 2: take-off, flight, entry; not FineDiving's sub-action types",
        "dives": provenance,
    }
    write_whole(path, pickle.dumps(records, protocol=4))
    write_whole(provenance_path(path), readable_json(content))
    return (Phrase("Dives with labels: {0}.", len(dives)), *skipped)


def provenance_path(path: Path) -> Path:
    """Return the provenance file of an annotation pickle."""
    return path.with_name(f"{path.stem}.provenance.json")


def _skipped_dives(dives: Sequence[CorrectedDive]) -> list[str]:
    """Return a sentence for each reason, with the dives that are skipped for it."""
    names: dict[str, list[str]] = {}
    for dive in dives:
        if (reason := label_error(dive)) is not None:
            clip = dive.model_parse.clip
            from_frame = f" from frame {clip.in_frame}" if clip.in_frame else ""  # files can hold many dives
            names.setdefault(reason, []).append(f"{clip.path.name}{from_frame}")
    return [Phrase("Skipped: {0}. {1}", ", ".join(several), reason) for reason, several in names.items()]


def _difficulty(dive: CorrectedDive) -> Difficulty:
    if dive.details.dive_number is None:
        raise ConfigError("A label needs a dive number: type it in the dive's details.")
    return find_difficulty(parse_dive_number(dive.details.dive_number), dive.details.board_m, dive.details.difficulty)


def _check_transitions(dive: CorrectedDive) -> None:
    clip, (flight, entry) = dive.model_parse.clip, dive.transitions
    if not clip.in_frame < flight < entry <= clip.out_frame:
        values = (flight, entry, clip.path, clip.in_frame, clip.out_frame)
        raise ExportError(
            "The transitions {0} and {1} of {2} lie outside its frames {3} to {4}: correct them again.", *values
        )
    if dive.contact_frame is not None and not entry <= dive.contact_frame <= clip.out_frame:
        contact = (dive.contact_frame, clip.path, entry, clip.out_frame)
        raise ExportError(
            "The first contact with the water at frame {0} of {1} lies outside frames "
            "{2} (its entry) to {3}: correct it again.",
            *contact,
        )


def _record(dive: CorrectedDive, difficulty: float) -> list[Any]:
    assert dive.details.dive_number is not None
    clip, (flight, entry) = dive.model_parse.clip, dive.transitions
    lengths = (flight - clip.in_frame, entry - flight, clip.out_frame + 1 - entry)
    labels = np.repeat(np.arange(3, dtype=np.int64), lengths)
    stored = np.array([flight, entry], np.int64) - clip.in_frame - 1
    return [dive.details.dive_number.lower(), float("nan"), difficulty, stored, labels]


def _provenance(key: tuple[str, int], dive: CorrectedDive) -> dict[str, Any]:
    clip, own = dive.model_parse.clip, dive.model_parse.transitions
    return {
        "event": key[0],
        "index": key[1],
        "path": str(clip.path),
        "start_frame": clip.in_frame,
        "end_frame": clip.out_frame,
        "fps": clip.fps,
        "board_m": dive.details.board_m,
        "first_flight_frame": dive.transitions[0],
        "first_entry_frame": dive.transitions[1],
        "first_water_contact_frame": dive.contact_frame,
        "set_by": "person",
        "predicted": {
            "first_flight_frame": own.first_flight_frame,
            "first_entry_frame": own.first_entry_frame,
            "first_water_contact_frame": dive.model_parse.first_water_contact_frame,
        },
        "model": asdict(dive.model_parse.model),
    }
