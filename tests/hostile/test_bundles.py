"""Untrusted bundles of weights: cards, files and places that are not what they say."""

import hashlib
import json
import os
import shutil
import struct
from dataclasses import fields

import pytest
import torch
from safetensors.torch import save
from sandbox import REFUSED, RIGHT

from fineparser_core.checkpoints.bundle import WeightsCard, load_bundle, load_fineparser, read_card, save_bundle
from fineparser_core.config import ModelConfig
from fineparser_core.constants import CARD_NAME
from fineparser_core.resources import bundled_weights, resource

CARD = WeightsCard(name="stranger", trained_on="nothing", synthetic=True, notices=("a",), metrics={"rho": 0.5})
WEIGHTS = "model.safetensors"
WRONG = {"text": "x", "a number": 1.5, "a list": [[1]], "an object": {"a": [1]}, "nothing": None}


def read_bundle(path):
    """Number of tensors and id of a bundle."""
    state, card = load_bundle(path)
    return [len(state), card.id]


def read_network(path):
    """Id of a bundle that is loaded whole."""
    return load_fineparser(path)[1].id


def parse_clip(path, progress):
    """Whether the sample is parsed."""
    from fineparser_core.inference.analyzer import Analyzer
    from fineparser_core.inference.pipeline import votes
    from fineparser_core.video.clips import make_clip

    analyzer = Analyzer.open(weights=path)
    parse, encoding = analyzer.parse(make_clip(resource("samples", "sample.mp4")), progress=progress)
    votes(analyzer, encoding, analyzer.library.exemplars()[:1])
    return parse.refusal is None


def small_bundle(folder):
    """Two tensors."""
    save_bundle({"a.weight": torch.ones(8, 4), "b.bias": torch.ones(4)}, CARD, folder)


def edit(**values):
    """Fields of the card."""

    def change(folder):
        card = json.loads((folder / CARD_NAME).read_text(encoding="utf-8"))
        (folder / CARD_NAME).write_text(json.dumps(card | values), encoding="utf-8")

    return change


def text(content):
    """The card as a whole."""
    return lambda folder: (folder / CARD_NAME).write_bytes(content) and None


def inside(old, new):
    """A part of the card."""

    def change(folder):
        content = (folder / CARD_NAME).read_bytes()
        assert old in content
        (folder / CARD_NAME).write_bytes(content.replace(old, new, 1))

    return change


def put(data, name=WEIGHTS):
    """Weights whose checksum fits."""

    def change(folder):
        (folder / name).write_bytes(data)
        edit(sha256=hashlib.sha256(data).hexdigest())(folder)

    return change


def weights(header, data=b"", n_header=None):
    """Weights of this header."""
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return put(struct.pack("<Q", len(encoded) if n_header is None else n_header) + encoded + data)


def tensor(dtype="F32", shape=(2,), ends=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(ends)}


def tensors(**state):
    return put(save({name.replace("__", ":"): value for name, value in state.items()}))


def sparse(name, n_bytes, head=b""):
    """A file that takes no room on the disk."""

    def change(folder):
        with (folder / name).open("wb") as file:
            file.write(head)
            file.truncate(n_bytes)

    return change


def instead(name, make):
    """Something else in place of a file."""

    def change(folder):
        (folder / name).unlink()
        make(folder / name)

    return change


def both(*changes):
    def change(folder):
        for one in changes:
            one(folder)

    return change


def no_folder(folder):
    shutil.rmtree(folder)
    folder.write_text("weights", encoding="utf-8")


DEEP = b"[" * 100_000 + b"]" * 100_000
HUGE = struct.pack("<Q", 100) + json.dumps({"a": tensor("F32", (2**38,), (0, 2**40))}).encode().ljust(100)

BUNDLED = read_card(bundled_weights()).id
HARMLESS = {
    "a good bundle": lambda folder: None,
    "a byte order mark": lambda folder: text(b"\xef\xbb\xbf" + (folder / CARD_NAME).read_bytes())(folder),
    "a link to weights": instead(WEIGHTS, lambda path: (path.with_name("blob"), path.symlink_to("blob"))),
    "the id of the bundled weights": edit(id=BUNDLED),
    "the name of the bundled weights": edit(name="fineparser-pose", id=BUNDLED),
    "an empty tensor": tensors(a=torch.ones(0, 4)),
    "a scalar": tensors(a=torch.tensor(2.0)),
    "other files beside": lambda folder: (folder / "evil.py").write_text("raise SystemExit", encoding="utf-8") and None,
}

CASES = {
    "no folder": shutil.rmtree,
    "a file for a folder": no_folder,
    "no card": lambda folder: (folder / CARD_NAME).unlink(),
    "a device for a card": instead(CARD_NAME, lambda path: path.symlink_to("/dev/zero")),
    "a card of a terabyte": sparse(CARD_NAME, 10**12, b"{"),
    "bytes that are no text": inside(b"stranger", b"\xff\xfe"),
    "lists without end": text(DEEP),
    "nesting in a field": inside(b'"rho": 0.5', b'"rho": ' + b"[" * 500 + b"]" * 500),
    "NaN": inside(b"0.5", b"NaN"),
    "a number of 5,000 digits": inside(b"0.5", b"9" * 5_000),
    "an unknown field": edit(run="os.system"),
    "a name with a null": edit(name="a\0b"),
    "a name with escapes": edit(name="\x1b[31mred"),
    "another architecture": edit(architecture="fineparser-i3d-resnet18"),
    "an unknown setting": edit(model={"run": True}),
    "an unknown method": edit(model={"method": "gpt"}),
    "settings that do not fit": edit(model={"method": "core", "step_weights": [1, 2, 3]}),
    "no checksum": edit(sha256=""),
    "another checksum": edit(sha256="0" * 64),
    "a card of the first format": edit(format="fineparser.weights/1"),
    "a pipe for weights": instead(WEIGHTS, lambda path: os.mkfifo(path)),
    "a device for weights": instead(WEIGHTS, lambda path: path.symlink_to("/dev/zero")),
    "half the weights": lambda folder: put((folder / WEIGHTS).read_bytes()[:-8])(folder),
    "a pickle for weights": put(b"\x80\x04cos\nsystem\n\x8c\x0btouch pwned\x85R."),
    "a terabyte of weights": sparse(WEIGHTS, 10**12),
    "a terabyte of a tensor": sparse(WEIGHTS, 2**40 + 108, HUGE),
    "a header of 2 ** 63": weights({}, n_header=2**63),
    "a header beyond the file": weights({"a": tensor()}, bytes(8), n_header=500),
    "a tensor beyond the file": weights({"a": tensor(ends=(0, 800), shape=(200,))}, bytes(8)),
    "a shape that overflows": weights({"a": tensor(shape=(2**40, 2**40))}, bytes(8)),
    "a shape without end": weights({"a": tensor(shape=(1,) * 100_000, ends=(0, 4))}, bytes(4)),
    "an unknown type": weights({"a": tensor("Q7")}, bytes(8)),
    "float64": tensors(a=torch.ones(4, dtype=torch.float64)),
    "a NaN": tensors(a=torch.tensor([1.0, float("nan")])),
    "8 bits without a scale": tensors(a=torch.ones(4, 2, dtype=torch.int8)),
    "8 bits that overflow": tensors(a=torch.full((4, 2), 127, dtype=torch.int8), a__scale=torch.full((4,), 3e38)),
    "escapes in the name of a NaN": put(save({"\x1b[31m\n": torch.tensor([float("nan")])})),
}
FREE = ("id", "evaluation", "calibration")
CASES |= {
    f"{field.name} is {kind}": edit(**{field.name: value})
    for field in fields(WeightsCard)
    for kind, value in WRONG.items()
    if not (field.type is str and kind == "text")
    and not (field.name in FREE and kind == "an object")
    and (field.name, kind) != ("provenance", "nothing")
}
CASES |= {
    f"setting {field.name} is {kind}": edit(model={field.name: value})
    for field in fields(ModelConfig)
    for kind, value in WRONG.items()
}
FIXED = ("lists without end", "a device for weights", "a terabyte of a tensor", "a NaN", "no checksum")

NETWORKS = {
    "half its tensors": lambda folder: halve(folder),
    "a variance below zero": lambda folder: poison(folder, "running_var", -1.0),
    "weights of 1e38": lambda folder: poison(folder, ".bias", 1e38),
    "another network": edit(model={}, architecture=ModelConfig().architecture),
}


def halve(folder):
    state, card = load_bundle(folder)
    save_bundle({name: state[name] for name in sorted(state)[::2]}, card, folder)


def poison(folder, ending, value):
    state, card = load_bundle(folder)
    state = {name: torch.full_like(v, value) if name.endswith(ending) else v for name, v in state.items()}
    save_bundle(state, card, folder)


def run_cases(cases, kind, sandbox, root):
    wrong = []
    for number, (name, change) in enumerate(cases.items()):
        folder = root / f"{kind} {number}"
        small_bundle(folder)
        if name == "a link to weights":
            shutil.copy(folder / WEIGHTS, folder / "blob")
        change(folder)
        outcome = sandbox.run("test_bundles:read_bundle", folder)
        wrong += outcome.unless(name, kind)
        if outcome.kind == RIGHT and not outcome.value[1].startswith(("stranger-", "fineparser-pose-")):
            wrong.append(f"{name}: {outcome.value}")
        if "bundled" in name and outcome.value[1] == BUNDLED:
            wrong.append(f"{name}: it has the id of the bundled weights")
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink(missing_ok=True)
    return wrong


def test_foreign_bundles(sandbox, tmp_path):
    wrong = run_cases(HARMLESS, RIGHT, sandbox, tmp_path)
    assert not wrong + run_cases({name: CASES[name] for name in FIXED}, REFUSED, sandbox, tmp_path)


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_every_foreign_bundle(sandbox, tmp_path):
    assert len(CASES) >= 60
    assert not run_cases(CASES, REFUSED, sandbox, tmp_path)


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_networks_that_are_not_what_they_say(sandbox, tmp_path):
    wrong = []
    for name, change in NETWORKS.items():
        folder = tmp_path / name
        shutil.copytree(bundled_weights(), folder)
        change(folder)
        loads = "tensors" in name or "network" in name
        action, more = ("read_network", {}) if loads else ("parse_clip", {"progress": True})
        wrong += sandbox.run(f"test_bundles:{action}", folder, **more).unless(name, REFUSED)
        shutil.rmtree(folder)
    assert not wrong
