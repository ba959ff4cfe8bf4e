"""The real commands on an I3D that sees one pixel of sixteen, as `python -m small_training MODULE ARGUMENT...`."""

import runpy
import sys

from fineparser_core.models.i3d import I3D

_FORWARD = I3D.forward


def see_some(network, windows):
    """`I3D.forward` of frames of a quarter of the size: the same weights and features for a sixteenth of the work."""
    return _FORWARD(network, windows[..., ::4, ::4])


if __name__ == "__main__":
    I3D.forward = see_some  # type: ignore[method-assign]
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
