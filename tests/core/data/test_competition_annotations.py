"""The rules of diving and the readers of annotations, held against 3,000 + 1,412 real records."""

from collections import Counter
from pathlib import Path

import bundled_tables
import pytest

from fineparser_core.data.finediving import load_finediving
from fineparser_core.data.mtl_aqa import load_mtl_aqa
from fineparser_core.data.records import DiveRecord
from fineparser_core.diving.difficulty import computed_difficulty, recorded_difficulties
from fineparser_core.diving.dive_number import parse_dive_number

REAL = Path(__file__).resolve().parents[3] / "../shared/real"
FINEDIVING = REAL / "finediving_annotations"
MTL_AQA = REAL / "mtl_aqa_annotations"

pytestmark = pytest.mark.skipif(not FINEDIVING.is_dir(), reason=f"needs the public annotations in {REAL}")


@pytest.fixture(scope="module")
def finediving():
    return load_finediving(FINEDIVING)


def test_every_dive_number_is_understood(finediving):
    for records, kinds in ((finediving.records, 52), (load_mtl_aqa(MTL_AQA).records, 58)):
        numbers = {record.dive_number for record in records.values()}
        assert len(numbers) == kinds
        for number in numbers:
            assert str(parse_dive_number(number)) == number


def test_a_record_is_read_whole(finediving):
    assert finediving.records["01", 1] == DiveRecord(
        key=("01", 1),
        dive_number="407C",
        difficulty=3.2,
        score=88.0,
        board_m=10.0,
        synchro=False,
        n_frames=85,
        start_frame=7378,
        first_flight_frame=3,
        first_entry_frame=35,
        awards=(9.5, 9.0, 9.5, 9.0, 8.5, 9.5, 8.5),
        split="test",
    )
    synchro = finediving.records["FINAWorldChampionships2019_Men10mSynchronised_final_r4", 1]
    assert (synchro.board_m, synchro.synchro, synchro.id) == (
        10.0,
        True,
        "FINAWorldChampionships2019_Men10mSynchronised_final_r4/1",
    )


def test_springboard_records_have_the_difficulty_of_the_formula(finediving):
    """All but three, which keep the DD that an older edition of the rules gave 5337D."""
    records = _with_own_difficulty(finediving, 3.0)
    other = [r for r in records if computed_difficulty(parse_dive_number(r.dive_number), 3.0) != r.difficulty]
    assert (len(records), len(other)) == (1064, 3)
    assert {(record.dive_number, record.difficulty) for record in other} == {("5337D", 3.4)}


def test_platform_records_have_the_difficulty_of_the_table(finediving):
    """All but ten: eight by an older edition of the rules, and two that no other record supports."""
    table = {(number, board_m): dd for number, board_m, dd, _ in recorded_difficulties()}
    records = _with_own_difficulty(finediving, 10.0)
    other = Counter((r.dive_number, r.difficulty) for r in records if table[r.dive_number, 10.0] != r.difficulty)
    assert len(records) == 1717
    assert other == {("305C", 2.7): 8, ("305B", 2.8): 1, ("107B", 3.1): 1}


def _with_own_difficulty(finediving, board_m):
    # In synchronised rounds of limited difficulty every dive counts 2.0.
    records = [record for record in finediving.records.values() if record.board_m == board_m]
    return [record for record in records if not (record.synchro and record.difficulty == 2.0)]


def test_the_bundled_table_is_what_the_records_give():
    assert bundled_tables.difficulty_table(bundled_tables.competition_records(FINEDIVING, MTL_AQA)) == list(
        recorded_difficulties()
    )
