"""NPZ archives: untrusted arrays, never allocated by the file's own word, and records whose arrays are read late."""

import json
import math
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.documents import reading
from fineparser_core.support.files import parse_json

_FIELDS = "fields"
_MOST_FIELD_BYTES = 20_000_000
_MOST_ARRAY_BYTES = 50_000_000
_MOST_ARRAYS = 100
_MOST_HEADER_BYTES = 4096
#: Exceptions of `read_array`, and of opening an archive, for files that cannot be read.
DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile, zlib.error)


def read_array(archive: ZipFile, name: str, most_bytes: int, *, kinds: str = "biuf") -> np.ndarray:
    """Read a constant array of numbers of an archive that `np.savez` or `np.savez_compressed` wrote.

    Args:
        most_bytes: of its content.
        kinds: letters of the types of numpy that it may have; "U" is words.

    Raises:
        One of `DAMAGE`: there is none of that name, it is larger, or its header does not fit its content.
    """
    with archive.open(f"{name}.npy") as member:
        content = member.read(most_bytes + _MOST_HEADER_BYTES)
    header = BytesIO(content)
    try:
        version = np.lib.format.read_magic(header)
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(header, max_header_size=_MOST_HEADER_BYTES)
    except Exception as error:  # it is read as Python is, and fails in as many ways
        raise ValueError(f"{name} is not an array") from error
    if version != (1, 0) or by_columns or dtype.kind not in kinds:
        raise ValueError(f"{name} is not an array of {'words' if kinds == 'U' else 'numbers'}, row by row")
    found = memoryview(content)[header.tell() :]
    if len(found) != math.prod(shape) * dtype.itemsize or len(found) > most_bytes:
        raise ValueError(f"{name} of {shape} has {len(found)} bytes")
    return np.frombuffer(found, dtype).reshape(shape)


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
