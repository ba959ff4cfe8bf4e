"""Results of many clips in a file, each a line of JSON that is appended as soon as the clip is done.

A line is {format, key, content, analysis, quantities, others, error} and the fields of `AskedClip`: what was asked of
which file, and what came of it. `analysis` is in the format of `analysis_json` as `without_samples` leaves it, or null
where `error` says why there is none.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import analysis_from_dict, analysis_to_dict, without_samples
from fineparser_core.records import Analysis, Frame
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.documents import parse_document, reading
from fineparser_core.support.files import read_bounded

FORMAT = "fineparser.results/1"

#: Maximum size of a file of results; a dive takes some 20 KB.
_MOST_BYTES = 1_000_000_000
_MOST_LINE_BYTES = 2_000_000

_Text = Annotated[str, Meta(max_length=10_000)]


@dataclass(frozen=True, kw_only=True)
class AskedClip(AnnouncedDive):
    """Request for the analysis of a file; number, board and DD are as given, even if no dive has them.

    Attributes:
        path: of the video, as it was given.
        start_frame, end_frame: first and last frame of the dive, both included; None: it is found.
    """

    path: Path
    start_frame: int | None = None
    end_frame: int | None = None


@dataclass(frozen=True, kw_only=True)
class ClipResult:
    """Outcome of a clip.

    Attributes:
        asked: what was asked.
        key: digest of all that the result depends on: the file's content, the request, options, weights, exemplars and
            the program; "" for a result that must be computed anew.
        content: `content_digest` of the file; "" where it could not be read.
        analysis: without what it has for each sample, see `without_samples`; None where there is an error, or before
            the clip is scored.
        quantities: quantities measured with slightly moved moments, equally likely each, see `add_measures`: value and
            standard deviation of each. Empty for a dive that is not scored.
        others: first and last frame of further dives found in the file, which are not analyzed.
        error: a sentence that says why there is no analysis; else "".
    """

    asked: AskedClip
    key: _Text
    content: _Text = ""
    analysis: Analysis | None = None
    quantities: tuple[dict[str, tuple[float, float]], ...] = ()
    others: tuple[tuple[Frame, Frame], ...] = ()
    error: _Text = ""


def result_to_line(result: ClipResult) -> bytes:
    """Return the result as a line of the file.

    Raises:
        ExportError: a number in it is not finite.
    """
    found = result.analysis
    content = {
        "format": FORMAT,
        "key": result.key,
        **to_json(result.asked),
        "content": result.content,
        "analysis": None if found is None else without_samples(analysis_to_dict(found)),
        "quantities": result.quantities,
        "others": result.others,
        "error": result.error,
    }
    return json.dumps(content).encode() + b"\n"


def result_from_line(line: bytes) -> ClipResult:
    """Return the inverse of `result_to_line`.

    Raises:
        ValueError: it is something else.
    """
    if len(line) > _MOST_LINE_BYTES:
        raise ValueError("it is too long")
    data = parse_document(line, dict[str, Any], FORMAT)
    analysis = data.get("analysis")
    if analysis is not None:
        try:
            analysis = analysis_from_dict(from_json(analysis, dict), None)
        except ExportError as error:
            raise ValueError(str(error)) from error
    return from_json({**data, "asked": from_json(data, AskedClip), "analysis": analysis}, ClipResult)


def read_results(path: Path) -> list[ClipResult]:
    """Return the results of a file in its order, but for a last line that is not whole: its writer was stopped.

    Raises:
        ExportError: the file cannot be read, or a line of it is no result.
    """
    return [result for result, _ in read_lines(path)]


def read_lines(path: Path) -> list[tuple[ClipResult, bytes]]:
    """Read results, see `read_results`, each with its line."""
    with reading(lambda reason: ExportError("{0} cannot be read ({1}).", path, reason)):
        lines = read_bounded(path, _MOST_BYTES).split(b"\n")[:-1]
    found = []
    for number, line in enumerate(lines, start=1):

        def refuse(reason: str, number: int = number) -> ExportError:
            return ExportError(
                "Line {0} of {1} is no result of a clip ({2}): delete that line, or give another file.",
                number,
                path,
                reason,
            )

        with reading(refuse):
            found.append((result_from_line(line), line + b"\n"))
    return found


def add_line(path: Path, line: bytes) -> None:
    """Append a result that a kill or a power cut does not undo.

    Raises:
        ExportError: the file cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError("{0} cannot be written ({1}): make room, and go on with it.", path, reason) from error
