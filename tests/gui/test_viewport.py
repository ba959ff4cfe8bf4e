"""Zoom and pan as arithmetic, and on the real widget with real events."""

import pytest
from mouse_kit import turn_wheel
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage

from fineparser_gui.player.picture_view import Viewport
from fineparser_gui.player.video_canvas import VideoCanvas

WIDGET, SOURCE = (400.0, 300.0), (1600.0, 900.0)


@pytest.fixture
def canvas(qtbot):
    made = VideoCanvas()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_source(QSize(1600, 900), None)
    picture = QImage(1600, 900, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkGreen)
    made.set_frame(0, picture)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_the_wheel_zooms_a_drag_moves_and_a_double_click_fits(canvas, qtbot):
    turn_wheel(canvas, QPointF(50, 60), 5)
    zoomed = canvas.view
    assert zoomed.zoom == pytest.approx(1.25**5)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    qtbot.mouseMove(canvas, QPoint(150, 120))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 120))
    assert canvas.view.center[0] > zoomed.center[0]
    assert canvas.view.zoom == zoomed.zoom
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert canvas.view == Viewport()


def test_points_map_there_and_back_at_any_zoom(canvas):
    canvas.zoom_by(3, QPointF(310, 80))
    x_px, y_px = canvas.to_source(QPointF(123, 210))
    back = canvas.to_widget(x_px, y_px)
    assert (back.x(), back.y()) == pytest.approx((123, 210))
