"""Conversion of rows of a library to records and back. Rows are checked here alone; a record can be trusted.

Not even the types of a row are certain: a forged file holds anything in any column. Every reader of a row raises
ValueError with the reason that a person can read.
"""

import bz2
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from math import isfinite
from pathlib import Path

import numpy as np

from fineparser_core.constants import (
    BOARDS_M,
    FEATURE_SIZE,
    LONGEST_NAME,
    MASK_SIZE,
    N_SAMPLES,
    N_WINDOWS,
    STEP_NAMES,
    TOKEN_SIZE,
    TOKENS_PER_STEP,
)
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.records import MOST_POINTS, Exemplar, ExemplarEncoding
from fineparser_core.printable import printable
from fineparser_core.records import MaskTrack

_LONGEST_ID = 200
_LONGEST_PATH = 1000
_MOST_FRAMES = 2**31
# Features of real clips stay below 100.
_LARGEST_FEATURE = 1e4
_FARTHEST_PX = 1e6
# Masks are shown by their outline, where the probability passes a half: finer levels than these move it by a
# twentieth of a cell, and take twice the space.
_MASK_EDGES = (0.35, 0.5, 0.65)
_MASK_LEVELS = np.array([0, 108, 147, 255], np.uint8)
_PROBABILITIES = (np.arange(256) / np.float32(255)).astype(np.float16)


def read_exemplar(row: Mapping[str, object], folder: Path, real_folder: str) -> Exemplar:
    """Return the row of a table `exemplar`.

    Args:
        row: by the columns of the table.
        folder: of the library.
        real_folder: the same without links, once for many rows.
    """
    number = _text(row, "dive_number", 8)
    try:
        if str(parse_dive_number(number)) != number:
            raise ValueError(f"its dive number is {number!r}")
    except ConfigError as error:
        raise ValueError(f"its dive number: {error}".rstrip(".")) from None
    board_m, score = row["board_m"], row["score"]
    if board_m is not None and board_m not in BOARDS_M:
        raise ValueError(f"its board_m is {board_m!r:.40}")
    if not isinstance(score, float) or not isfinite(score) or not 0 <= score <= MOST_POINTS:
        raise ValueError(f"its score is {score!r:.40}")
    names = ("in_frame", "first_flight_frame", "first_entry_frame", "out_frame")
    frames = [_whole(row, name, _MOST_FRAMES) for name in names]
    if frames != sorted(frames):
        raise ValueError(f"its frames {frames} are not in order")
    day = None if row["dived_on"] is None else _text(row, "dived_on", 10)
    if day is not None and date.fromisoformat(day).isoformat() != day:
        raise ValueError(f"its day is {day!r}")
    return Exemplar(
        id=_text(row, "id", _LONGEST_ID, least=1),
        dive_number=number,
        board_m=board_m,
        score=score,
        clip_path=_inside(folder, real_folder, _text(row, "clip", _LONGEST_PATH, least=1)),
        **dict(zip(names, frames, strict=True)),
        synthetic=bool(_whole(row, "synthetic", 2)),
        diver=_text(row, "diver", LONGEST_NAME),
        dived_on=day,
        synchro=bool(_whole(row, "synchro", 2)),
        corrected=bool(_whole(row, "corrected", 2)),
        removed_at=None if row["removed_at"] is None else _text(row, "removed_at", 40),
    )


def exemplar_row(exemplar: Exemplar, folder: Path) -> dict[str, object]:
    """Return the row of an exemplar whose clip lies in the library's folder."""
    row = asdict(exemplar)
    clip = row.pop("clip_path").resolve().relative_to(folder.resolve())
    return {**row, "clip": clip.as_posix()}


def read_mask(sampled_frames: object, probability: object, crop_xyxy: object) -> MaskTrack:
    """Return the columns of a table `mask`."""
    frames = _array(sampled_frames, "<i8", (N_SAMPLES,), "sampled frames")
    if frames[0] < 0 or frames[-1] >= _MOST_FRAMES or (frames[1:] < frames[:-1]).any():
        raise ValueError("the sampled frames of its masks are not in order")
    crop = _array(crop_xyxy, "<f4", (N_SAMPLES, 4), "crops")
    if not (np.abs(crop) <= _FARTHEST_PX).all():  # NaN is no more than anything
        raise ValueError("the crops of its masks are no places in a picture")
    shape = (N_SAMPLES, MASK_SIZE, MASK_SIZE)
    return MaskTrack(
        sampled_frames=frames.astype(np.int64),
        mask_probability=np.take(_PROBABILITIES, _array(probability, "u1", shape, "masks")),
        crop_xyxy=crop.astype(np.float32),
    )


def mask_row(mask: MaskTrack) -> tuple[bytes, bytes, bytes]:
    """Return the columns that `read_mask` reads."""
    levels = _MASK_LEVELS[np.digitize(mask.mask_probability, _MASK_EDGES, right=True)]
    return _packed(mask.sampled_frames.astype("<i8")), _packed(levels), _packed(mask.crop_xyxy.astype("<f4"))


def read_encoding(gated: object, static_tokens: object, st: object, ed: object) -> ExemplarEncoding:
    """Return the columns of a table `encoding`."""
    shape = (len(STEP_NAMES), TOKENS_PER_STEP, TOKEN_SIZE)
    tokens = _array(static_tokens, "<f2", shape, "tokens").astype(np.float32)
    features = _read_features(gated)
    if not all((np.abs(one) <= _LARGEST_FEATURE).all() for one in (features, tokens)):
        raise ValueError("its encoding holds what no clip gives")
    if not (isinstance(st, int) and isinstance(ed, int) and 0 <= st < ed < N_SAMPLES):
        raise ValueError(f"its transitions are at samples {st!r:.20} and {ed!r:.20}")
    return ExemplarEncoding(gated=features, static_tokens=tokens, transition_samples=(st, ed))


def encoding_row(encoding: ExemplarEncoding) -> tuple[bytes, bytes, int, int]:
    """Return the columns that `read_encoding` reads."""
    scale = (np.abs(encoding.gated).max(axis=1, keepdims=True) / 127).clip(min=1e-12).astype("<f4")
    eight_bit = np.rint(encoding.gated / scale).astype("i1")
    features = _packed(np.concatenate([scale.view("i1"), eight_bit], axis=1))
    return features, _packed(encoding.static_tokens.astype("<f2")), *encoding.transition_samples


def _read_features(gated: object) -> np.ndarray:
    """Read features (9, 1024) float32, stored as a scale and 8-bit numbers for each window."""
    rows = _array(gated, "i1", (N_WINDOWS, 4 + FEATURE_SIZE), "features")
    scale = np.ascontiguousarray(rows[:, :4]).view("<f4")
    if not (np.abs(scale) <= _LARGEST_FEATURE).all():
        raise ValueError("its encoding holds what no clip gives")
    return scale * rows[:, 4:].astype(np.float32)


def _text(row: Mapping[str, object], name: str, longest: int, *, least: int = 0) -> str:
    value = row[name]
    if not isinstance(value, str):
        raise ValueError(f"its {name} is {value!r:.40}")
    if not least <= len(value) <= longest:
        raise ValueError(f"its {name} has {len(value)} letters")
    if printable(value) != value:  # text that is not UTF-8 was read as what cannot be shown
        raise ValueError(f"its {name} is {value!r:.80}")
    return value


def _whole(row: Mapping[str, object], name: str, end: int) -> int:
    value = row[name]
    if not isinstance(value, int) or not 0 <= value < end:
        raise ValueError(f"its {name} is {value!r:.40}")
    return value


def _inside(folder: Path, real_folder: str, clip: str) -> Path:
    """Return the path of a clip, which may not leave the folder, links included."""
    path = folder / clip
    if not os.path.realpath(path).startswith(os.path.join(real_folder, "")):
        raise ValueError(f"its clip {clip!r:.80} is not in the library's folder")
    return path


def _packed(array: np.ndarray) -> bytes:
    """Pack an array for `_array` where that is shorter."""
    return min(array.tobytes(), bz2.compress(array.tobytes(), 9), key=len)


def _array(value: object, kind: str, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Return an array from its bytes, or from those packed by bz2."""
    expected = int(np.prod(shape)) * np.dtype(kind).itemsize
    if isinstance(value, bytes) and len(value) != expected:
        try:
            value = bz2.BZ2Decompressor().decompress(value, expected + 1)
        except OSError:
            raise ValueError(f"its {what} are damaged") from None
    if not isinstance(value, bytes) or len(value) != expected:
        found = f"{len(value)} bytes" if isinstance(value, bytes) else f"{value!r:.20}"
        raise ValueError(f"its {what} are {found}, not {expected} bytes")
    return np.frombuffer(value, kind).reshape(shape)
