"""The skeleton and the path of the body's centre on the picture."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage

from fineparser_core.measures.center_path import CenterPath
from fineparser_core.records import MaskTrack
from fineparser_gui.player.video_canvas import VideoCanvas


def track():
    joints = np.zeros((96, 16, 3), np.float32)
    joints[:, :, :] = np.array([20, 50, 1])
    joints[:, 1:7, 0] = np.linspace(20, 80, 6)  # shoulders, elbows and wrists along a line
    return MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.tile(np.array([0, 0, 100, 100], np.float32), (96, 1)),
        joints=joints,
    )


PATH = CenterPath(
    sampled_frames=np.arange(96),
    from_scene=np.tile(np.eye(3), (96, 1, 1)),
    frames=np.array([10.0, 50.0]),
    points=np.array([[10.0, 10.0], [90.0, 90.0]]),
    marks=np.array([[50.0, 50.0, 2.0]]),
    heights=np.array([3.0, 1.0]),
)


def test_skeleton_and_path_are_drawn_where_they_are_wanted(qtbot):
    canvas = VideoCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("#406080"))
    canvas.set_source(QSize(100, 100), track(), PATH)
    canvas.set_frame(30, image)
    bare = canvas.grab().toImage()
    canvas.overlay(skeleton=True)
    drawn = canvas.grab().toImage()

    def differs(x, y):
        at = canvas.to_widget(x, y).toPoint()
        return drawn.pixel(at) != bare.pixel(at)

    assert differs(50, 50)
    assert differs(80, 50)
    assert differs(20, 20)  # on the path
    assert not differs(80, 20)
    assert differs(88, 50)  # the height stands beside the body
    canvas.set_source(QSize(100, 100), track(), replace(PATH, picture_xyxy=(30.0, 0.0, 100.0, 100.0)))
    drawn = canvas.grab().toImage()
    assert differs(40, 40)
    assert not differs(20, 20)  # over the border
    canvas.overlay(skeleton=False)
    assert canvas.grab().toImage() == bare
