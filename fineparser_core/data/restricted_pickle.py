"""Reading pickles as data: numpy arrays, numpy scalars and plain containers, and nothing that can act.

The public annotation files and weights are pickles, and a pickle is a program: it may name any function to call, and
build structures that take for ever to compare or fill all memory. Here only the instructions that these files need are
carried out, a bounded number of them. The few numpy names are answered by stand-ins that can only hold numbers and
text; every other name is refused. What is read is a tree of known types, of bounded depth and size, however often the
file names its parts.
"""

import io
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from fineparser_core.errors import AnnotationError, FineParserError
from fineparser_core.support.documents import reading
from fineparser_core.support.files import read_bounded

# Booleans, integers, floats, complex numbers, byte strings and text: no objects, no structures.
_PLAIN_DTYPE = re.compile(r"[<>|=]?(b1|i[1248]|u[1248]|f[248]|c8|c16|[SU][1-9]\d{0,5})")
_MOST_BYTES = 500_000_000
# Ten times as many as in the largest of FineDiving's files.
_MOST_INSTRUCTIONS = 3_000_000
# Maximum size of text and arrays that a file refers to again instead of repeating them.
_MOST_COPIED_BYTES = 100_000_000
_DEEPEST = 16
_MOST_BITS = 64
_PLAIN = (str, bytes, bool, int, float, type(None), np.generic)


def load_pickle(path: Path) -> Any:
    """Read a pickle of plain containers and numpy arrays.

    Raises:
        AnnotationError: the file is missing, damaged, or holds something that is neither; the text names file and
            class.
    """
    with reading(lambda reason: AnnotationError(f"{path} cannot be read ({reason}): check the path.")):
        data = read_bounded(path, _MOST_BYTES)
    return parse_pickle(data, path)


def parse_pickle(data: bytes, path: Path, *, error: type[FineParserError] = AnnotationError) -> Any:
    """Read a pickle like `load_pickle`, from bytes in memory; `path` names their origin in the error."""
    unpickler = _RestrictedUnpickler(data)
    try:
        return _checked(unpickler.load(), len(data))
    except _Refused as failure:
        raise error(
            f"{path} holds {failure}, and only numbers, text, containers and numpy arrays are admitted: the file is "
            "not what it says, get it again from its publisher."
        ) from None
    except Exception as failure:  # A damaged pickle raises nearly anything: its bytes are instructions.
        raise error(
            f"{path} is damaged or not a pickle ({len(data):,} bytes read): get it again from its publisher."
        ) from failure


class _Refused(Exception):
    """Refusal of a name that no annotation file needs; the text is the name."""


class _Table(dict[int, Callable[[Any], None]]):
    """The instructions that are carried out, of which so many are."""

    left = _MOST_INSTRUCTIONS

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        self.left -= 1
        if self.left < 0:
            raise _Refused(f"more than {_MOST_INSTRUCTIONS:,} instructions")
        return super().__getitem__(code)


class _RestrictedUnpickler(pickle._Unpickler):
    """Python's own, with the instructions below alone; those that could be abused look at what they are given."""

    memo: dict[int, Any]
    stack: list[Any]
    read: Callable[[int], bytes]
    readline: Callable[[], bytes]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._size, self._copied = len(data), 0
        self.dispatch = _Table(_INSTRUCTIONS)  # type: ignore[misc]

    def find_class(self, module: str, name: str) -> Any:
        known = _NAMES.get(f"{module.replace('numpy._core', 'numpy.core')}.{name}")
        if known is None:
            raise _Refused(repr(f"{module[:100]}.{name[:100]}"))
        return known

    def load_setitems(self) -> None:
        pairs = _pairs(self.pop_mark())
        self._top(dict).update(pairs)

    def load_setitem(self) -> None:
        pairs = _pairs([self.stack.pop(-2), self.stack.pop()])
        self._top(dict).update(pairs)

    def load_dict(self) -> None:
        pairs = _pairs(self.pop_mark())  # which changes the stack
        self.stack.append(pairs)

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self._top(FunctionType)(*arguments)
        self._count_copy()

    def load_build(self) -> None:
        state = self.stack.pop()
        self._top(_DType | _Array).fill(state)
        self._count_copy()

    def _count_copy(self) -> None:
        """Count the bytes that arrays and scalars copy, and bound them; in the file many may share the same bytes."""
        self._copied += _n_bytes(self.stack[-1])
        if self._copied > self._size + _MOST_COPIED_BYTES:
            raise _Refused(f"more than {_MOST_COPIED_BYTES // 1_000_000} MB of copies")

    def load_bytearray8(self) -> None:
        length = int.from_bytes(self.read(8), "little")
        if length > self._size:  # before so much is allocated
            raise EOFError
        self.stack.append(bytes(self.read(length)))

    def _top(self, kind: Any) -> Any:
        top = self.stack[-1]
        if not isinstance(top, kind):
            raise _Refused(f"an instruction that does not fit a {type(top).__name__.strip('_')}")
        return top


_NEEDED = """
    PROTO FRAME STOP MARK PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE
    BUILD NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING
    SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS
"""
_INSTRUCTIONS = {
    code: getattr(_RestrictedUnpickler, function.__name__)
    for code, function in pickle._Unpickler.dispatch.items()
    if code in {getattr(pickle, name)[0] for name in _NEEDED.split()}
}


def _n_bytes(value: Any) -> int:
    if isinstance(value, np.ndarray | np.generic):
        return value.nbytes
    return len(value) if isinstance(value, str | bytes) else 8


def _pairs(items: list[Any]) -> dict[Any, Any]:
    """Build a dictionary of keys and values in turn.

    A key must be plain or a flat tuple, as hashing can hang or crash.
    """
    for key in items[::2]:
        if not all(isinstance(part, _PLAIN) for part in (key if isinstance(key, tuple) else (key,))):
            raise _Refused(f"a {type(key).__name__.strip('_')} as a key")
    return dict(zip(items[::2], items[1::2], strict=True))


def _checked(tree: Any, n_bytes: int) -> Any:
    """Check that a tree has only plain values, arrays and containers, and is bounded in depth and size, and return it.

    Each part counts as often as it is named; the bound on size grows with the file's.
    """
    level, n_values, left = [tree], 0, n_bytes + _MOST_COPIED_BYTES
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list | tuple):
                below += value
            elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
                raise _Refused(f"a number of {value.bit_length():,} bits")
            elif not isinstance(value, _PLAIN) and not isinstance(value, np.ndarray):
                raise _Refused(f"a {type(value).__name__.strip('_')}")
            left -= _n_bytes(value)
            if left < 0 or n_values + len(below) > _MOST_INSTRUCTIONS:
                raise _Refused("the same parts again and again")
        n_values += len(below)
        level = below
    if level:
        raise _Refused("containers within containers without end")
    return tree


class _DType:
    """Stand-in for `numpy.dtype` that keeps only the plain type and its byte order."""

    def __init__(self, code: str) -> None:
        if not _PLAIN_DTYPE.fullmatch(code):
            raise _Refused(f"the type {code[:100]!r}")
        self.value = np.dtype(code)

    def fill(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.value = self.value.newbyteorder(state[1])


class _Array(np.ndarray):
    """An array that fills itself from plain bytes; numpy's own way also takes objects."""

    def fill(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran_order, raw = state
        if not isinstance(raw, bytes):
            raise TypeError
        self.__setstate__((1, shape, dtype.value, bool(fortran_order), raw))  # type: ignore[arg-type]


#: Values of the names in a file; none of them can be changed by a file.
_NAMES = {
    "numpy.ndarray": "ndarray",  # only ever an argument of `_reconstruct`, which does not look at it
    "numpy.dtype": lambda code, *flags: _DType(code),
    "numpy.core.multiarray._reconstruct": lambda *arguments: np.empty(0).view(_Array),
    "numpy.core.multiarray.scalar": lambda dtype, raw: np.frombuffer(raw, dtype.value, count=1)[0],
    "numpy.core.numeric._frombuffer": lambda raw, dtype, shape, order: np.frombuffer(raw, dtype.value).reshape(
        shape, order=order
    ),
}
