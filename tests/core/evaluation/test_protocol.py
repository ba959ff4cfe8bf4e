from dataclasses import replace

import pytest

from fineparser_core.data.records import DiveRecord
from fineparser_core.evaluation.protocol import Protocol, protocol_record

RECORDS = [
    DiveRecord(key=("event", index), dive_number="107B", difficulty=3.0, score=60.0, n_frames=100) for index in range(3)
]
DRAWN = {"event/0": ("a/1", "a/2"), "event/1": ("a/3",)}
PROTOCOL = Protocol(preprocessing="whole", decoding="joint")


def record(records=RECORDS, drawn=DRAWN, protocol=PROTOCOL, **facts):
    return protocol_record(
        records, drawn, protocol, **{"split": "test", "split_by": "data", "labels": "1234", "seed": 0} | facts
    )


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (record(), []),
        (record(RECORDS[::-1]), []),
        (record(RECORDS[:2]), ["split_digest"]),
        (record(labels="other"), ["labels"]),
        (record(split_by="event"), ["split_by"]),
        (record(drawn=DRAWN | {"event/1": ("a/4",)}), ["exemplar_digest"]),
        (record(protocol=replace(PROTOCOL, pairing="random", exemplars=5)), ["pairing", "exemplars"]),
        (record(drawn=None), []),  # of a method without exemplars nothing is known
        (record(seed=7, left_out=2), []),
        (replace(record(), version=1), ["version"]),
    ],
)
def test_what_has_to_be_equal(other, names):
    assert record().differences(other) == names
