"""The real commands on an I3D that sees one pixel of sixteen, as `python -m small_training MODULE ARGUMENT...`."""

import runpy
import sys
from dataclasses import replace

from fineparser_core.models.i3d import I3D
from fineparser_core.synth import dataset

_FORWARD, _RENDER = I3D.forward, dataset.render_dive


def see_some(network, windows):
    """`I3D.forward` of frames of a quarter of the size: the same weights and features for a sixteenth of the work."""
    return _FORWARD(network, windows[..., ::4, ::4])


def render_small(spec, seed):
    """`render_dive` of a data set at half the height."""
    return _RENDER(replace(spec, height_px=144), seed)


if __name__ == "__main__":
    I3D.forward = see_some  # type: ignore[method-assign]
    dataset.render_dive = render_small
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
