"""Checks that the libraries of a built folder are, byte for byte, Python's and those of the wheels installed here.

Usage: `check_libraries.py FOLDER`, with the Python that built it. Nothing of Wine may get into a package for Windows.
"""

import base64
import hashlib
import sys
from importlib.metadata import distributions
from pathlib import Path

_SUFFIXES = (".dll", ".pyd")


def main(folder: Path) -> str | None:
    """Return the sentence that names libraries of another origin, or None where there are none."""
    own = {_digest(path) for path in Path(sys.base_prefix).iterdir() if path.suffix in _SUFFIXES}
    files = [file for distribution in distributions() for file in distribution.files or ()]
    wheels = {file.hash.value for file in files if file.hash and file.suffix in _SUFFIXES}
    libraries = [path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES]
    foreign = [str(path) for path in libraries if _digest(path) not in own | wheels]
    print(f"{len(libraries)} libraries, of wheels or Python's own but for {len(foreign)}")
    return f"Neither of a wheel nor Python's: {', '.join(foreign)}" if foreign else None


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file as a wheel's RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
