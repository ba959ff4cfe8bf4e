"""Writes a report of dives as HTML or PDF."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fineparser_core.errors import ConfigError
from fineparser_core.export.report.content import make_report
from fineparser_core.export.report.dives import REPORT_SUFFIXES, ReportedDive
from fineparser_core.export.report.html import write_html
from fineparser_core.export.report.overview import make_overview
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress


def write_report(
    dives: Sequence[ReportedDive],
    path: Path,
    *,
    title: str = "",
    overview_note: str | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write a page for each dive, whole or not at all.

    Args:
        path: ends in one of `REPORT_SUFFIXES`.
        title: of the file; by default that of the first page.
        overview_note: the coach's, on a first page that tells how the awards went; None: there is no such page.
        progress: receives the stage "write", counted in dives.

    Raises:
        ConfigError: the suffix is not supported.
        ExportError: the file cannot be written.
        VideoError: a video cannot be read.
        Cancelled: `cancel` was set; no file is left.
    """
    suffix = path.suffix.lower()
    if suffix not in REPORT_SUFFIXES:
        raise ConfigError("{0} ends in none of {1}: choose such a name.", path, ", ".join(REPORT_SUFFIXES))
    report = make_report(dives, title=title, progress=progress, cancel=cancel)
    if overview_note is not None:
        report = replace(report, overview=make_overview(dives, report.title, overview_note))
    if suffix == ".pdf":
        from fineparser_core.export.report.pdf import write_pdf  # its library takes a second to load

        write_pdf(report, path)
    else:
        write_html(report, path)
