import json

import pytest

from fineparser_core.commands import cli
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.health import report
from fineparser_core.health.report import Places, as_text, examine
from fineparser_core.printable import without_home


@pytest.fixture
def quiet_probe(monkeypatch):
    """Without the process that loads torch."""
    facts = {"torch": "2", "devices": {"cpu": "a processor"}, "threads": 2, "device": "cpu", "precision": "fp32"}
    monkeypatch.setattr(report, "probe_torch", lambda *_: facts)


def test_what_torch_sees_comes_from_a_process_of_its_own():
    facts = report.probe_torch()
    assert facts["device"] in facts["devices"]
    assert report.gpu_sentence(facts).endswith(".")
    assert "no device 'mps'" in report.probe_torch("mps").get("problem", "no device 'mps'")


@pytest.mark.parametrize(
    ("card", "driver", "facts", "words"),
    [
        (True, True, {"devices": {"cuda": "RTX"}}, "can run on the GPU: RTX"),
        (False, False, {"devices": {}}, "No NVIDIA GPU was found"),
        (True, False, {"devices": {}, "cuda_build": "12"}, "without its driver"),
        (True, True, {"devices": {}, "cuda_build": None}, "runs on the processor alone"),
        (True, True, {"devices": {}, "cuda_build": "12"}, "update the driver"),
    ],
)
def test_one_sentence_says_why_there_is_no_gpu(monkeypatch, card, driver, facts, words):
    monkeypatch.setattr(report.sys, "platform", "linux")
    monkeypatch.setattr(report, "has_nvidia_card", lambda: card)
    monkeypatch.setattr(report, "has_nvidia_driver", lambda: driver)
    sentence = report.gpu_sentence(facts)
    assert words in sentence
    assert sentence.count(".") == 1


def test_cards_are_read_from_the_list_of_the_system(tmp_path):
    for name, vendor, kind in (("a", "0x8086", "0x030000"), ("b", "0x10de", "0x040300")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(vendor + "\n", encoding="utf-8")
        (tmp_path / name / "class").write_text(kind + "\n", encoding="utf-8")
    assert not report.has_nvidia_card(tmp_path)
    (tmp_path / "b" / "class").write_bytes(b"0x030200\n")
    assert report.has_nvidia_card(tmp_path)


@pytest.mark.usefixtures("quiet_probe")
def test_a_whole_installation_needs_no_attention(tmp_path):
    findings = examine(Places(data=tmp_path / "none yet", cache=tmp_path, log=tmp_path / "logs"))
    assert [one for one in findings if one.problem and one.section == "Files"] == []
    text = as_text(findings)
    assert "h264" in text
    with ExemplarStore.open() as library:
        assert f"{len(library.exemplars())} exemplars" in text
    assert without_home(str(tmp_path / "logs")) in text  # temporary files lie in the user's folder on Windows


@pytest.mark.usefixtures("quiet_probe")
def test_a_disk_that_is_nearly_full_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "free_bytes", lambda _: 1_000_000)
    text = as_text(examine(Places(data=tmp_path)))
    assert (
        f"{without_home(str(tmp_path))}: 0.0 GB free; the disk is nearly full, make room"
        in text.partition("Needs attention")[2]
    )


@pytest.mark.usefixtures("quiet_probe")
def test_the_command_prints_the_page_and_its_code_tells_of_damage(monkeypatch, capsys, tmp_path):
    assert cli.main(["doctor", "--json"]) == 0
    assert {"section", "name", "value", "problem"} == set(json.loads(capsys.readouterr().out)[0])
    assert cli.main(["doctor", "--weights", str(tmp_path)]) == 5
    assert "Needs attention" in capsys.readouterr().out
