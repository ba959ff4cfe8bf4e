"""Spatial action parser (SAP): athlete masks and the mask embedding (paper section 3.2, Eq. 2-3)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fineparser_core.models.i3d import I3D, TAP_CHANNELS
from fineparser_core.models.layers import Conv3d, upsample_to_map

SIDE_CHANNELS = 16
#: (kernel, stride, padding) in (t, h, w) that bring each tap back to 16 x 112 x 112.
_UPSAMPLING = (
    ((4, 4, 4), (2, 2, 2), (1, 1, 1)),
    ((4, 8, 8), (2, 4, 4), (1, 2, 2)),
    ((4, 16, 16), (2, 8, 8), (1, 4, 4)),
    ((8, 32, 32), (4, 16, 16), (2, 8, 8)),
)
Taps = tuple[Tensor, Tensor, Tensor, Tensor]


def interpolation_kernel(kernel: Sequence[int]) -> Tensor:
    """Return the trilinear up-sampling kernel of a transposed convolution whose kernel is twice its stride.

    Deviation: the release repeats the spatial kernel at every temporal tap, so that frames get twice the weight.
    """
    axes = []
    for size in kernel:
        stride = size / 2
        position = torch.arange(size, dtype=torch.float32)
        axes.append(1 - (position - (size - 1) / 2).abs() / stride)
    return torch.einsum("t,h,w->thw", *axes)


class MaskDecoder(nn.Module):
    """Four side maps and the fused map from four taps of the encoder.

    Deviation: the paper up-samples with "two blocks" a tap; as released, the second block of a tap is a 1x1x1
    convolution to a single channel and a single-channel transposed convolution (its side map, for supervision), the
    first a 16-channel transposed convolution, and `fuse` mixes the 64 wide channels. Both are linear, so the fused map
    is computed as a 16-to-1 transposed convolution for each tap: the same numbers for a sixteenth of the work.
    """

    def __init__(self) -> None:
        super().__init__()
        self.side = nn.ModuleList(Conv3d(c, SIDE_CHANNELS, 1, bias=False) for c in TAP_CHANNELS)
        self.score = nn.ModuleList(Conv3d(SIDE_CHANNELS, 1, 1) for _ in TAP_CHANNELS)
        self.upsample_score = nn.ModuleList(nn.ConvTranspose3d(1, 1, k, s, p, bias=False) for k, s, p in _UPSAMPLING)
        self.upsample_side = nn.ModuleList(
            nn.ConvTranspose3d(SIDE_CHANNELS, SIDE_CHANNELS, k, s, p, bias=False) for k, s, p in _UPSAMPLING
        )
        self.fuse = nn.Conv3d(SIDE_CHANNELS * len(TAP_CHANNELS), 1, 1)
        self._initialize()

    @torch.no_grad()
    def _initialize(self) -> None:
        for name, parameter in self.named_parameters():
            part = name.split(".")[0]
            if part == "side":
                nn.init.kaiming_normal_(parameter, nonlinearity="linear")
            elif part == "upsample_score":
                parameter.copy_(interpolation_kernel(parameter.shape[2:])[None, None])
            elif part == "upsample_side":
                channels = torch.eye(SIDE_CHANNELS)[:, :, None, None, None]
                parameter.copy_(channels * interpolation_kernel(parameter.shape[2:]))
            elif name.endswith("bias"):
                # Start at the share of pixels an athlete covers, about 2 %, so that the focal loss starts small.
                nn.init.constant_(parameter, -4.0)
            else:
                nn.init.normal_(parameter, std=0.05)

    def _fused(self, sides: list[Tensor]) -> Tensor:
        maps = []
        for i, (side, (_, stride, padding)) in enumerate(zip(sides, _UPSAMPLING, strict=True)):
            mix = self.fuse.weight[0, i * SIDE_CHANNELS : (i + 1) * SIDE_CHANNELS, 0, 0, 0]
            kernel = torch.einsum("iothw,o->ithw", self.upsample_side.get_parameter(f"{i}.weight"), mix)[:, None]
            maps.append(upsample_to_map(side, kernel.to(side.dtype), stride, padding))
        bias = self.fuse.get_parameter("bias").to(maps[0].dtype)
        return torch.stack(maps).sum(0)[:, 0] + bias

    def _sides(self, taps: Taps) -> list[Tensor]:
        return [conv(tap) for conv, tap in zip(self.side, taps, strict=True)]

    def forward(self, taps: Taps, windows: Tensor) -> Tensor:
        """Decode taps of windows (N, 3, 16, 112, 112) to logits (N, 5, 16, 112, 112): side maps and fused map."""
        return self.maps(taps, windows)[0]

    def maps(self, taps: Taps, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same, and the fused logits (N, 16, 112, 112) before `finish`."""
        sides = self._sides(taps)
        coarse, known = self._coarse(sides, taps)
        fused = self.finish(coarse, known, windows)
        return torch.cat([*self._side_maps(sides), fused[:, None]], dim=1), coarse

    def _side_maps(self, sides: list[Tensor]) -> list[Tensor]:
        found = []
        for i, (score, side, (_, stride, padding)) in enumerate(zip(self.score, sides, _UPSAMPLING, strict=True)):
            seen = score(side)
            found.append(
                upsample_to_map(seen, self.upsample_score.get_parameter(f"{i}.weight").to(seen.dtype), stride, padding)
            )
        return found

    def coarse(self, taps: Taps) -> tuple[Tensor, Tensor | None]:
        """Map taps of N windows to the fused logits (N, 16, 112, 112), and what else `finish` needs of each window."""
        return self._coarse(self._sides(taps), taps)

    def _coarse(self, sides: list[Tensor], taps: Taps) -> tuple[Tensor, Tensor | None]:
        return self._fused(sides), None

    def finish(self, logits: Tensor, known: Tensor | None, video: Tensor) -> Tensor:
        """Return fused logits (N, T, 112, 112) of any even number of samples, refined by the video.

        Not by this decoder.

        Args:
            known: as `coarse` gives it, of the same samples.
            video: (N, 3, T, 112, 112).
        """
        return logits


class SpatialParser(nn.Module):
    """A second I3D, whose last feature is the mask embedding B5, with a mask decoder on its taps.

    Deviation: no predicted mask touches the score; the embedding gates the TAP feature channel by channel.

    Args:
        decoder: by default the paper's.
    """

    def __init__(self, decoder: MaskDecoder | None = None) -> None:
        super().__init__()
        self.encoder = I3D()
        self.decoder = MaskDecoder() if decoder is None else decoder

    def taps(self, windows: Tensor) -> Taps:
        """Return windows (N, 3, 16, 112, 112) to the four taps, without the embedding."""
        x, (tap1, tap2, tap3) = self.encoder.front(windows)
        return tap1, tap2, tap3, self.encoder.tap4(x)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Map windows (N, 3, 16, 112, 112) to mask logits (N, 5, 16, 112, 112) and embeddings (N, 1024)."""
        taps = self.taps(windows)
        return self.decoder(taps, windows), self.encoder.end(taps[3])

    def embed(self, windows: Tensor) -> tuple[None, Tensor]:
        """Return the embedding of `forward`, without masks."""
        return None, self.encoder(windows)

    def infer(self, windows: Tensor) -> tuple[tuple[Tensor, Tensor | None], Tensor]:
        """Return the outputs of `forward`, with the logits of `MaskDecoder.coarse` alone."""
        taps = self.taps(windows)
        return self.decoder.coarse(taps), self.encoder.end(taps[3])
