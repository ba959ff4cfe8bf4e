"""Table of rendered exemplars beside their clips, which names each fact once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fineparser_core.resources import resource
from fineparser_core.support.atomic import write_whole

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
