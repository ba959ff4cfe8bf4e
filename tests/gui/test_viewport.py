"""Zoom and pan as arithmetic, and on the real widget with real events."""

import pytest
from mouse_kit import turn_wheel
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage

from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.player.viewport import MAX_ZOOM, Viewport

WIDGET, SOURCE = (400.0, 300.0), (1600.0, 900.0)


def test_a_fitted_picture_is_whole_and_centred():
    assert Viewport().rect(WIDGET, SOURCE) == (0, 37.5, 400, 225)


def test_zooming_keeps_the_point_under_the_pointer():
    at = (100.0, 100.0)
    x, y, width, height = Viewport().rect(WIDGET, SOURCE)
    before = ((at[0] - x) / width, (at[1] - y) / height)
    x, y, width, height = Viewport().zoomed(4, at, WIDGET, SOURCE).rect(WIDGET, SOURCE)
    assert ((at[0] - x) / width, (at[1] - y) / height) == pytest.approx(before)


def test_no_gap_opens_at_an_edge():
    view = Viewport().zoomed(4, (0, 150), WIDGET, SOURCE).panned(5000, 5000, WIDGET, SOURCE)
    x, y, width, height = view.rect(WIDGET, SOURCE)
    assert x == pytest.approx(0)
    assert y == pytest.approx(0)
    x, y, width, height = view.panned(-9000, -9000, WIDGET, SOURCE).rect(WIDGET, SOURCE)
    assert x + width == pytest.approx(400)
    assert y + height == pytest.approx(300)


def test_zoom_has_ends():
    assert Viewport().zoomed(0.5, (1, 1), WIDGET, SOURCE) == Viewport()
    assert Viewport().zoomed(1000, (1, 1), WIDGET, SOURCE).zoom == MAX_ZOOM


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


def test_one_pixel_of_the_file_on_one_of_the_screen(canvas):
    canvas.zoom_to_pixels()
    assert canvas.magnified_px() == (1600, 900)
