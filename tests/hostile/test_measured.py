"""Untrusted results, labels and masks are read, or refused in one sentence."""

import pytest
from measured_files import archives, damaged
from sandbox import REFUSED, RIGHT

CORPUS = "results and labels"


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_damaged_json(sandbox, tally, tmp_path):
    wrong = []
    for case, name, content in damaged():
        path = tmp_path / name
        path.write_bytes(content)
        outcome = tally.add(CORPUS, f"{name}: {case}", sandbox.run("measured_files:read", path))
        if outcome.fault or (case == "good" and outcome.kind != RIGHT):
            wrong.append(f"{name}: {case}: {outcome.kind}: {outcome.detail[-400:]}")
        path.unlink()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["dive_masks.npz", "masks.npz"])
def test_damaged_archives(name, sandbox, tally, tmp_path):
    (tmp_path / "labels.json").write_text('{"dive.avi": {}}', encoding="utf-8")
    wrong = []
    for case, content in archives():
        path = tmp_path / name
        path.write_bytes(content)
        outcome = tally.add(CORPUS, f"{name}: {case}", sandbox.run("measured_files:read", path))
        if outcome.kind != (RIGHT if (case, name) == ("good", "dive_masks.npz") else REFUSED):
            wrong.append(f"{case}: {outcome.kind}: {outcome.detail[-400:]}")
    assert not wrong, "\n".join(wrong)
