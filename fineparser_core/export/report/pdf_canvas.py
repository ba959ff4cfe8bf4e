"""Text, boxes and pictures on the pages of a PDF, lengths in millimeters from the upper left corner.

Text is set in a wide font of the system if there is any, so that names of any script are letters of the file; what that
font lacks is drawn as a picture by OpenCV, which brings Chinese, Japanese and Korean along. Without any font, the font
that every reader of PDF has sets the letters of Western Europe.
"""

import os
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.export.drawing import draw_text, fit_line, text_width, wrap_lines
from fineparser_core.export.palette import rgb
from fineparser_core.printable import printable
from fineparser_core.support.atomic import write_whole

PAGE_MM = (210.0, 297.0)
INK, FAINT, RULE = "#1b1f24", "#5b6470", "#d8dde3"
_POINT_MM = 25.4 / 72
#: Names of files with a regular and a bold face that hold Latin, Greek, Cyrillic and, in most cases, Arabic and Hebrew.
_FACES = {
    "win32": (("segoeui.ttf", "segoeuib.ttf"), ("arial.ttf", "arialbd.ttf")),
    "darwin": (("Arial.ttf", "Arial Bold.ttf"), ("Arial Unicode.ttf", "Arial Unicode.ttf")),
    "linux": (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf")),
}
#: Pixels per point of text that is drawn as a picture.
_PICTURE_SCALE = 5
#: Characters of a line that are measured and drawn, more than a page is wide: the library recurses over many spaces.
_MOST_IN_LINE = 400
#: Characters that the font of every reader lacks, with their substitutes.
_WESTERN = str.maketrans({"\N{MINUS SIGN}": "\N{EN DASH}", "\N{NO-BREAK SPACE}": " "})


def _font_folders() -> list[Path]:
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts/Supplemental"), Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    places = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    return [Path(folder) for place in places for folder, _, _ in os.walk(place)]


def system_faces() -> tuple[Path, Path] | None:
    """Return the files of a regular and a bold face.

    None where the system has none of those that are known to be wide.
    """
    folders = _font_folders()
    for names in _FACES.get(sys.platform, _FACES["linux"]):
        for folder in folders:
            regular, bold = (folder / name for name in names)
            if regular.is_file() and bold.is_file():
                return regular, bold
    return None


class PdfCanvas:
    """The pages of a PDF file.

    Args:
        faces: as of `system_faces`.
    """

    def __init__(self, title: str, faces: tuple[Path, Path] | None) -> None:
        from fpdf import FPDF  # a moment that only a PDF waits for

        self._pdf = FPDF(unit="mm", format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.alias_nb_pages("")  # else "{nb}" in a text would become the number of pages
        self._pdf.c_margin = 0
        self._pdf.set_title(printable(title))
        self._pdf.set_creator("FineParser")
        self._wide = faces is not None
        if faces is None:
            self._pdf.core_fonts_encoding = "windows-1252"
        else:
            for style, file in zip(("", "B"), faces, strict=True):
                self._pdf.add_font("text", style, str(file))
            self._pdf.set_text_shaping(True)

    def add_page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def box(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Draw a filled box."""
        self._pdf.set_fill_color(*rgb(color))
        self._pdf.rect(x, y, width, height, style="F")

    def frame(self, x: float, y: float, width: float, height: float, color: str = RULE) -> None:
        """Draw the outline of a box."""
        self._pdf.set_draw_color(*rgb(color))
        self._pdf.set_line_width(0.2)
        self._pdf.rect(x, y, width, height, style="D")

    def line(self, points: Sequence[tuple[float, float]], color: str = RULE, width: float = 0.2) -> None:
        """Draw an open line."""
        self._pdf.set_draw_color(*rgb(color))
        self._pdf.set_line_width(width)
        self._pdf.polyline(list(points))

    def dot(self, x: float, y: float, radius: float, color: str) -> None:
        """Draw a disc."""
        self._pdf.set_fill_color(*rgb(color))
        self._pdf.ellipse(x - radius, y - radius, 2 * radius, 2 * radius, style="F")

    def picture(self, x: float, y: float, width: float, encoded: bytes) -> None:
        """Draw a picture in the format of its bytes, PNG or JPEG."""
        self._pdf.image(BytesIO(encoded), x=x, y=y, w=width)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        color: str = INK,
        align: str = "L",
        width: float = 0.0,
    ) -> None:
        """Draw a line of text, shortened to its width if given.

        Args:
            x, y: of its upper left corner, or its upper right corner if `align` is "R", or its middle if "C".
            size: in points.
            width: most of it; 0 for any.
        """
        text = printable(text)[:_MOST_IN_LINE]
        if width:
            text = fit_line(text, width, lambda line: self.width(line, size, bold=bold))
        wide = self.width(text, size, bold=bold)
        left = x - {"L": 0.0, "C": wide / 2, "R": wide}[align]
        if not self._holds(text, bold):
            self._draw_picture(left, y, text, size, bold, color)
            return
        self._set_font(size, bold)
        self._pdf.set_text_color(*rgb(color))
        self._pdf.set_xy(left, y)
        self._pdf.cell(w=wide, h=size * _POINT_MM * 1.2, text=self._encodable(text))

    def lines(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        width: float,
        *,
        most: int = 99,
        color: str = INK,
        bold: bool = False,
    ) -> float:
        """Draw text broken into lines of a width.

        Returns:
            y below them.
        """
        for line in self.wrapped(text, size, width, most, bold=bold):
            self.text(x, y, line, size, color=color, width=width, bold=bold)
            y += size * _POINT_MM * 1.28
        return y

    def wrapped(self, text: str, size: float, width: float, most: int = 99, *, bold: bool = False) -> list[str]:
        """Return the lines of a text; the last of the most that may be ends in an ellipsis where more would follow."""
        lines = wrap_lines(printable(text), width, lambda line: self.width(line, size, bold=bold), most)
        return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a line of text in millimeters."""
        text = printable(text)[:_MOST_IN_LINE]
        if not self._holds(text, bold):
            return text_width(text, size * _PICTURE_SCALE, weight=650 if bold else 400) * _POINT_MM / _PICTURE_SCALE
        self._set_font(size, bold)
        return float(self._pdf.get_string_width(self._encodable(text)))

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            ExportError: the file cannot be written.
        """
        write_whole(path, bytes(self._pdf.output()))

    def _set_font(self, size: float, bold: bool) -> None:
        self._pdf.set_font("text" if self._wide else "helvetica", "B" if bold else "", size)

    def _holds(self, text: str, bold: bool) -> bool:
        """Return True if the font has every letter."""
        if self._wide:
            face: Any = self._pdf.fonts["textB" if bold else "text"]
            return all(ord(letter) in face.cmap for letter in text)
        try:
            self._encodable(text).encode("cp1252")
        except UnicodeEncodeError:
            return False
        return True

    def _encodable(self, text: str) -> str:
        return text if self._wide else text.translate(_WESTERN)

    def _draw_picture(self, x: float, y: float, text: str, size: float, bold: bool, color: str) -> None:
        """Draw text that the font lacks as a picture with a transparent ground."""
        import cv2

        weight = 650 if bold else 400
        size_px = size * _PICTURE_SCALE
        width_px = text_width(text, size_px, weight=weight) + 4
        height_px = round(size_px * 1.5)
        opacity = np.zeros((height_px, width_px), np.uint8)
        draw_text(opacity, (0, size_px * 1.05), text, size_px, (255,), weight=weight)
        red, green, blue = rgb(color)
        image = np.dstack([np.full_like(opacity, value) for value in (blue, green, red)] + [opacity])
        self.picture(x, y, width_px * _POINT_MM / _PICTURE_SCALE, bytes(cv2.imencode(".png", image)[1]))
