"""Places of bundled files."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: Inside an installed wheel, where the build put them, else at the top of the checkout.
_ROOT = next(
    (folder for folder in (_PACKAGE / "bundled", _PACKAGE.parent / "resources") if folder.is_dir()),
    _PACKAGE / "bundled",
)

_MADE = _PACKAGE / "made"
#: Files that building the app as a folder makes: the licenses of its packages as a page, and their texts.
LICENSE_PAGE, LICENSE_TEXTS = "licences.md", "licence-texts.txt"


def made(name: str) -> Path:
    """Return the path of a file that building the app as a folder has made; elsewhere it does not exist."""
    return _MADE / name


def resource(*parts: str) -> Path:
    """Return the path of a bundled file or folder, e.g. `resource("samples", "sample.mp4")`; it may not exist."""
    return _ROOT.joinpath(*parts)


#: Stands for the folder of the bundled weights, wherever the program is installed.
BUNDLED = "bundled"


def bundled_weights() -> Path:
    """Return the folder of the weights that come with the program."""
    return resource("weights", "fineparser")


def weights_folder(given: str | Path | None) -> Path:
    """Return the folder of weights that a caller means; None and the word "bundled" mean the bundled weights."""
    return bundled_weights() if given is None or given == BUNDLED else Path(given)
