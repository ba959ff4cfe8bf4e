"""Arrays of a stranger's NPZ archive: nothing is allocated by what the file says of itself."""

import math
import zlib
from io import BytesIO
from zipfile import BadZipFile, ZipFile

import numpy as np

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
