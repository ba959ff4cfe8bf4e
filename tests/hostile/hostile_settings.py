"""Makes hostile settings files, by name."""

from collections.abc import Callable

_VERSION = b"[General]\nversion=2\n"


def _preference(name: str, value: str) -> bytes:
    return _VERSION + f"[preferences]\n{name}={value}\n".encode("utf-8", "surrogatepass")


def _recent(value: bytes) -> bytes:
    return b"[General]\nrecent_sessions=" + value + b"\nversion=2\n"


def _shortcuts(value: str) -> bytes:
    return _preference("shortcuts", '"' + value.replace('"', '\\"') + '"')


SETTINGS: dict[str, Callable[[], bytes]] = {
    "as they should be": lambda: _shortcuts('{"play": ["Space", "K"]}') + b'theme="\\"dark\\""\nn_exemplars=5\n',
    "empty": lambda: b"",
    "noise": lambda: bytes(range(256)) * 100,
    "one long line": lambda: b"x" * 900_000,
    "many keys": lambda: _VERSION + b"".join(b"k%d=1\n" % n for n in range(60_000)),
    "too large": lambda: b"[preferences]\n" + b"theme=1\n" * 200_000,
    "a byte order mark": lambda: b"\xef\xbb\xbf" + _VERSION,
    "a version of many digits": lambda: b"[General]\nversion=" + b"9" * 100_000 + b"\n",
    "a version that is an object": lambda: b"[General]\nversion=@Rect(1 2 3 4)\n",
    "shortcuts, nested": lambda: _shortcuts("[" * 100_000),
    "shortcuts that are text": lambda: _shortcuts('{"play": "Space"}'),
    "a thousand shortcuts": lambda: _shortcuts('{"play": [' + ", ".join(f'"F{n}"' for n in range(1000)) + "]}"),
    "shortcuts of nobody": lambda: _shortcuts('{"nothing": ["Ctrl+Q"], "": ["X"]}'),
    "one key for all": lambda: _shortcuts(
        '{"play": ["Q"], "loop": ["Q"], "undo": ["Q"], "quit": ["Q"], "cancel": ["Q"]}'
    ),
    "a surrogate in a shortcut": lambda: _shortcuts('{"play": ["\\\\ud800"]}'),
    "infinitely many exemplars": lambda: _preference("n_exemplars", "Infinity"),
    "true exemplars": lambda: _preference("n_exemplars", "true"),
    "an outline that is text": lambda: _preference("mask_outline", '"\\"yes\\""'),
    "a colour that is code": lambda: _preference("mask_color", '"\\"#123456; background: url(\'/dev/zero\')\\""'),
    "a theme of megabytes": lambda: _preference("theme", '"\\"' + "x" * 800_000 + '\\""'),
    "a device for weights": lambda: _preference("weights", '"\\"/dev/zero\\""'),
    "a device of nobody": lambda: _preference("device", '"\\"cuda:99\\""'),
    "no recent sessions": lambda: _recent(b"@Invalid()"),
    "recent sessions that are objects": lambda: _recent(b"@Rect(1 2 3 4), @Size(3 4), @ByteArray(x)"),
    "many recent sessions": lambda: _recent(b", ".join(b"/a/%d.fineparser" % n for n in range(40_000))),
    "a null character in a recent session": lambda: _recent(b'"/a\\0b.fineparser", "/c\\x0\\x1b.fineparser"'),
    "a recent session of tags": lambda: _recent(b"/<img src='/dev/zero'>&&<b>.fineparser"),
    "recent devices": lambda: _recent(b"/dev/zero, /dev/stdin, /proc/self/mem, /"),
    "a variant of a user's type": lambda: _recent(b"@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x5\\x41\\x42\\x43\\x44\\0)"),
    "a variant list of many": lambda: _recent(b"@Variant(\\0\\0\\0\\t\\x7f\\xff\\xff\\xff\\0\\0\\0)"),
    "a variant in a preference": lambda: _preference("theme", "@Variant(\\0\\0\\0\\x9\\xff\\xff\\xff\\xfe)"),
    "a list in a preference": lambda: _preference("theme", "a, b, c"),
}
