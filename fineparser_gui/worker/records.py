"""Records of results: the form in which worker, window and cache exchange them.

The fields are the documented JSON of an analysis, the arrays those of a masks file and of an encoding.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES, MASK_SIZE, N_SAMPLES
from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict
from fineparser_core.records import Analysis, ClipEncoding, DiveParse, MaskTrack
from fineparser_core.support.array_file import read_arrays
from fineparser_core.support.codec import from_json

Record = tuple[dict[str, Any], dict[str, np.ndarray]]

_MASKS = "mask_probability"
_SHAPES = {
    "sampled_frames": ((N_SAMPLES,), np.int64),
    _MASKS: ((N_SAMPLES, MASK_SIZE, MASK_SIZE), np.float16),
    "crop_xyxy": ((N_SAMPLES, 4), np.float32),
    "joints": ((N_SAMPLES, len(KEYPOINT_NAMES), 3), np.float32),
}
_ENCODING = "encoding."
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


def parse_record(parse: DiveParse, encoding: ClipEncoding | None) -> Record:
    """Return the record of a parse, with all fields of `MaskTrack` and `ClipEncoding`."""
    arrays = {name: array for name in _SHAPES if (array := getattr(parse, name)) is not None}
    if encoding is not None:
        arrays |= {f"{_ENCODING}{one.name}": np.asarray(getattr(encoding, one.name)) for one in fields(encoding)}
    analysis = Analysis(parse=parse, scoring=None, measures=())  # of the parse alone: measured when it is scored
    return {"analysis": analysis_to_dict(analysis)}, arrays


def read_parse(record: Record) -> tuple[DiveParse, ClipEncoding]:
    """Return the parse and the encoding of a record, the inverse of `parse_record`.

    Raises:
        ExportError: the record is incomplete, or of another format.
    """
    content, arrays = record
    parse = analysis_from_dict(content.get("analysis", {}), _masks(arrays)).parse
    found: dict[str, Any] = {
        name.removeprefix(_ENCODING): array for name, array in arrays.items() if name.startswith(_ENCODING)
    }
    try:
        samples = found["transition_samples"].tolist()
        return parse, from_json(found | {"transition_samples": samples}, ClipEncoding)
    except (KeyError, ValueError) as error:
        raise ExportError("An encoding is not complete ({0}): analyse the clip again.", error) from error


def read_analysis(analysis: Mapping[str, Any], path: Path) -> Analysis:
    """Return an analysis whose arrays lie in a record; the masks are read when they are used.

    Raises:
        ExportError: the file is missing, damaged, or of another clip.
    """
    arrays = read_arrays(path, [name for name in _SHAPES if name != _MASKS])
    masks = LazyArray(_SHAPES[_MASKS][0], np.float16, lambda: read_arrays(path, [_MASKS])[_MASKS])
    return analysis_from_dict(analysis, _masks(arrays | {_MASKS: cast(np.ndarray, masks)}))


def _masks(arrays: Mapping[str, np.ndarray]) -> MaskTrack:
    """Return the masks. Raises: ExportError if an array is missing or has another shape."""
    known = {name: arrays[name] for name in _SHAPES if name in arrays}
    for name, array in known.items():
        if (array.shape, array.dtype) != _SHAPES[name]:
            raise ExportError("{0} is of {1} {2}: analyse the clip again.", name, array.shape, array.dtype)
    try:
        return MaskTrack(**known)
    except TypeError as error:
        raise ExportError("Masks are not complete ({0}): analyse the clip again.", error) from error
