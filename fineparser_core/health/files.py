"""Whether weights and exemplars are whole, and whether there is room on the disk."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.library_file import damage_of
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore

_CARD_NAME = "card.json"
#: Less is said to be little: an exported clip and the analyses of an evening take about this.
LEAST_FREE_BYTES = 500_000_000


def weights_problem(folder: Path) -> str:
    """What is wrong with a folder of weights, as one sentence; "" where every file has its checksum."""
    again = "Install the app again, or fetch the weights again."
    try:
        shards = json.loads((folder / _CARD_NAME).read_text(encoding="utf-8"))["shards"]
        for name, expected in shards.items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    return f"{folder / name} is damaged (its checksum differs from the card). {again}"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror}). {again}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{folder / _CARD_NAME} is damaged. {again}"
    return ""


def library_state(path: Path) -> tuple[str, str]:
    """How many exemplars a library has, and what is wrong with it as one sentence or "".

    Args:
        path: of the SQLite file; nothing is written.
    """
    try:
        damage = damage_of(path, "?mode=ro&immutable=1")
        if not damage:
            with ExemplarStore.open(path) as store:
                return f"{len(store.exemplars())} exemplars", ""
    except sqlite3.Error as error:
        damage = str(error)
    except FineParserError as error:
        return "", str(error)
    return "", f"{path} is damaged ({damage}). Start the app, which restores its backup, or install it again."


def own_library(folder: Path) -> Path | None:
    """The coach's own library in a folder; None where there is none yet."""
    path = folder / FILE_NAME
    return path if path.is_file() else None


def free_bytes(folder: Path) -> int | None:
    """Room on the disk of a folder, which may not exist yet; None where that cannot be told."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None
