"""Makes hostile settings files, by name."""

_VERSION = b"[General]\nversion=2\n"


def _preference(name, value):
    return _VERSION + f"[preferences]\n{name}={value}\n".encode("utf-8", "surrogatepass")


def _general(value):
    return b"[General]\nvalue=" + value + b"\nversion=2\n"


SETTINGS = {
    "as they should be": lambda: _preference("theme", '"\\"dark\\""') + b"n_exemplars=5\n",
    "empty": lambda: b"",
    "one long line": lambda: b"x" * 900_000,
    "many keys": lambda: _VERSION + b"".join(b"k%d=1\n" % n for n in range(60_000)),
    "too large": lambda: b"[preferences]\n" + b"theme=1\n" * 200_000,
    "a byte order mark": lambda: b"\xef\xbb\xbf" + _VERSION,
    "a version of many digits": lambda: b"[General]\nversion=" + b"9" * 100_000 + b"\n",
    "a version that is an object": lambda: b"[General]\nversion=@Rect(1 2 3 4)\n",
    "a theme, nested": lambda: _preference("theme", '"' + "[" * 100_000 + '"'),
    "a surrogate in a name": lambda: _preference("club", '"\\"\\\\ud800\\""'),
    "true exemplars": lambda: _preference("n_exemplars", "true"),
    "a skeleton that is text": lambda: _preference("skeleton", '"\\"yes\\""'),
    "a language that is code": lambda: _preference("language", '"\\"#123456; background: url(\'/dev/zero\')\\""'),
    "a device for weights": lambda: _preference("weights", '"\\"/dev/zero\\""'),
    "a variant of a user's type": lambda: _general(b"@Variant(\\0\\0\\0\\x7f\\0\\0\\0\\x5\\x41\\x42\\x43\\x44\\0)"),
    "a variant in a preference": lambda: _preference("theme", "@Variant(\\0\\0\\0\\x9\\xff\\xff\\xff\\xfe)"),
}
