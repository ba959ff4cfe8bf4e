import pytest
from profiling import main

from fineparser_core.exemplars.store import ExemplarStore


@pytest.mark.slow
def test_the_shares_are_those_that_the_readme_states(capsys):
    assert main(["streams"]) == 0
    printed = capsys.readouterr().out
    with ExemplarStore.open() as library:
        assert f"{len(library.exemplars())} exemplars, each left out in turn" in printed
    printed_rho = {line[:20].strip(): float(line.split()[-1]) for line in printed.splitlines()[2:]}
    assert printed_rho == pytest.approx(
        {"both streams": 0.820, "static stream alone": 0.816, "dynamic stream alone": 0.241}, abs=0.003
    )
