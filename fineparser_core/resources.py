"""The one function that finds bundled files."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent / "resources"


def resource(*parts: str) -> Path:
    """Path of a bundled file or folder, e.g. `resource("samples", "sample.mp4")`; it may not exist."""
    return _ROOT.joinpath(*parts)
