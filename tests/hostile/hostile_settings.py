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
    "zeros": lambda: bytes(100_000),
    "brackets": lambda: b"[" * 500_000,
    "one long line": lambda: b"x" * 900_000,
    "many groups": lambda: b"".join(b"[g%d]\nk=1\n" % n for n in range(50_000)),
    "many keys": lambda: _VERSION + b"".join(b"k%d=1\n" % n for n in range(60_000)),
    "too large": lambda: b"[preferences]\n" + b"theme=1\n" * 200_000,
    "in UTF-16": lambda: _VERSION.decode().encode("utf-16"),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + _VERSION,
    "a version of many digits": lambda: b"[General]\nversion=" + b"9" * 100_000 + b"\n",
    "a negative version": lambda: b"[General]\nversion=-5\n",
    "a version in other digits": lambda: "[General]\nversion=\u0662\u0663\n".encode(),
    "a version that is a list": lambda: b"[General]\nversion=1, 2, 3\n",
    "a version that is an object": lambda: b"[General]\nversion=@Rect(1 2 3 4)\n",
    "shortcuts, nested": lambda: _shortcuts("[" * 100_000),
    "shortcuts that are text": lambda: _shortcuts('{"play": "Space"}'),
    "shortcuts that are numbers": lambda: _shortcuts('{"play": [1, null, {}]}'),
    "a thousand shortcuts": lambda: _shortcuts('{"play": [' + ", ".join(f'"F{n}"' for n in range(1000)) + "]}"),
    "shortcuts of nobody": lambda: _shortcuts('{"nothing": ["Ctrl+Q"], "": ["X"]}'),
    "one key for all": lambda: _shortcuts(
        '{"play": ["Q"], "loop": ["Q"], "undo": ["Q"], "quit": ["Q"], "cancel": ["Q"]}'
    ),
    "a shortcut of megabytes": lambda: _shortcuts('{"play": ["' + "Ctrl+" * 100_000 + '"]}'),
    "a null character in a shortcut": lambda: _shortcuts('{"play": ["\\\\u0000"]}'),
    "a surrogate in a shortcut": lambda: _shortcuts('{"play": ["\\\\ud800"]}'),
    "infinitely many exemplars": lambda: _preference("n_exemplars", "Infinity"),
    "NaN exemplars": lambda: _preference("n_exemplars", "NaN"),
    "1e400 exemplars": lambda: _preference("n_exemplars", "1e400"),
    "exemplars of many digits": lambda: _preference("n_exemplars", "1" * 10_000),
    "minus one exemplars": lambda: _preference("n_exemplars", "-1"),
    "true exemplars": lambda: _preference("n_exemplars", "true"),
    "opacity of nothing": lambda: _preference("mask_opacity", "null"),
    "an outline that is text": lambda: _preference("mask_outline", '"\\"yes\\""'),
    "a colour that is code": lambda: _preference("mask_color", '"\\"#123456; background: url(\'/dev/zero\')\\""'),
    "a colour of megabytes": lambda: _preference("flight_color", '"\\"#' + "0" * 800_000 + '\\""'),
    "a theme of megabytes": lambda: _preference("theme", '"\\"' + "x" * 800_000 + '\\""'),
    "weights of megabytes": lambda: _preference("weights", '"\\"' + "/a" * 300_000 + '\\""'),
    "a null character in the weights": lambda: _preference("weights", '"\\"/a\\\\u0000b\\""'),
    "a device for weights": lambda: _preference("weights", '"\\"/dev/zero\\""'),
    "a device of nobody": lambda: _preference("device", '"\\"cuda:99\\""'),
    "a number of recent sessions": lambda: _recent(b"5"),
    "no recent sessions": lambda: _recent(b"@Invalid()"),
    "recent sessions that are objects": lambda: _recent(b"@Rect(1 2 3 4), @Size(3 4), @ByteArray(x)"),
    "many recent sessions": lambda: _recent(b", ".join(b"/a/%d.fineparser" % n for n in range(40_000))),
    "a recent session of megabytes": lambda: _recent(b"/" + b"a" * 900_000),
    "a null character in a recent session": lambda: _recent(b'"/a\\0b.fineparser", "/c\\x0\\x1b.fineparser"'),
    "a recent session of tags": lambda: _recent(b"/<img src='/dev/zero'>&&<b>.fineparser"),
    "recent devices": lambda: _recent(b"/dev/zero, /dev/stdin, /proc/self/mem, /"),
    "a variant of a user's type": lambda: _recent(b"@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x5\\x41\\x42\\x43\\x44\\0)"),
    "a variant that ends early": lambda: _recent(b"@Variant(\\0\\0\\0\\t\\xff\\xff\\xff\\xff)"),
    "a variant list of many": lambda: _recent(b"@Variant(\\0\\0\\0\\t\\x7f\\xff\\xff\\xff\\0\\0\\0)"),
    "a variant image": lambda: _recent(b"@Variant(\\0\\0\\0\\x46\\0\\0\\0\\x1\\x89PNG\\r\\n)"),
    "a variant in a preference": lambda: _preference("theme", "@Variant(\\0\\0\\0\\x9\\xff\\xff\\xff\\xfe)"),
    "a date of many": lambda: _preference("theme", "@DateTime(" + "\\xff" * 40 + ")"),
    "a list in a preference": lambda: _preference("theme", "a, b, c"),
}
