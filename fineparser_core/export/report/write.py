"""Writes a report of dives, or the sheet of a meet, as HTML or PDF."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ConfigError
from fineparser_core.export.report.content import make_overview, make_report
from fineparser_core.export.report.dives import REPORT_SUFFIXES, PracticeDive, ReportedDive
from fineparser_core.export.report.html import write_html, write_sheet_html
from fineparser_core.export.report.meet_sheet import make_sheet
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress


def write_report(
    dives: Sequence[ReportedDive],
    path: Path,
    *,
    title: str = "",
    overview_note: str | None = None,
    listed: Sequence[PracticeDive] = (),
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write a page for each dive, whole or not at all.

    Args:
        path: ends in a suffix of `REPORT_SUFFIXES`.
        title: of the file; by default that of the first page.
        overview_note: the coach's, on a first page about the course of the awards; None: without that page.
        listed: see `make_report`.
        progress: receives the stage "write", counted in dives.

    Raises:
        ConfigError: the suffix is not supported.
        ExportError: the file cannot be written.
        VideoError: a video cannot be read.
        Cancelled: `cancel` was set; no file is left.
    """
    suffix = _suffix(path)
    report = make_report(dives, title=title, listed=listed, progress=progress, cancel=cancel)
    if overview_note is not None:
        report = replace(report, overview=make_overview(dives, report.title, overview_note))
    if suffix == ".pdf":
        from fineparser_core.export.report.pdf import write_pdf  # its library takes a second to load

        write_pdf(report, path)
    else:
        write_html(report, path)


def write_meet_sheet(meet: Meet, predicted: Mapping[str, float] | None, path: Path) -> None:
    """Write the sheet of a meet, whole or not at all; see `make_sheet`.

    Raises:
        ConfigError, ExportError: see `write_report`.
    """
    suffix, sheet = _suffix(path), make_sheet(meet, predicted)
    if suffix == ".pdf":
        from fineparser_core.export.report.meet_pdf import write_sheet_pdf

        write_sheet_pdf(sheet, path)
    else:
        write_sheet_html(sheet, path)


def _suffix(path: Path) -> str:
    """Return the suffix of a path. Raises: ConfigError."""
    suffix = path.suffix.lower()
    if suffix not in REPORT_SUFFIXES:
        raise ConfigError("{0} ends in none of {1}: choose such a name.", path, ", ".join(REPORT_SUFFIXES))
    return suffix
