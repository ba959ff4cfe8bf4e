import re
from pathlib import Path

import pytest

from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.predictions import MOST_DIVES, read_predictions

PAGE = Path(__file__).resolve().parents[3] / "packaging" / "docs" / "predictions.md"


def write_csv(path, *lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_examples_of_the_page_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = dict(re.findall(r"```(csv|json)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    for kind in ("csv", "json"):
        Path(f"ours.{kind}").write_text(blocks[kind], encoding="utf-8")
    table, document = (read_predictions(Path(f"ours.{kind}")) for kind in ("csv", "json"))
    assert table.dives == document.dives


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([""], "row 1: the file is empty: write a row of columns, and a row a dive below it"),
        (["id,predicted", "a,"], "its dives: none has a prediction: give at least one a score or transitions"),
        (["id,score", "a,1"], r"row 1: the columns are 'id, score': name one id and one predicted"),
        (["id,predicted,predicted", "a,1,2"], "row 1: there are 2 columns predicted: keep one"),
        (["id,transitions_first", "a,1"], "row 1: there is a column of one transition: give transitions_first and"),
        (["id,predicted", "a,1", "", "b,nan"], "row 4: predicted: 'nan' is not a number: correct it"),
        (["id;predicted", "a;61,5"], "row 2: predicted: '61,5' is not a number"),
        (["id,predicted", "a,1e999"], "row 2: predicted: inf where a number.* belongs"),
        (["id,predicted", "a,1", "b,1", "a,2"], "row 4: 'a' is already in row 2: keep one of them"),
        (["id,predicted", f"{'a' * 301},1"], "row 2: id: 'aaa.* where text of at most 300 characters belongs"),
        (["id,predicted,spread", "a,1,-2"], "row 2: spread: -2.0 where a number >= 0.0 belongs"),
        (["id,transitions_first,transitions_second", "a,1,"], "row 2: one of the two transitions is missing"),
    ],
)
def test_a_wrong_table_is_one_sentence_with_its_row(tmp_path, lines, sentence):
    path = write_csv(tmp_path / "p.csv", *lines)
    with pytest.raises(AnnotationError, match=sentence) as told:
        read_predictions(path)
    assert str(told.value).startswith(f"{path}, ")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < len(str(path)) + 400


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ("[1]", r'give {"format": "fineparser.predictions/1", "dives": \[...\]}'),
        ('{"dives": []}', 'names no format: write "fineparser.predictions/1"'),
        ('{"format": "fineparser.predictions/2", "dives": []}', "names the format 'fineparser.predictions/2'"),
        ('{"format": [], "dives": []}', r"names the format \[\]"),
        ('{"format": "fineparser.predictions/1", "dives": [3]}', "dive 1: 3 where an object belongs"),
        ('{"format": "fineparser.predictions/1", "dives": [{"id": "a", "predicted": NaN}]}', "is no JSON .NaN is no"),
        (
            '{"format": "fineparser.predictions/1", "dives": [{"id": "a", "transitions": [1]}]}',
            r"transitions: \[1\] where",
        ),
        ('{"format": "fineparser.predictions/1", "dives": [{"id": "a"}, {"id": "a"}]}', "'a' is already in dive 1"),
    ],
)
def test_wrong_json_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match=sentence):
        read_predictions(path)


def test_a_table_without_end_is_not_read(tmp_path):
    path = tmp_path / "p.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,predicted\n")
        file.truncate(50_000_001)
    with pytest.raises(AnnotationError, match="it is larger than 50 MB"):
        read_predictions(path)
    write_csv(path, "id,predicted", *(f"{i},1" for i in range(MOST_DIVES + 1)))
    with pytest.raises(AnnotationError, match="row 100002: more than 100000 dives"):
        read_predictions(path)
