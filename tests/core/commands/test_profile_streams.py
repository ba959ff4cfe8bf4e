import pytest
from profiling import main

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.resources import bundled_weights


@pytest.mark.slow
def test_the_shares_are_those_that_the_readme_states(capsys):
    assert main(["streams"]) == 0
    printed = capsys.readouterr().out
    with ExemplarStore.open() as library:
        assert f"{len(library.exemplars())} exemplars, each left out in turn" in printed
    printed_rho = {line[:20].split()[0]: float(line.split()[-1]) for line in printed.splitlines()[2:]}
    stated = dict(read_card(bundled_weights()).streams)
    stated.pop("dives")
    assert printed_rho == pytest.approx(stated, abs=0.003)
