"""FineParser: fine-grained spatio-temporal action parsing for action quality assessment (CVPR 2024)."""

__version__ = "0.1.0"
