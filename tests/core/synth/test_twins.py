import json
from collections import Counter
from dataclasses import replace

import bundled_tables
import numpy as np
import pytest

from fineparser_core.commands import synthesize as command
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import ConfigError
from fineparser_core.synth import dataset, twin_table
from fineparser_core.synth.dataset import synthesize
from fineparser_core.synth.rubric import true_award
from fineparser_core.synth.twins import TwinRecord, plan_twins, sample_qualities_for

RECORD = TwinRecord(
    event="FINA_Women10m_final_r1",
    index=4,
    dive_number="407C",
    difficulty=3.2,
    score=70.4,
    board_m=10.0,
    synchro=False,
    n_frames=48,
    first_flight_frame=14,
    first_entry_frame=33,
    split="train",
)
RECORDS = (
    RECORD,
    replace(RECORD, event="17", index=8, dive_number="5253B", board_m=3.0, score=40.8, difficulty=3.4, split="test"),
    # The fixed DD of a synchronised round, and a dive without a known DD from 10 m.
    replace(
        RECORD, event="Men10mSynchronised_r1", index=0, dive_number="401B", difficulty=2.0, score=54.0, synchro=True
    ),
    # Annotated beyond the end of its clip.
    replace(RECORD, event="Men3m_r2", index=2, dive_number="205B", board_m=3.0, first_entry_frame=90),
)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    whole = dataset.render_dive
    monkeypatch.setattr(dataset, "render_dive", lambda spec, seed: whole(replace(spec, height_px=64, aspect=1.0), seed))


@pytest.mark.parametrize("award", [0.0, 0.4, 4.5, 7.35, 9.5, 10.0])
def test_qualities_have_the_award(award):
    rng = np.random.default_rng(0)
    for _ in range(50):
        qualities = sample_qualities_for(award, rng)
        assert min(qualities) >= 0
        assert max(qualities) <= 10
        assert true_award(qualities) == pytest.approx(award, abs=1e-9)


def test_twins_agree_with_their_records(tmp_path):
    root = tmp_path / "twins"
    plan = plan_twins(RECORDS, seed=5)
    synthesize(root, plan)
    assert plan.skipped == {}
    data = load_dataset(root)
    facts = json.loads((root / "rendered.json").read_bytes())
    assert list(data.frame_defects()) == []
    assert [d for d in data.defects if d.kind != "score"] == []
    assert len(data.records) == len(RECORDS)
    for wanted in RECORDS:
        twin = data.records[wanted.event, wanted.index]
        for name in ("dive_number", "difficulty", "board_m", "synchro", "n_frames", "split"):
            assert getattr(twin, name) == getattr(wanted, name), name
        fact = facts[twin.id]
        assert true_award(tuple(fact["qualities"])) == pytest.approx(wanted.award, abs=1e-9)
        assert abs(twin.score / (3 * twin.difficulty) - wanted.award) < 1.0
        assert fact["recorded_score"] == wanted.score
        expected = (wanted.first_flight_frame, wanted.first_entry_frame) if wanted.has_steps else (14, 31)
        assert (twin.first_flight_frame, twin.first_entry_frame) == expected
    assert plan.notes() == {"rendered from another board": 1, "the record's transitions give no three phases": 1}


def test_twins_of_other_records_are_refused_in_the_same_folder(tmp_path):
    synthesize(tmp_path / "twins", plan_twins(RECORDS[:1]))
    with pytest.raises(ConfigError, match="another folder"):
        synthesize(tmp_path / "twins", plan_twins([replace(RECORD, score=60.0)]))


def test_records_that_cannot_be_rendered_are_reported():
    odd = [replace(RECORD, index=7, dive_number="XYZ"), replace(RECORD, index=8, dive_number="4099A")]
    plan = plan_twins([RECORD, *odd])
    assert len(plan) == 1
    assert set(plan.skipped) == {f"{RECORD.event}/7", f"{RECORD.event}/8"}
    with pytest.raises(ConfigError, match="no record"):
        plan_twins(odd)


def test_another_variant_shows_the_same_dives_with_other_faults():
    first, second = (plan_twins(RECORDS, seed=5, variant=variant) for variant in (1, 2))
    assert first.settings == plan_twins(RECORDS, seed=5).settings != second.settings
    for one, other in zip(map(first.dive, range(4)), map(second.dive, range(4)), strict=True):
        assert other.key == (f"{one.key[0]}_variant2", one.key[1])
        assert other.seed != one.seed
        assert other.spec.qualities != one.spec.qualities
        assert replace(other.spec, qualities=one.spec.qualities) == one.spec
        assert true_award(other.spec.qualities or (0, 0, 0)) == pytest.approx(
            true_award(one.spec.qualities or (1, 1, 1))
        )


def test_the_table_is_of_finediving():
    records = twin_table.sample_records(seed=0)
    assert Counter(record.split for record in records) == {"train": 2251, "test": 749}
    assert len({record.dive_number for record in records}) == 52
    assert all(record.has_steps for record in records)
    assert np.median([record.n_frames for record in records]) == pytest.approx(101, abs=1)
    assert np.median([record.first_flight_frame / record.n_frames for record in records]) == pytest.approx(
        0.29, abs=0.02
    )
    assert np.median([record.first_entry_frame / record.n_frames for record in records]) == pytest.approx(
        0.64, abs=0.03
    )
    assert np.quantile([record.score for record in records], [0.05, 0.5, 0.95]) == pytest.approx(
        [40.9, 67.5, 90.8], abs=2
    )
    assert plan_twins(records).skipped == {}


def test_the_table_is_what_the_records_give(shared_dir):
    bundled = twin_table.resource(*twin_table.TABLE).read_text(encoding="utf-8")
    assert (
        bundled_tables.twin_text(command.annotated_records(shared_dir / "real" / "finediving_annotations")) == bundled
    )


def test_the_command_says_what_it_makes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(twin_table, "sample_records", lambda seed: RECORDS[:2])
    out = tmp_path / "twins"
    assert command.main(["--twins", "full", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("2 twins of 2 records drawn from the table")
    assert len(list((out / ".records").iterdir())) == 2
    assert not (out / ".partial").exists()
