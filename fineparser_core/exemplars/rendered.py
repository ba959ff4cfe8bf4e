"""Facts of rendered exemplars: a table beside their clips that names each fact once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fineparser_core.resources import resource
from fineparser_core.support.atomic import atomic_file

#: Name of the table in a folder of rendered dives.
FACTS_FILE = "dives.json"


def rendered_facts(folder: Path | None = None) -> list[dict[str, Any]]:
    """What is known of each dive: `id`, `dive_number`, `board_m`, `score`, frames, and `qualities` of its phases.

    Args:
        folder: of clips with their table; by default the bundled exemplars.
    """
    table = json.loads(((folder or resource("exemplars")) / FACTS_FILE).read_text(encoding="utf-8"))
    return [dict(zip(table["facts"], row, strict=True)) for row in table["dives"]]


def write_facts(folder: Path, facts: Sequence[dict[str, Any]]) -> None:
    """Writes the table; every dive has the same facts."""
    names = list(facts[0])
    lines = ",\n".join(json.dumps([fact[name] for name in names], separators=(",", ":")) for fact in facts)
    with atomic_file(folder / FACTS_FILE) as temporary:
        temporary.write_text(f'{{\n"facts":{json.dumps(names)},\n"dives":[\n{lines}\n]\n}}\n', encoding="utf-8")
