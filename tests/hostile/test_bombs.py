"""Small documents that would become large: nested, repeated, and referring to one another."""

import json

from made_analysis import made_analysis

from fineparser_core.errors import ConfigError
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.export.results import FORMAT, result_from_line

#: What the documents may take above what the program has anyway, megabytes.
MOST_MB = 200


def _nested(depth, template, leaf="laugh"):
    parts = [template, leaf]
    for _ in range(depth - 1):
        parts = [template, parts]
    return parts


def _notes(*values):
    notes = [{"about": "clip", "code": "nearest_numbers", "values": [value], "text": "laugh"} for value in values]
    return lambda data: data | {"notes": notes}


def _reason(parts, text="laugh"):
    return lambda data: data | {"verdict": {"code": "no_dive", "reason": parts, "text": text}}


BOMBS = {
    "ten in each of nine": _reason(_nested(9, "{0}" * 10)),
    "a hundred in each of five": _reason(_nested(5, "{0}" * 100)),
    "values that are not written out": _reason(["x", *[_nested(4, "{0}" * 100)] * 100]),
    "a long sentence that is long": _reason(_nested(6, "{0}" * 100), "x" * 1_000_000),
    "a sentence that many notes have": _notes(*[["{0}" * 300, "abc"]] * 100_000),
    "a number of many digits": _reason(["{0:f}" * 10_000, 10**19]),
    "not a number": _reason(["{0:f}" * 100, "nan", None, True, {}]),
    "notes nested": _notes(_nested(9, "{0}" * 10)),
    "notes in notes": _notes([[[[["a"] * 10] * 10] * 10] * 10] * 10),
}


def lines(folder, video):
    """Files of one result each, by what is in them."""
    asked = {"format": FORMAT, "key": "k", "path": str(video), "in_frame": None, "out_frame": None}
    good = analysis_to_dict(made_analysis(video, scored=False))
    made = {}
    for name, change in BOMBS.items():
        made[name] = folder / f"{len(made)}.jsonl"
        made[name].write_text(json.dumps(asked | {"analysis": change(good)}), encoding="utf-8")
    return made


def read(path):
    """Read a result; return how long its sentences are."""
    try:
        found = result_from_line(path.read_bytes()).analysis
    except ValueError as error:
        raise ConfigError("{0}: {1}", path, str(error)[:200]) from None
    return len(str(found.notes)) if found is not None else 0


def test_what_would_become_large_stays_small(sandbox, tmp_path, small_video):
    wrong = []
    for name, path in lines(tmp_path, small_video).items():
        outcome = sandbox.run("test_bombs:read", path)
        if outcome.fault or outcome.extra_mb > MOST_MB:
            wrong.append(f"{name}: {outcome}")
    assert not wrong, "\n".join(wrong)
