"""Networks of few inner channels."""

from contextlib import contextmanager

import pytest
import torchvision.models as zoo
from torchvision.models.resnet import BasicBlock, Bottleneck

from fineparser_core.models.i3d import Mixed

WIDTH = 8


@contextmanager
def narrow():
    """Make I3Ds with narrow branches, and ResNets with one block a stage; their outputs have the usual sizes."""
    build = Mixed.__init__

    def narrowly(block, n, widths):
        build(block, n, (widths[0], WIDTH, widths[2], WIDTH, *widths[4:]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mixed, "__init__", narrowly)
        for name, kind in (("resnet18", BasicBlock), ("resnet34", BasicBlock), ("resnet50", Bottleneck)):
            patch.setattr(zoo, name, lambda kind=kind: zoo.ResNet(kind, [1, 1, 1, 1]))
        yield
