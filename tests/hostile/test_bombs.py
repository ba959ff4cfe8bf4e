"""Documents of a few kilobytes that would become gigabytes are refused, or read, in little memory."""

from bombs import MOST_MB, lines

CORPUS = "nested documents"


def test_what_would_become_large_stays_small(sandbox, tally, tmp_path, small_video):
    wrong = []
    for name, path in lines(tmp_path, small_video).items():
        outcome = tally.add(CORPUS, name, sandbox.run("bombs:read", path))
        if outcome.fault or outcome.extra_mb > MOST_MB:
            wrong.append(f"{name}: {outcome}")
    assert not wrong, "\n".join(wrong)
