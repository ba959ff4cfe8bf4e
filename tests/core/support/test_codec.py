from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest
from msgspec import Meta

from fineparser_core.support.codec import from_json, to_json


class Said(str):
    """Text of a class of its own."""


@dataclass(frozen=True, kw_only=True)
class Part:
    frame: Annotated[int, Meta(ge=0, lt=100)]
    name: Annotated[str, Meta(max_length=3)] = ""

    def __post_init__(self):
        if self.frame == 13:
            raise ValueError("13 is no frame")


@dataclass(frozen=True, kw_only=True)
class Whole:
    path: Path
    share: float | None = None
    kind: Literal["a", "b"] = "a"
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] = field(default_factory=dict)
    array: np.ndarray | None = None


def test_what_was_written_comes_back():
    whole = Whole(
        path=Path("a/b"), share=0.5, parts=(Part(frame=3), Part(frame=4, name="x")), by_name={"k": Part(frame=1)}
    )
    assert from_json(to_json(whole), Whole) == whole
    values = {"n": np.float64(1.5), "array": np.arange(3), "path": Path("a"), "text": Said("b")}
    stored = to_json(values)
    assert stored == {"n": 1.5, "array": [0, 1, 2], "path": "a", "text": "b"}
    assert [type(one) for one in stored.values()] == [float, list, str, str]


def test_arrays_and_records_are_taken_as_they_are():
    array, part = np.arange(4), Part(frame=5)
    whole = from_json({"path": "a", "array": array, "parts": [part], "other": 1}, Whole)
    assert whole.array is array
    assert whole.parts == (part,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"share": "much"}, "share: 'much' where a number or null belongs"),
        ({"share": True}, "share: True where a number or null belongs"),
        ({"parts": {}}, "parts: {} where a list belongs"),
        ({"parts": [{"frame": 1}, {"frame": -1}]}, "parts[1].frame: -1 where a whole number >= 0 belongs"),
        ({"parts": [{"frame": 1.5}]}, "parts[0].frame: 1.5 where a whole number belongs"),
        ({"parts": [{"frame": 1, "name": "long"}]}, "parts[0].name: 'long' where text of at most 3 characters belongs"),
        ({"parts": [{}]}, "parts[0].frame is missing"),
        ({"parts": [{"frame": 13}]}, "parts[0]: 13 is no frame"),
        ({"by_name": {"a.b": {"frame": "x"}}}, "by_name[...].frame: a value where a whole number belongs"),
        ({"kind": "c"}, "kind: Invalid enum value 'c'"),
        ({"path": ""}, "path: '' where the name of a file belongs"),
        ({"path": "a\0b"}, r"path: 'a\x00b' where the name of a file belongs"),
        ({"array": [1]}, "array: [1] where numpy.ndarray belongs"),
        (3, "3 where an object belongs"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, reason):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        from_json({"path": "a"} | change if isinstance(change, dict) else change, Whole)
    assert str(refused.value) == reason
