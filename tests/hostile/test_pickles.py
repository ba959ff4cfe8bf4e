"""Annotation pickles that are programs against the reader: one sentence each, in bounded time and memory."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from sandbox import REFUSED, RIGHT

from fineparser_core.data.finediving import AQA_FILE, SPLIT_FILES, load_finediving
from fineparser_core.data.restricted_pickle import load_pickle

PROTO = b"\x80\x04"
KEYS = [("A_10m", 1), ("A_10m", 2)]
LABELS = np.repeat([4, 25, 36], (5, 8, 7))
DIVE = ["407C", 61.0, 3.2, np.array([4, 12]), LABELS]
_SCALAR = b"cnumpy.core.multiarray\nscalar\n"
_ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"


def read_pickle(path):
    """The name of the type of what a pickle holds."""
    return type(load_pickle(path)).__name__


def read_annotations(path):
    """Dives of the data set that the file lies in."""
    return len(load_finediving(path.parent).records)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def dtype(code, order="<"):
    state = b"(K\x03" + short(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
    return b"cnumpy\ndtype\n" + short(code) + b"\x89\x88\x87R" + state + b"b"


def array(code, shape, raw):
    return _ARRAY + b"(K\x01" + shape + dtype(code) + b"\x89" + raw + b"tb"


def nested_key(depth):
    """A dictionary with a key ((..), (..)) whose halves are one tuple each, `depth` times: 2 ** depth to hash."""
    return PROTO + b"})" + b"".join(b"\x94h" + bytes([i]) + b"\x86" for i in range(depth)) + b"K\x01s."


def shared(build, depth):
    """As `nested_key`, with any container, as a value."""
    return PROTO + b"]" + b"".join(b"\x94(h" + bytes([i]) + b"h" + bytes([i]) + build for i in range(depth)) + b"."


GOOD = {
    "shared": dict.fromkeys(KEYS, DIVE),
    "plain": [1, 2.5, "text", None, True, (1, ("a", 2)), {"a": {}}],
    "arrays": {("e", 1): [*DIVE, b"bytes"]},
}

BOMBS = {
    "a key of shared tuples": lambda: nested_key(60),
    "a key nested a million deep": lambda: PROTO + b"})" + b"\x85" * 1_000_000 + b"K\x01s.",
    "keys of shared tuples in SETITEMS": lambda: (
        PROTO + b"}()" + b"".join(b"\x94h" + bytes([i]) + b"\x86" for i in range(60)) + b"K\x01u."
    ),
    "shared lists": lambda: shared(b"l", 100),
    "ten lists, each a thousand times in the next": lambda: (
        PROTO + b"]" + b"".join(b"\x94(" + (b"h" + bytes([i])) * 1000 + b"l" for i in range(10)) + b"."
    ),
    "bytes in arrays without end": lambda: (
        PROTO
        + b"B"
        + struct.pack("<I", 10**6)
        + bytes(10**6)
        + b"\x94("
        + array("i1", b"J" + struct.pack("<i", 10**6) + b"\x85", b"h\x00") * 10_000
        + b"l."
    ),
    "bytes in words without end": lambda: (
        PROTO
        + b"B"
        + struct.pack("<I", 400_000)
        + b"a\0\0\0" * 100_000
        + b"\x94("
        + (_SCALAR + dtype("U99999") + b"h\x00\x86R") * 10_000
        + b"l."
    ),
    "a list in itself": lambda: PROTO + b"]\x94h\x00a.",
    "a value nested a million deep": lambda: PROTO + b"N" + b"\x85" * 1_000_000 + b".",
    "marks without end": lambda: PROTO + b"(" * 20_000_000 + b".",
    "a huge index of the memo": lambda: PROTO + b"]r\xff\xff\xff\xff.",
    "an index that was not put": lambda: PROTO + b"h\x05.",
    "bytes of 2 ** 62": lambda: PROTO + b"\x8e" + struct.pack("<Q", 2**62) + b"abc.",
    "a byte array of 2 ** 40": lambda: b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.",
    "text of 2 ** 62": lambda: PROTO + b"\x8d" + struct.pack("<Q", 2**62) + b"abc.",
    "a frame of 2 ** 62": lambda: PROTO + b"\x95" + struct.pack("<Q", 2**62) + b"N.",
    "frames within frames": lambda: PROTO + (b"\x95" + struct.pack("<Q", 9)) * 100_000 + b"N.",
    "a number of a million digits": lambda: b"L" + b"9" * 1_000_000 + b"L\n.",
    "a number of 5 MB": lambda: PROTO + b"\x8b" + struct.pack("<i", 5_000_000) + b"\x7f" * 5_000_000 + b".",
    "an array of 2 ** 40": lambda: (
        PROTO + array("f8", b"\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x85", b"C\0") + b"."
    ),
    "an array of nothing, 10 ** 9 times": lambda: PROTO + array("S0", b"J\x00\xca\x9a\x3b\x85", b"C\0") + b".",
    "a scalar of nothing": lambda: PROTO + _SCALAR + dtype("U0") + b"C\0\x86R.",
    "an array of objects": lambda: PROTO + array("O8", b"K\x01\x85", b"]N\x85") + b".",
    "an array of negative size": lambda: PROTO + array("f8", b"J\xff\xff\xff\xff\x85", b"C\0") + b".",
    "an array of 100 dimensions": lambda: PROTO + array("f8", b"(" + b"K\x01" * 100 + b"t", b"C\x08" + bytes(8)) + b".",
    "an array of words that are numbers": lambda: PROTO + array("f8", b"K\x01\x85", short("12345678")) + b".",
    "an array filled twice": lambda: (
        PROTO
        + array("f8", b"K\x01\x85", b"C\x08" + bytes(8))
        + b"(K\x01K\x02\x85"
        + dtype("f8")
        + b"\x89C\x10"
        + bytes(16)
        + b"tb."
    ),
    "text repeated to terabytes": lambda: (
        PROTO + b"X" + struct.pack("<I", 10**6) + b"a" * 10**6 + b"\x94(" + b"h\x00" * 10**6 + b"l."
    ),
    "os.system": lambda: b"cos\nsystem\n(S'touch pwned'\ntR.",
    "os.system by INST": lambda: b"(S'touch pwned'\nios\nsystem\n.",
    "eval by NEWOBJ": lambda: PROTO + b"cbuiltins\neval\n" + short("1") + b"\x85\x81.",
    "a persistent id": lambda: b"P1\n.",
    "an extension": lambda: PROTO + b"\x82\x01.",
    "a name with a long module": lambda: b"c" + b"a." * 100_000 + b"\nb\n.",
    "a name with escapes": lambda: b"c\x1b[31m\nb\n.",
    "a stand-in as a value": lambda: PROTO + _SCALAR + b".",
    "a text filled": lambda: PROTO + short("a") + b"Nb.",
    "items set on an array": lambda: PROTO + array("f8", b"K\x01\x85", b"C\x08" + bytes(8)) + b"K\x00K\x05s.",
    "protocol 99": lambda: b"\x80\x63N.",
    "an odd number of keys and values": lambda: PROTO + b"}(K\x01K\x02K\x03u.",
    "text that is not UTF-8": lambda: PROTO + b"\x8c\x02\xff\xfe.",
    "a list as a key": lambda: PROTO + b"}]K\x01s.",
    "an array as a key": lambda: PROTO + b"}" + array("f8", b"K\x01\x85", b"C\x08" + bytes(8)) + b"K\x01s.",
}

# What a well-formed pickle may say of a dive, and no dive can have.
DIVES = {
    "infinite difficulty": {KEYS[0]: [*DIVE[:2], float("inf"), *DIVE[3:]], KEYS[1]: DIVE},
    "difficulty nan": {KEYS[0]: ["407C", 61.0, float("nan"), *DIVE[3:]], KEYS[1]: DIVE},
    "transitions nan": {KEYS[0]: [*DIVE[:3], [float("nan")] * 2, LABELS], KEYS[1]: DIVE},
    "no transitions": {KEYS[0]: [*DIVE[:3], [], LABELS], KEYS[1]: DIVE},
    "transitions of 64 bits": {KEYS[0]: [*DIVE[:3], np.array([2**63 - 1] * 2), LABELS], KEYS[1]: DIVE},
    "labels of two dimensions": {KEYS[0]: [*DIVE[:4], np.zeros((3, 4))], KEYS[1]: DIVE},
    "two million labels": {KEYS[0]: [*DIVE[:4], np.zeros(2_000_000, np.int8)], KEYS[1]: DIVE},
    "a number of a million letters": {KEYS[0]: ["4" * 1_000_000, *DIVE[1:]], KEYS[1]: DIVE},
    "an event of a million letters": {("A" * 1_000_000, 1): DIVE, **dict.fromkeys(KEYS, DIVE)},
    "an event that leaves the folder": {("../../etc", 1): DIVE, **dict.fromkeys(KEYS, DIVE)},
    "an infinite index": {("A_10m", float("inf")): DIVE, **dict.fromkeys(KEYS, DIVE)},
    "too few values": {KEYS[0]: DIVE[:3], KEYS[1]: DIVE},
    "no dives": {},
}

SPLITS = {"a number": 5, "one event": ["A"], "a long event": [("A" * 1_000_000, 1)]}

# Odd, and reading it does no harm.
HARMLESS = ("a huge index of the memo", "a frame of 2 ** 62", "frames within frames", "an array filled twice")
DOUBTFUL = ("transitions of 64 bits",)  # reported as a defect
FIXED = ("a key of shared tuples", "a key nested a million deep", "shared lists", "bytes of 2 ** 62", "os.system")


def written(folder, data):
    path = folder / "annotation.pkl"
    path.write_bytes(data)
    return path


def run_bombs(names, sandbox, folder):
    wrong = []
    for name in names:
        outcome = sandbox.run("test_pickles:read_pickle", written(folder, BOMBS[name]()))
        wrong += outcome.unless(name, RIGHT if name in HARMLESS else REFUSED)
    return wrong


def test_bombs_are_refused_and_good_files_read(sandbox, tmp_path):
    wrong = []
    for name, thing in GOOD.items():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1) if name == "plain" else (3, 4, 5):
            path = written(tmp_path, pickle.dumps(thing, protocol))
            wrong += sandbox.run("test_pickles:read_pickle", path).unless(f"{name} {protocol}", RIGHT)
    assert not wrong + run_bombs(FIXED, sandbox, tmp_path)


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_every_bomb_is_refused(sandbox, tmp_path):
    wrong = run_bombs(tuple(BOMBS), sandbox, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    for special in (tmp_path, Path("/dev/zero"), tmp_path / "pipe"):
        wrong += sandbox.run("test_pickles:read_pickle", special).unless(special.name, REFUSED)
    assert not wrong


@pytest.mark.hostile
def test_dives_that_cannot_be(sandbox, tmp_path):
    wrong = []
    for name, file in SPLIT_FILES.items():
        (tmp_path / file).write_bytes(pickle.dumps([KEYS[name == "test"]]))
    for name, thing in DIVES.items():
        (tmp_path / AQA_FILE).write_bytes(pickle.dumps(thing))
        outcome = sandbox.run("test_pickles:read_annotations", tmp_path / AQA_FILE)
        wrong += outcome.unless(name, REFUSED, *([RIGHT] if name in DOUBTFUL else []))
    (tmp_path / AQA_FILE).write_bytes(pickle.dumps(dict.fromkeys(KEYS, DIVE)))
    for name, thing in SPLITS.items():
        (tmp_path / SPLIT_FILES["train"]).write_bytes(pickle.dumps(thing))
        outcome = sandbox.run("test_pickles:read_annotations", tmp_path / AQA_FILE)
        wrong += outcome.unless(f"split: {name}", REFUSED)
    assert not wrong
