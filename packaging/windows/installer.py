"""The installer of the app for Windows, made by NSIS of a built folder."""

import re
import shutil
from pathlib import Path

from environment import ROOT, SetupError, run_step, say

_SCRIPT = ROOT / "packaging" / "windows" / "fineparser.nsi"


def make_installer(app: Path, icons: Path, version: str, publisher: str, folder: Path) -> Path:
    """Make the installer in `folder`, of the app's folder and the pictures that `make_icons.py` drew; return its path.

    Raises:
        SetupError: NSIS is missing or failed, or the folder is no app for Windows.
    """
    if not (app / "fineparser-gui.exe").is_file():
        raise SetupError(f"{app} holds no program for Windows, of which an installer could be made.")
    if shutil.which("makensis") is None:
        raise SetupError("The installer for Windows needs makensis: run `sudo apt-get install nsis` and try again.")
    installer = folder / f"fineparser-studio-{version}-setup.exe"
    numbers = [*re.findall(r"\d+", version), "0", "0", "0", "0"][:4]
    definitions = {
        "VERSION": version,
        "NUMBERS": ".".join(numbers),
        "FOLDER": app,
        "ICON": icons / "fineparser-studio.ico",
        "PICTURE": icons / "fineparser-studio.bmp",
        "PUBLISHER": publisher,
        "OUT": installer,
    }
    say("NSIS compresses the app (some minutes)")
    options = ("-V2", "-WX", "-INPUTCHARSET", "UTF8", *(f"-D{name}={value}" for name, value in definitions.items()))
    run_step(["makensis", *options, str(_SCRIPT)], "makensis failed: see its last lines above.")
    return installer
