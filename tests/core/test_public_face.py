"""What `import fineparser_core` offers, and the scripts of packaging/docs/api.md, run as they stand there."""

import ast
import doctest
import json
import os
import pickle
import re
import runpy
import subprocess
import sys
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from narrow_networks import narrow
from parsed_once import parsed_once

import fineparser_core
from fineparser_core import (
    Analysis,
    Analyzer,
    clip_transform,
    create_model,
    evaluate,
    load_dataset,
    load_model,
    methods,
    score_clip,
)
from fineparser_core.commands.cli import main
from fineparser_core.errors import CheckpointError, ConfigError, ExportError
from fineparser_core.models.temporal_parser import decode_joint
from fineparser_core.resources import bundled_weights, resource
from fineparser_core.video.reader import VideoReader

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "packaging" / "docs" / "api.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", API, re.DOTALL)


def run_script(code, folder):
    """What a script prints in a process and a folder of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_public_names_bring_no_torch_before_they_are_used(tmp_path):
    code = (
        "import sys, fineparser_core; dir(fineparser_core); print('torch' in sys.modules, fineparser_core.__version__)"
    )
    assert run_script(code, tmp_path).split() == ["False", fineparser_core.__version__]
    assert set(fineparser_core.__all__) <= set(dir(fineparser_core))
    for name in fineparser_core.__all__:
        assert getattr(fineparser_core, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'score'"):
        _ = fineparser_core.score


def test_the_stub_names_what_the_module_does():
    stub = ast.parse((ROOT / "fineparser_core" / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {one.name: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for one in node.names}
    assert imported == fineparser_core._PUBLIC
    listed = [ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign)]
    assert listed == [fineparser_core.__all__] == [sorted(imported)]


@pytest.fixture(scope="module", autouse=True)
def _parsed_once():
    with parsed_once():
        yield


@pytest.fixture(scope="module")
def example_names(rendered_root, tmp_path_factory):
    """What the examples of the docstrings speak of."""
    analyzer, sample = Analyzer.open(device="cpu"), resource("samples", "sample.mp4")
    predictions = tmp_path_factory.mktemp("predictions") / "ours.csv"
    dives = load_dataset(rendered_root)
    (key,) = (key for key, record in dives.records.items() if record.split == "test")
    predictions.write_text(f"id,predicted\n{key[0]}/{key[1]},50\n", encoding="utf-8")
    named = {name: getattr(fineparser_core, name) for name in fineparser_core.__all__}
    analysis = score_clip(sample, "207C", board_m=10, analyzer=analyzer)
    given = {"analyzer": analyzer, "analysis": analysis, "sample": sample, "data": rendered_root}
    return named | given | {"predictions": predictions, "replace": replace, "torch": torch}


@pytest.mark.parametrize("name", fineparser_core.__all__)
def test_every_name_has_an_example_that_runs(name, example_names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    thing = getattr(fineparser_core, name)
    found = doctest.DocTestFinder().find(thing, name, module=sys.modules[thing.__module__], extraglobs=example_names)
    assert any(one.examples for one in found)
    said = []
    with narrow() if name == "train" else nullcontext():
        for one in found:
            doctest.DocTestRunner().run(one, out=said.append)
    assert not said, "".join(said)


def test_the_page_names_what_the_docstrings_say():
    table = runpy.run_path(str(ROOT / "packaging" / "reference.py"))["table"]()
    assert table in API, "run `python packaging/reference.py`"


@pytest.mark.usefixtures("narrow_networks")
@pytest.mark.parametrize("name", ["usdl", "core"])
def test_every_network_predicts_from_videos(name):
    network = create_model(name).eval()
    videos, known = torch.zeros(2, 3, 96, 112, 112), {"difficulty": torch.tensor([3.0, 2.0])}
    if network.contrastive:
        with pytest.raises(ConfigError, match="compare: give exemplars and their score"):
            network(videos)
        exemplars = {"exemplars": videos[:1], "score": torch.tensor([50.0])}
    else:
        with pytest.raises(ConfigError, match="does not compare: leave exemplars away"):
            network(videos, videos, score=torch.zeros(2))
        exemplars = {}
    with torch.inference_mode():
        assert network(videos, **exemplars, **known).shape == (2, 1)


def test_weights_come_with_the_network(tmp_path):
    given, _ = load_model("bundled")
    network = create_model("fineparser-pose", pretrained="bundled")
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), given.parameters(), strict=True))
    with pytest.raises(CheckpointError, match=r"holds the weights of .fineparser-pose., not of .usdl-i3d."):
        create_model("usdl", pretrained=True)
    with pytest.raises(CheckpointError, match="kinetics"):
        create_model("usdl", pretrained=tmp_path / "kinetics")
    (tmp_path / "kinetics").write_bytes(b"none")
    with pytest.raises(CheckpointError, match="kinetics"):
        create_model("usdl", pretrained=tmp_path / "kinetics")


def test_clips_become_inputs():
    sample, transform = resource("samples", "sample.mp4"), clip_transform("release")
    with closing(VideoReader(sample)) as reader:
        frames = np.stack([frame for _, frame in reader.frames(range(10, 41))])
    video = transform(sample, 10, 40)
    assert video.shape == (3, 96, 112, 112)
    assert torch.equal(transform(torch.from_numpy(frames)), video)
    assert torch.equal(transform(np.concatenate([frames[:5], frames]), 5), video)
    for wrong in (frames[..., :2], frames / 255, frames[:0]):
        with pytest.raises(ConfigError, match="are no clip: give"):
            transform(wrong)
    with pytest.raises(ConfigError, match="finds the athlete: use 'whole'"):
        clip_transform("follow")


def test_an_analysis_is_kept_in_two_files(example_names, tmp_path):
    analysis = example_names["analysis"]
    analysis.save(tmp_path / "dive.json")
    loaded = Analysis.load(str(tmp_path / "dive.json"))
    assert loaded.to_dict() == analysis.to_dict()
    assert np.array_equal(loaded.parse.mask_probability, analysis.parse.mask_probability)
    (tmp_path / "dive.npz").unlink()
    assert not len(Analysis.load(tmp_path / "dive.json").parse.mask_probability)
    for content in (None, "{}", "["):
        if content is not None:
            (tmp_path / "none.json").write_text(content, encoding="utf-8")
        with pytest.raises(ExportError, match="none"):
            Analysis.load(tmp_path / "none.json")


@pytest.mark.parametrize("shape", [(1, 3, 64, 112, 112), (3, 96, 112, 112)])
def test_a_video_of_another_shape_is_one_sentence(shape):
    model, _ = load_model()
    with pytest.raises(ConfigError, match=r"A video \(.*cannot be encoded: give \(batch, 3, 96, 112, 112\)"):
        model.encode(torch.zeros(shape), decode_joint)


def test_networks_are_made_by_name(monkeypatch):
    monkeypatch.setattr(methods, "_registered", {})
    own_method = replace(methods.get_method("i3d-mlp"), name="mine")
    assert type(create_model(own_method)).__name__ == type(create_model("mine")).__name__ == "I3DMLP"
    model = create_model("usdl", window_count=2)
    assert type(model).__name__ == "USDL"
    wrong = (
        ({"name": "none"}, "method is 'none': use one of fineparser"),
        ({"depth": 3}, "depth is no setting of a network: use sap"),
        ({"name": "usdl", "sap": False}, "does not depend on sap"),
        ({"static_backbone": "resnet19"}, "static_backbone is 'resnet19': use one of resnet18"),
    )
    for settings, sentence in wrong:
        with pytest.raises(ConfigError, match=sentence):
            create_model(**settings)


def labelled(root):
    """A folder of FineDiving's annotations of two events of six dives, without images."""
    root.mkdir()
    keys = [(f"Event{event}", index) for event in range(2) for index in range(6)]
    labels = np.repeat([1, 2, 3], (20, 40, 60))
    dives = {key: ["107B", 50.0 + 7 * key[1] % 11, 3.0, np.array([19, 59]), labels] for key in keys}
    for name, thing in (("fine-grained_annotation_aqa", dives), ("train_split", keys[:6]), ("test_split", keys[6:])):
        (root / f"{name}.pkl").write_bytes(pickle.dumps(thing))
    return root


def test_predictions_are_measured_in_python_as_by_the_command(tmp_path, monkeypatch):
    data, out = labelled(tmp_path / "data"), tmp_path / "out"
    for name, add in (("ours", 1.0), ("other", 9.0)):
        rows = (f"Event1/{index},{50 + 7 * index % 11 + add * (-1) ** index}" for index in range(6))
        (tmp_path / f"{name}.csv").write_text("\n".join(("id,predicted", *rows)), encoding="utf-8")
    found = evaluate(str(tmp_path / "ours.csv"), str(data), against=str(tmp_path / "other.csv"))
    assert found.summary.metrics["score_error"].value == 1.0
    assert found.differences["score_error"].value == -8.0
    tables = found.tables()
    assert tables["dives"]["id"] == [f"Event1/{index}" for index in range(6)]
    assert dict(zip(tables["metrics"]["metric"], tables["metrics"]["value"], strict=True))["score_error"] == 1.0
    for columns in tables.values():
        assert len({len(column) for column in columns.values()}) <= 1
    found.write(str(out))
    written = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(found.to_dict(), allow_nan=False))
    monkeypatch.chdir(tmp_path)
    main(["evaluate", "--predictions", "ours.csv", "--against", "other.csv", "--data", "data", "--out", "told"])
    assert json.loads((tmp_path / "told" / "evaluation.json").read_text(encoding="utf-8")) == written
    with pytest.raises(ConfigError, match="split is 'validation': use train or test"):
        evaluate(tmp_path / "ours.csv", data, split="validation")
    with pytest.raises(ConfigError, match="compares two files of predictions"):
        evaluate(bundled_weights(), data, against=tmp_path / "ours.csv")
    with pytest.raises(ConfigError, match="method is list: give a file, a folder or a network"):
        evaluate([tmp_path], data)


def test_a_network_is_measured_on_rendered_dives(rendered_root):
    torch.manual_seed(0)
    found = evaluate(create_model("usdl", window_count=1), rendered_root, seed=3)
    assert [found.name, found.summary.n_dives, found.protocol.seed] == ["USDL", 1, 3]
    assert found.protocol.exemplar_digest == ""  # it compares no dives, so that it goes beside any other method
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_script_that_scores_a_clip(capsys):
    (script,) = (script for script in SCRIPTS if "score_clip" in script)
    assert len(script.splitlines()) <= 10
    exec(script.replace("dive.mp4", resource("samples", "sample.mp4").as_posix()), {})
    printed = capsys.readouterr().out
    assert re.match(r"score \d+\.\d\d, phases begin at \[0, \d+, \d+\]\n", printed)
    assert "masks (96, 112, 112), contributions\n[[" in printed


@pytest.mark.slow
def test_the_notebook_runs_in_the_order_of_its_cells(tmp_path):
    notebook = json.loads((ROOT / "packaging" / "docs" / "clip.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    printed = run_script("\n\n".join("".join(cell["source"]) for cell in code), tmp_path)
    assert printed.startswith("(96, 112, 112)")
    pictures = {
        name for cell in notebook["cells"] for name in re.findall(r"!\[\w+\]\((.*?)\)", "".join(cell["source"]))
    }
    assert len(pictures) == 1
    for name in pictures:
        assert (tmp_path / name).stat().st_size > 1000, name


def test_the_reference_has_a_page_of_every_public_module(tmp_path):
    pytest.importorskip("pdoc", reason="pdoc is not installed: pip install fineparser[docs]")
    script = ROOT / "packaging" / "reference.py"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(script), str(tmp_path)], env=environment, check=True)
    page = (tmp_path / "fineparser_core.html").read_text(encoding="utf-8")
    for name in fineparser_core.__all__:
        assert f'<section id="{name}">' in page
    assert (tmp_path / "fineparser_core" / "records" / "analysis.html").is_file()


def test_other_weights_and_other_shapes_are_named_at_once():
    with pytest.raises(
        CheckpointError, match=r"holds the weights of 'fineparser-pose', not of 'fineparser-i3d-resnet34'"
    ):
        create_model(pretrained=True)
    with narrow():
        network = create_model("fineparser")
    short = torch.zeros(1, 3, 64, 112, 112)
    with pytest.raises(ConfigError, match=r"A video \(1, 3, 64, 112, 112\) .* give \(batch, 3, 96, 112, 112\)"):
        network(short, short)
