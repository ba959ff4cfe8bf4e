"""Makes hostile session files: mutations of a valid one, and what no mutation would come to."""

import json
import operator
import os
from pathlib import Path

from damage import damaged, mutated
from hypothesis import strategies as st

from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.session_file import SavedSession, session_json

#: In place of a token that `json.dumps` cannot write; it is put in afterwards.
_RAW = "@@raw {}@@"


def valid_session():
    """The content of a session with everything in it, whose video of 120 frames lies beside the file."""
    here, gone = (SavedDive(path=Path("/nowhere", name)) for name in ("clip.mp4", "gone.mp4"))
    content = json.loads(session_json(SavedSession(selected=1, dives=(here, here, gone)), Path("/nowhere")))
    _, rich, missing = content["dives"]
    rich["drawings"] = [
        {"kind": "line", "frame": 3, "points": [[1, 2], [30.5, 40]], "text": ""},
        {"kind": "angle", "frame": 40, "points": [[1, 2], [30, 40], [5, 6]], "text": ""},
        {"kind": "note", "frame": 80, "points": [[20, 20]], "text": "später – 腰"},
    ]
    rich |= {
        "in_frame": 2,
        "out_frame": 110,
        "dive_number": "207C",
        "board_m": 10.0,
        "difficulty": 3.4,
        "athlete": "Zoë",
    }
    rich |= {"transitions": [40, 80], "left_out": ["a"], "nearest": True}
    segment = {"in_frame": 2, "first_flight_frame": 40, "first_entry_frame": 80, "out_frame": 110, "confidence": 0.7}
    identity = {"size_bytes": 9000, "head_sha256": "0" * 64, "n_frames": 120, "fps": 30.0, "width_px": 64}
    rich["segments"], missing["relative_path"], missing["video"] = [segment], None, identity | {"height_px": 48}
    return content


def written(content):
    """JSON, with the raw tokens in their places."""
    first, *parts = json.dumps(content).split('"@@raw ')
    with_tokens = (json.loads(f'"{token}"') + rest for token, _, rest in (part.partition('@@"') for part in parts))
    return (first + "".join(with_tokens)).encode()


def _raw(*tokens):
    """Tokens of JSON as they stand."""
    return st.sampled_from(tokens).map(_RAW.format)


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((-1, 0, 1, 119, 120, 10**6, 2**31 - 1, 2**31, 2**63, -(2**63), 10**19)),
    st.sampled_from((0.5, -0.5, 1e-300, 1e308, -1e308, 3.0)),
    _raw("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000, "1" + "0" * 400, "1E-999"),
    st.sampled_from(("", " ", "x", "207C", "line", "null", "0", "\0", "a\0b", "\n\r\t\x1b[31m", "../../..")),
    st.sampled_from(("\ud800", "\udcff", "\u202e", "\ufeff", "𝔸", "e\u0301" * 50, "<b>x</b><img src='/dev/zero'>")),
    st.builds(operator.mul, st.sampled_from("xé/\\"), st.sampled_from((200, 300, 5000, 300_000))),
    st.sampled_from(("/dev/zero", "/dev/stdin", "/proc/self/mem", "http://127.0.0.1:9/a.mp4", "concat:a|b", "CON")),
    st.sampled_from(([], {}, [[]], [{}], {"": ""}, [None] * 5, list(range(1000)), {str(n): n for n in range(500)})),
    _raw(*("[" * depth + "]" * depth for depth in (10, 200, 100_000))),
    _raw(*('{"a":' * depth + "1" + "}" * depth for depth in (10, 5000))),
)


def _spoilt(data):
    turned = st.integers(0, len(data)).map(lambda at: data[at:] + data[:at])
    text = data.decode("utf-8", "replace")
    return damaged(data, text=True) | turned | st.sampled_from(("utf-16", "utf-32", "utf-8-sig")).map(text.encode)


def hostile_sessions():
    """Untrusted session files; of some the bytes are damaged as well."""
    whole = mutated(valid_session(), _ODD).map(written)
    return st.integers(0, 4).flatmap(lambda way: whole if way else whole.flatmap(_spoilt))


def _with(**changes):
    """The valid session with changes in its second dive or, where that has no such key, in the session."""
    content = valid_session()
    dive = content["dives"][1]
    for key, value in changes.items():
        (dive if key in dive else content)[key] = value
    return written(content)


def _drawings(n, text=""):
    return [{"kind": "note", "frame": n % 120, "points": [[n % 64, n % 48]], "text": text} for n in range(n)]


def _path(name):
    return {"path": name, "relative_path": None}


PLAIN = valid_session()["dives"][0]
NOTE = {"kind": "note", "frame": 0, "points": [[1e6, -1e6]], "text": "\u202e<b>" + "م" * 400}
FAR = {"kind": "line", "frame": 2**31 - 1, "points": [[-1e6, -1e6], [1e6, 1e6]], "text": ""}

BOMBS = {
    "as it should be": lambda: _with(),
    "empty": lambda: b"",
    "a nested million": lambda: b"[" * 1_000_000,
    "a million drawings": lambda: _with(drawings=_drawings(3)).replace(
        b'"text": ""}]', b'"text": ""}' + b',{"kind":"note","frame":1,"points":[[1,1]],"text":""}' * 200_000 + b"]"
    ),
    "as many drawings as there may be": lambda: _with(drawings=_drawings(1000, "x" * 500)),
    "ten thousand dives": lambda: _with(dives=[PLAIN] * 10_000),
    "as many dives as there may be": lambda: _with(dives=[PLAIN | _path("/nowhere/gone.mp4")] * 3000),
    "two thousand dives found": lambda: _with(
        segments=[
            {"in_frame": n, "first_flight_frame": n, "first_entry_frame": n, "out_frame": n, "confidence": 0.5}
            for n in range(2000)
        ]
    ),
    "millions of dives found": lambda: _with(segments=[0] * 2_000_000),
    "a format that is a tree": lambda: _with(format=[[list(range(1000))] * 20] * 20),
    "larger than a session": lambda: _with(athlete="x" * 17_000_000),
    "frames beyond the end": lambda: _with(in_frame=2**31 - 9, out_frame=2**31 - 1, transitions=[10**9, 10**9 + 1]),
    "an in point behind the out point": lambda: _with(in_frame=100, out_frame=50),
    "drawings far away": lambda: _with(drawings=[NOTE, FAR]),
    "the same keys twice": lambda: _with().replace(b'"paused"', b'"dives": [], "selected": 0, "paused"'),
    "a lone surrogate": lambda: _with(athlete="\ud800", drawings=[NOTE | {"text": "\udfff"}]),
    "the zero device": lambda: _with(**_path("/dev/zero")),
    "a name with tags": lambda: _with(athlete="<img src='/dev/zero'>", **_path("/<b>bold<b>/<img src=x>.mp4")),
    "a name that steers a terminal": lambda: _with(**_path("/a/\x1b[2J\r\n\x07.mp4")),
    "the wrong video": lambda: _with(video=valid_session()["dives"][2]["video"]),
}


def odd_files(folder):
    """Things at whose paths there is no regular file."""
    folder.mkdir()
    found = {name: folder / f"{name}.fineparser" for name in ("folder", "pipe", "loop", "device", "nothing", "sparse")}
    found["folder"].mkdir()
    os.mkfifo(found["pipe"])
    found["loop"].symlink_to(found["loop"])
    found["device"].symlink_to("/dev/zero")
    with found["sparse"].open("wb") as file:
        file.truncate(1 << 36)
    return found | {"null": Path(str(folder / "a\0b.fineparser")), "long": folder / ("x" * 300)}
