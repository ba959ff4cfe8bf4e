"""Writes a report of dives, as self-contained HTML that prints on A4 or as PDF, and the sheet of a meet as HTML."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ConfigError
from fineparser_core.export.report.content import make_overview, make_report
from fineparser_core.export.report.dives import REPORT_SUFFIXES, ReportedDive
from fineparser_core.export.report.meet_sheet import make_sheet
from fineparser_core.export.report.page import Report, trend_chart
from fineparser_core.export.report.pictures import jpeg
from fineparser_core.language import language, text
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.support.atomic import write_whole


def write_html(report: Report, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    _write("report.html.j2", path, report=report)


def write_meet_sheet(meet: Meet, predicted: Mapping[str, float] | None, path: Path) -> None:
    """Write the sheet of a meet, see `make_sheet`, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    _write("meet.html.j2", path, sheet=make_sheet(meet, predicted))


def _write(template: str, path: Path, **values: object) -> None:
    from jinja2 import Environment, PackageLoader  # a moment that only a report waits for

    pages = Environment(loader=PackageLoader(__package__, "."), autoescape=True, trim_blocks=True)
    pages.filters |= {"data_uri": _data_uri, "trend_chart": trend_chart}
    written = pages.get_template(template).render(text=text, language=language().replace("_", "-"), **values)
    write_whole(path, printable(written, keep="\n\t"))


def _data_uri(image: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(image)).decode("ascii")


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
        path: ends in a suffix of `REPORT_SUFFIXES`.
        title: of the file; by default that of the first page.
        overview_note: the coach's, on a first page about the course of the awards; None: without that page.
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
        pages = report.pages
        report = replace(report, overview=make_overview(dives, report.title, overview_note, pages))
    if suffix == ".pdf":
        from fineparser_core.export.report.pdf import write_pdf  # its library takes a second to load

        write_pdf(report, path)
    else:
        write_html(report, path)
