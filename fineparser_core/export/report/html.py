"""A report as a self-contained HTML file that prints on A4."""

import base64
from pathlib import Path

import numpy as np

from fineparser_core.export.report.meet_sheet import MeetSheet
from fineparser_core.export.report.page import Report, trend_chart
from fineparser_core.language import language, text
from fineparser_core.printable import printable
from fineparser_core.support.atomic import write_whole

_JPEG_QUALITY = 88


def write_html(report: Report, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    _write("report.html.j2", path, report=report)


def write_sheet_html(sheet: MeetSheet, path: Path) -> None:
    """Write the sheet of a meet, see `write_html`."""
    _write("meet.html.j2", path, sheet=sheet)


def _write(template: str, path: Path, **values: object) -> None:
    from jinja2 import Environment, PackageLoader  # a moment that only a report waits for

    pages = Environment(loader=PackageLoader(__package__, "."), autoescape=True, trim_blocks=True)
    pages.filters |= {"data_uri": _data_uri, "trend_chart": trend_chart}
    written = pages.get_template(template).render(text=text, language=language().replace("_", "-"), **values)
    write_whole(path, printable(written, keep="\n\t"))


def jpeg(image: np.ndarray) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as JPEG."""
    import cv2

    flags = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), flags)[1])


def _data_uri(image: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(image)).decode("ascii")
