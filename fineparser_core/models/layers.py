"""Small blocks shared by the parsers and the encoders."""

from torch import Tensor, nn


class DoubleConv1d(nn.Sequential):
    """(Conv1d of width 3 -> batch norm -> ReLU) twice, length kept: (B, in, L) to (B, out, L)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv1d(in_channels, out_channels, 3, padding=1),
            nn.BatchNorm1d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv1d(out_channels, out_channels, 3, padding=1),
            nn.BatchNorm1d(out_channels),
            nn.ReLU(inplace=True),
        )


class DownConv1d(nn.Module):
    """Halve the length by max-pooling, then `DoubleConv1d`: (B, in, L) to (B, out, L / 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool1d(2)
        self.conv = DoubleConv1d(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.pool(x))
