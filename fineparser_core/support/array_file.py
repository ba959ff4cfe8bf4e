"""Records with arrays in an NPZ archive: the fields as JSON, each array read on demand."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.documents import reading
from fineparser_core.support.files import parse_json
from fineparser_core.support.npz import DAMAGE, read_array

_FIELDS = "fields"
_MOST_FIELD_BYTES = 20_000_000
_MOST_ARRAY_BYTES = 50_000_000
_MOST_ARRAYS = 100


def write_array_file(path: Path, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a record, whole or not at all.

    Args:
        fields: of plain JSON types.
        arrays: of numbers.

    Raises:
        ExportError: the file cannot be written.
    """
    text = np.frombuffer(json.dumps(fields, allow_nan=False).encode("utf-8", "surrogatepass"), np.uint8)
    stored = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **{_FIELDS: text}, **stored)  # type: ignore[arg-type]


def read_array_file(path: Path, names: Collection[str] | None = None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_array_file` wrote: the fields, and arrays that cannot be changed.

    Args:
        names: of the arrays; those that the file lacks are left out. None: all of them.

    Raises:
        ExportError: missing, damaged, or another file.
    """
    with _opened(path) as archive:
        fields = parse_json(read_array(archive, _FIELDS, _MOST_FIELD_BYTES).tobytes())
        if not isinstance(fields, dict):
            raise ValueError("it holds no record")
        return fields, _arrays(archive, names)


def read_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    """Return the arrays of `read_array_file`, where the fields are known already.

    Raises:
        ExportError: missing, damaged, or another file.
    """
    with _opened(path) as archive:
        return _arrays(archive, names)


def _arrays(archive: ZipFile, names: Collection[str] | None) -> dict[str, np.ndarray]:
    stored = [name.removesuffix(".npy") for name in archive.namelist()]
    if len(stored) > _MOST_ARRAYS:
        raise ValueError(f"it holds {len(stored)} arrays")
    wanted = [name for name in stored if name != _FIELDS and (names is None or name in names)]
    return {name: read_array(archive, name, _MOST_ARRAY_BYTES) for name in wanted}


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """Yield the archive; whatever damage is found in it is an `ExportError`."""

    def refuse(reason: str) -> ExportError:
        return ExportError("{0} is not a readable record ({1}): make it again.", path, reason)

    with reading(refuse, *DAMAGE), path.open("rb") as file, ZipFile(file) as archive:
        yield archive
