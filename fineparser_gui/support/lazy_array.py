"""An array that is read from disk when it is first used."""

import logging
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from fineparser_core.errors import ExportError

log = logging.getLogger(__name__)


class LazyArray:
    """Array of known shape and type that is read when it is used.

    The masks of a hundred dives take 240 MB, and few of them are shown.

    Args:
        read: returns the array; where it fails, the array is all zeros.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type[np.generic], read: Callable[[], np.ndarray]) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._read = read

    @cached_property
    def _array(self) -> np.ndarray:
        try:
            found = self._read()
            if (found.shape, found.dtype) == (self.shape, self.dtype):
                return found
            log.warning("an array of %s %s was kept where %s belongs", found.shape, found.dtype, self.shape)
        except ExportError as error:
            log.warning("%s", error)
        return np.zeros(self.shape, self.dtype)

    def __getitem__(self, index: Any) -> Any:
        return self._array[index]

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype=dtype, copy=copy) if copy else np.asarray(self._array, dtype=dtype)

    def astype(self, dtype: Any) -> np.ndarray:
        """Return the array in another type."""
        return self._array.astype(dtype)
