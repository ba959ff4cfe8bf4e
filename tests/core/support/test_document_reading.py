import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest
from msgspec import Meta

from fineparser_core.errors import ConfigError
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.documents import read_document, read_rows, read_table_text
from fineparser_core.support.files import content_digest, plain_files

FORM = "fineparser.thing/1"


@dataclass(frozen=True, kw_only=True)
class Thing:
    name: str
    size: int = 0


def refused(path):
    return lambda reason: ConfigError("{0} is no thing ({1}): make another.", path, reason)


def read(path):
    return read_document(path, Thing, refused(path), most_bytes=1000, form=FORM)


def test_a_record_is_read_and_unknown_keys_are_ignored(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("\ufeff" + json.dumps({"format": FORM, "name": "Ü", "size": 3, "new": []}), encoding="utf-8")
    assert read(path) == Thing(name="Ü", size=3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, os.strerror(2)),
        (b" " * 1001, "larger than 0.001 MB"),
        (b"{", "Expecting"),
        (b"\xff", "not text in UTF-8"),
        (b"[" * 20 + b"]" * 20, "nested too deeply"),
        (b'{"size": NaN}', "NaN is no number"),
        (b"[1]", f"not of format {FORM}"),
        (b'{"format": "fineparser.thing/2", "name": "a"}', f"not of format {FORM}"),
        (json.dumps({"format": FORM}).encode(), "name is missing"),
        (json.dumps({"format": FORM, "name": "a", "size": "x" * 900}).encode(), "size: 'xxx"),
    ],
)
def test_what_is_wrong_is_one_short_sentence_of_the_callers(tmp_path, content, reason):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as failure:
        read(path)
    said = str(failure.value)
    assert said.startswith(f"{path} is no thing (")
    assert reason in said
    assert len(said) < len(str(path)) + 250


@pytest.mark.parametrize("n_bytes", [1000, 4 << 20, 5 << 20])
def test_a_digest_of_content_tells_a_change_at_either_end_and_in_the_middle(tmp_path, n_bytes):
    path, content = tmp_path / "dive.mp4", bytearray(np.random.default_rng(0).bytes(n_bytes))
    digests = set()
    for place in (None, 0, n_bytes // 2, n_bytes - 1):
        changed = bytearray(content)
        if place is not None:  # 64 KiB, as some are left out between the parts that are read
            changed[place : place + (1 << 16)] = bytes(len(changed[place : place + (1 << 16)]))
        path.write_bytes(changed)
        digests.add(content_digest(path))
    path.write_bytes(content[:-1])
    assert len(digests | {content_digest(path)}) == 5
    path.write_bytes(content)
    assert content_digest(path) in digests


def test_only_plain_files_of_a_folder_are_listed(tmp_path):
    for name in ("b.jpg", "a.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "link.jpg").symlink_to("a.jpg")
        (tmp_path / "lost.jpg").symlink_to("nothing")
    names = [path.name for path in plain_files(tmp_path)]
    assert names == ["a.jpg", "b.jpg", *(["link.jpg"] if hasattr(os, "mkfifo") else [])]
    assert plain_files(tmp_path / "nowhere") == plain_files(tmp_path / "a.jpg") == []


def test_a_folder_and_a_pipe_are_no_documents(tmp_path):
    with pytest.raises(ConfigError, match="is no thing"):
        read(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ConfigError, match="a pipe or a device"):
            read(tmp_path / "pipe")


def test_tables_are_read_in_what_spreadsheets_write_and_workbooks_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        path.write_bytes("name;size\nÜ;3\n".encode(encoding))
        assert list(read_rows(path, 1000, refused(path))) == [(1, ["name", "size"]), (2, ["Ü", "3"])]
    path.write_bytes(b"PK\3\4" + bytes(20))
    with pytest.raises(ConfigError, match="it is no CSV, but a workbook"):
        read_table_text(path, 1000, refused(path))
    path.write_text('a\n"' + "x" * 200_000 + '"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="it is no CSV, field larger"):
        list(read_rows(path, 1_000_000, refused(path)))


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
        ({"share": True}, "share: True where a number or null belongs"),
        ({"parts": {}}, "parts: {} where a list belongs"),
        ({"parts": [{"frame": 1}, {"frame": -1}]}, "parts[1].frame: -1 where a whole number >= 0 belongs"),
        ({"parts": [{"frame": 1, "name": "long"}]}, "parts[0].name: 'long' where text of at most 3 characters belongs"),
        ({"parts": [{}]}, "parts[0].frame is missing"),
        ({"parts": [{"frame": 13}]}, "parts[0]: 13 is no frame"),
        ({"by_name": {"a.b": {"frame": "x"}}}, "by_name[...].frame: a value where a whole number belongs"),
        ({"kind": "c"}, "kind: Invalid enum value 'c'"),
        ({"path": "a\0b"}, r"path: 'a\x00b' where the name of a file belongs"),
        ({"array": [1]}, "array: [1] where numpy.ndarray belongs"),
        (3, "3 where an object belongs"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change, reason):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        from_json({"path": "a"} | change if isinstance(change, dict) else change, Whole)
    assert str(refused.value) == reason
