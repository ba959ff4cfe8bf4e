"""Names of files that Windows gives to devices, takes for a part of another file, or writes differently."""

import re
from pathlib import PureWindowsPath

_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)  # with any suffix


def refused_part(path: PureWindowsPath) -> str | None:
    r"""Return the first part of a path that Windows has no file or folder of, or None.

    Drives and shares are no names of files: C:, \\server\share.
    """
    for name in path.parts[len(path.anchor) > 0 :]:
        if name not in (".", "..") and (_FORBIDDEN.search(name) or name[-1] in ". " or _DEVICE.fullmatch(name)):
            return name
    return None


def allowed_name(text: str, longest: int) -> str:
    """Return the text as a name of a file without suffix, with dashes for what Windows does not allow.

    Args:
        longest: number of characters that are kept.
    """
    name = _FORBIDDEN.sub("-", text)[:longest].strip(" .")
    return f"{device[1]}-{device[2] or ''}" if (device := _DEVICE.fullmatch(name)) else name
