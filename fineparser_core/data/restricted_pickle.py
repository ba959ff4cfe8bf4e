"""Reading pickles as data: numpy arrays, numpy scalars and plain containers, and nothing that can act.

The public annotation files and weights are pickles, and a pickle may name any function to call. Here the few
numpy names that such files need are answered by stand-ins that can only hold numbers and text; every other
name is refused. The stand-ins are made anew for every look-up, so a file cannot change them for the next one.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.errors import AnnotationError, FineParserError

# Booleans, integers, floats, complex numbers, byte strings and text: no objects, no structures.
_PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|i[1248]|u[1248]|f[248]|c8|c16|[SU]\d+)")


def load_pickle(path: Path, *, error: type[FineParserError] = AnnotationError) -> Any:
    """Reads a pickle of plain containers and numpy arrays.

    Raises:
        error: the file is missing, damaged, or holds a class that is neither; the text names file and class.
    """
    try:
        data = path.read_bytes()
    except OSError as failure:
        raise error(f"{path} cannot be read ({failure.strerror}): check the path.") from failure
    return parse_pickle(data, path, error=error)


def parse_pickle(data: bytes, path: Path, *, error: type[FineParserError] = AnnotationError) -> Any:
    """Like `load_pickle`, from bytes in memory; `path` says in the error where they came from."""
    unpickler = _RestrictedUnpickler(io.BytesIO(data))
    try:
        _check_memo(data)
        return unpickler.load()
    except Exception as failure:  # A damaged pickle raises nearly anything: its bytes are instructions.
        if unpickler.refused is not None:
            raise error(
                f"{path} holds '{unpickler.refused}', and only numbers, text, containers and numpy arrays are "
                "admitted: the file is not what it says, get it again from its publisher."
            ) from failure
        raise error(
            f"{path} is damaged or not a pickle ({len(data):,} bytes read): get it again from its publisher."
        ) from failure


def _check_memo(data: bytes) -> None:
    # The memo is a list that grows to the index asked for: a damaged index could ask for all memory.
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if opcode.name in ("PUT", "LONG_BINPUT") and isinstance(argument, int) and argument > count:
            raise pickle.UnpicklingError(f"memo {argument}")


class _RestrictedUnpickler(pickle.Unpickler):
    refused: str | None = None

    def find_class(self, module: str, name: str) -> Any:
        stand_in = _stand_in(module.replace("numpy._core", "numpy.core"), name)
        if stand_in is None:
            self.refused = f"{module}.{name}"
            raise pickle.UnpicklingError(self.refused)
        return stand_in


def _stand_in(module: str, name: str) -> str | Callable[..., Any] | None:
    match module, name:
        case "numpy", "ndarray":
            return "ndarray"  # Only ever an argument of `_reconstruct`, which does not look at it.
        case "numpy", "dtype":
            return lambda *args: _DType(*args)
        case "numpy.core.multiarray", "_reconstruct":
            return lambda *args: np.empty(0).view(_Array)
        case "numpy.core.multiarray", "scalar":
            return lambda dtype, raw: np.frombuffer(raw, dtype.value, count=1)[0]
        case "numpy.core.numeric", "_frombuffer":
            return lambda raw, dtype, shape, order: np.frombuffer(raw, dtype.value).reshape(shape, order=order)
        case _:
            return None


class _DType:
    """Stand-in for `numpy.dtype` that keeps only the plain type and its byte order."""

    def __init__(self, code: str, *flags: object) -> None:
        if not _PLAIN_DTYPE.fullmatch(code):
            raise pickle.UnpicklingError(f"dtype {code}")
        self.value = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.value = self.value.newbyteorder(state[1])


class _Array(np.ndarray):
    """An array that fills itself from plain bytes; numpy's own way also takes objects."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran_order, raw = state
        super().__setstate__((1, shape, dtype.value, bool(fortran_order), bytes(raw)))  # type: ignore[arg-type]
