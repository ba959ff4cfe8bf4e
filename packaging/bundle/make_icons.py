"""Draws the app's icon in all sizes from resources/icons/app.svg: `python make_icons.py FOLDER`.

Writes fineparser-studio-SIZE.png for Linux, fineparser-studio.ico and fineparser-studio.bmp (of the installer) for
Windows, and fineparser-studio.icns for macOS.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QLinearGradient, QPainter
from PySide6.QtSvg import QSvgRenderer

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "app.svg"
NAME = "fineparser-studio"
SIZES_PX = (16, 22, 24, 32, 48, 64, 128, 256, 512, 1024)
_LARGEST_OF_ICO_PX = 256
# Twice what the first page of the installer takes on a usual screen.
_BITMAP_PX = (328, 628)
_BITMAP_ICON_PX = 176
_BITMAP_COLORS = ("#e8f3fd", "#9cc9f0")


def main(folder: Path) -> None:
    """Write all files into an existing folder."""
    app = QGuiApplication(sys.argv[:1])
    renderer = QSvgRenderer(str(ICON))
    for size_px in SIZES_PX:
        image = QImage(size_px, size_px, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter, QRectF(0, 0, size_px, size_px))
        painter.end()
        image.save(str(folder / f"{NAME}-{size_px}.png"))
    drawn = {size_px: Image.open(folder / f"{NAME}-{size_px}.png") for size_px in SIZES_PX}
    of_ico = [size_px for size_px in SIZES_PX if size_px <= _LARGEST_OF_ICO_PX]
    largest = drawn[_LARGEST_OF_ICO_PX]
    sizes = [(size_px, size_px) for size_px in of_ico]
    largest.save(folder / f"{NAME}.ico", sizes=sizes, append_images=[drawn[size_px] for size_px in of_ico])
    drawn[SIZES_PX[-1]].save(folder / f"{NAME}.icns", append_images=list(drawn.values()))
    _draw_bitmap(renderer).save(str(folder / f"{NAME}.bmp"))
    app.quit()


def _draw_bitmap(renderer: QSvgRenderer) -> QImage:
    width_px, height_px = _BITMAP_PX
    image = QImage(width_px, height_px, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    gradient = QLinearGradient(0, 0, 0, height_px)
    for at, color in enumerate(_BITMAP_COLORS):
        gradient.setColorAt(at, QColor(color))
    painter.fillRect(image.rect(), gradient)
    left_px = (width_px - _BITMAP_ICON_PX) / 2
    renderer.render(painter, QRectF(left_px, left_px, _BITMAP_ICON_PX, _BITMAP_ICON_PX))
    painter.end()
    return image


if __name__ == "__main__":
    main(Path(sys.argv[1]))
