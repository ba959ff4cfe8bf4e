"""Analyses as the history keeps them: small, without masks, which the cache of results may still hold."""

import json
import logging
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict, without_samples
from fineparser_core.records import Analysis
from fineparser_core.support.files import parse_json
from fineparser_gui.store.analysis_cache import AnalysisCache
from fineparser_gui.worker.records import read_analysis

log = logging.getLogger(__name__)

_MOST_BYTES = 4_000_000
#: Fields that `without_samples` thins out.
_SAMPLED = ("sampled_frames", "sampled_times_s", "probabilities", "motion")


def packed(analysis: Analysis) -> bytes:
    """Return an analysis packed for the history. Raises: ExportError if a number in it is not finite."""
    return zlib.compress(json.dumps(without_samples(analysis_to_dict(analysis))).encode())


def unpacked(content: bytes, path: Path, cache: AnalysisCache | None, parse_id: str) -> Analysis | None:
    """Return the analysis that `packed` has packed, for the video's present path; None if it cannot be used.

    Args:
        cache: cache that may still hold the masks, under `parse_id`.
    """
    try:
        data = parse_json(zlib.decompressobj().decompress(content, _MOST_BYTES))
        found = _with_masks(data, cache, parse_id) or analysis_from_dict(data, None)
    except (AttributeError, ExportError, TypeError, ValueError, zlib.error) as error:
        log.warning("history: the analysis of %s cannot be used: %s", path, error)
        return None
    return replace(found, parse=replace(found.parse, clip=replace(found.parse.clip, path=path)))


def _with_masks(data: dict[str, Any], cache: AnalysisCache | None, parse_id: str) -> Analysis | None:
    kept = cache.get(parse_id, ()) if cache is not None and parse_id else None
    if cache is None or kept is None:
        return None
    try:
        whole = data | {name: kept[0]["analysis"][name] for name in _SAMPLED}
        return read_analysis(whole, cache.path(parse_id))
    except (ExportError, KeyError, TypeError) as error:
        log.warning("history: masks of %s cannot be used: %s", parse_id, error)
        return None
