"""Records of an exemplar: its facts, the dive with its score, its encoding; and the table of rendered exemplars."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import BOARDS_M, LONGEST_NAME
from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import Phrase
from fineparser_core.printable import printable
from fineparser_core.records import ComparedDive, MaskTrack, step_spans
from fineparser_core.resources import resource
from fineparser_core.support.atomic import write_whole

#: Three awards of ten each are multiplied by the DD.
_BEST_AWARDS = 30.0
#: No dive of the tables is harder; where the DD is unknown, the score is checked against this DD.
_HARDEST_DD = 6.0
MOST_POINTS = _BEST_AWARDS * _HARDEST_DD


@dataclass(frozen=True, kw_only=True)
class ExemplarFacts:
    """Facts of an exemplar that every later score rests on.

    Attributes:
        diver: name of the diver, "" where it is not known.
        dived_on: day of the dive as YYYY-MM-DD; None where it is not known.
        synchro: two divers at once; compared with other dives of two alone.
    """

    dive_number: str
    board_m: float | None
    score: float
    diver: str = ""
    dived_on: str | None = None
    synchro: bool = False


def check_facts(facts: ExemplarFacts) -> ExemplarFacts:
    """Return the facts with number, name and day in their usual form.

    Raises:
        ConfigError: a number, a board, a score or a day that cannot be, or that is missing.
    """
    dive = parse_dive_number(facts.dive_number)
    if facts.board_m not in BOARDS_M:
        boards = ", ".join(f"{board:g}" for board in BOARDS_M)
        found = "no board" if facts.board_m is None else f"a board of {facts.board_m:g} m"
        raise ConfigError("An exemplar needs its board, found {0}: choose one of {1} m.", found, boards)
    try:
        difficulty = find_difficulty(dive, facts.board_m).value
        most = _BEST_AWARDS * difficulty
        limit = Phrase("{0} from {1:g} m has a DD of {2:g}, so at most {3:g}", dive, facts.board_m, difficulty, most)
    except ConfigError:
        if dive.armstand and facts.board_m < 5:
            raise
        difficulty = _HARDEST_DD
        limit = Phrase("no dive is given more than {0:g}", MOST_POINTS)
    if not isfinite(facts.score) or not 0 <= facts.score <= _BEST_AWARDS * difficulty:
        raise ConfigError("A score of {0:g} cannot be: {1}; give the official score of this dive.", facts.score, limit)
    name = "".join(letter for letter in " ".join(facts.diver.split()) if printable(letter) == letter)
    if len(name) > LONGEST_NAME:
        raise ConfigError("The diver's name has {0} letters: give at most {1}.", len(name), LONGEST_NAME)
    return replace(facts, dive_number=str(dive), diver=name, dived_on=_day(facts.dived_on))


def _day(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ConfigError("'{0}' is not a day: write it as {1}, or leave it out.", text, "2026-05-31") from None


@dataclass(frozen=True, kw_only=True)
class Exemplar(ExemplarFacts):
    """A dive with a known score. Frames are of its clip; transitions are the first frame of the new step.

    Attributes:
        synthetic: rendered, not a real dive.
        corrected: a person placed the transitions, so that no model moves them.
        removed_at: when it was moved to the bin; None where it was not.
        clip_path: its video; the empty path for a judged dive whose video nobody may hand out.
    """

    id: str
    clip_path: Path
    in_frame: int
    out_frame: int
    first_flight_frame: int
    first_entry_frame: int
    synthetic: bool
    corrected: bool = False
    removed_at: str | None = None

    @property
    def facts(self) -> ExemplarFacts:
        """Facts that a person entered."""
        return ExemplarFacts(**{one.name: getattr(self, one.name) for one in fields(ExemplarFacts)})

    @property
    def removed(self) -> bool:
        """Whether it lies in the bin: no candidate, but restorable."""
        return self.removed_at is not None

    @property
    def has_clip(self) -> bool:
        """Whether it has a video to show."""
        return self.clip_path != Path()

    def compared(self, masks: MaskTrack | None) -> ComparedDive:
        """Return the record to show beside a dive, with masks if known; its title says whether it is rendered."""
        steps = step_spans(self.in_frame, self.first_flight_frame, self.first_entry_frame, self.out_frame + 1)
        who = f"{self.diver} · " if self.diver else ""
        title = f"{who}{self.id} · exemplar of {self.score:.1f} points{', rendered' if self.synthetic else ''}"
        return ComparedDive(path=self.clip_path, title=title, steps=steps, masks=masks)


@dataclass(frozen=True, kw_only=True)
class ExemplarEncoding:
    """Encoding for a comparison: gated (9, 1024) and static_tokens (3, 4, 64) float32, (st, ed) samples."""

    gated: np.ndarray = field(repr=False)
    static_tokens: np.ndarray = field(repr=False)
    transition_samples: tuple[int, int]


#: Name of the table in a folder of rendered dives.
FACTS_FILE = "dives.json"


def rendered_facts(folder: Path | None = None) -> list[dict[str, Any]]:
    """Read the facts of each dive: `id`, `dive_number`, `board_m`, `score`, frames, `qualities` and `measures`.

    Qualities are those of the phases, measures those of the rendered motion, by name.

    Args:
        folder: of clips with their table; by default the bundled exemplars.
    """
    table = json.loads(((folder or resource("exemplars")) / FACTS_FILE).read_text(encoding="utf-8"))
    found, prefix = [], table.get("prefix", "")
    for *facts, values in table["dives"]:
        measures = zip(table["measures"], values, strict=True)
        known = {name: value for name, value in measures if value is not None}
        named = dict(zip(table["facts"], facts, strict=True))
        found.append({**named, "id": prefix + named["id"], "measures": known})
    return found


def write_facts(folder: Path, dives: Sequence[dict[str, Any]]) -> None:
    """Write the table; every dive has the same facts, and some of the measures."""
    facts = [name for name in dives[0] if name != "measures"]
    measures = list(dict.fromkeys(name for dive in dives for name in dive["measures"]))
    prefix = os.path.commonprefix([dive["id"] for dive in dives])  # noqa: RUF071 (of names, not of paths)
    rows = [dive | {"id": dive["id"].removeprefix(prefix)} for dive in dives]
    lines = ",\n".join(
        json.dumps([*(row[name] for name in facts), list(map(row["measures"].get, measures))], separators=(",", ":"))
        for row in rows
    )
    heading = f'"prefix":"{prefix}",\n"facts":{json.dumps(facts)},\n"measures":{json.dumps(measures)}'
    write_whole(folder / FACTS_FILE, f'{{\n{heading},\n"dives":[\n{lines}\n]\n}}\n')
