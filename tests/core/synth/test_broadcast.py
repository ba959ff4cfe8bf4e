import numpy as np

from fineparser_core.synth.camera import animate_camera, sample_viewpoint
from fineparser_core.synth.shots import Foreground


def test_the_foreground_clears_the_mask_where_it_is_drawn():
    lost = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        where = np.tile([1.0, 0.0, 5.0], (4, 1))
        camera = animate_camera(sample_viewpoint(10.0, False, rng), where, 0.04, np.zeros(4), (96, 72), rng)
        at = np.arange(4)
        seen, _ = camera.project(where[:, None], at)
        foreground = Foreground(camera, at, seen, where, rng)
        image, mask = np.full((72, 96, 3), 128, np.uint8), np.ones((72, 96), np.uint8)
        foreground.draw(image, mask, 2)
        assert (image[mask == 1] == 128).mean() > 0.8
        # Masked-out pixels are drawn over.
        assert (
            (np.abs(image[mask == 0].astype(int) - 128).max(-1, initial=0) > 2).mean() > 0.9
            if (mask == 0).any()
            else True
        )
        lost += int((mask == 0).any() and (mask == 1).any())
    assert lost >= 8
