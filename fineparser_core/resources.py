"""Places of bundled files."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: Inside an installed wheel, where the build put them, else at the top of the checkout.
_ROOT = next(
    (folder for folder in (_PACKAGE / "bundled", _PACKAGE.parent / "resources") if folder.is_dir()),
    _PACKAGE / "bundled",
)

_MADE = _PACKAGE / "made"


def made(name: str) -> Path:
    """Return the path of a file that building the app as a folder has made; elsewhere it does not exist."""
    return _MADE / name


def resource(*parts: str) -> Path:
    """Return the path of a bundled file or folder, e.g. `resource("samples", "sample.mp4")`; it may not exist."""
    return _ROOT.joinpath(*parts)


def bundled_weights() -> Path:
    """Return the folder of the weights that come with the program."""
    return resource("weights", "fineparser")
