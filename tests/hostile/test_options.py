"""Options are checked before work begins: the documented exit code, one sentence, and no file."""

import option_cases
import pytest
from option_cases import prepare
from sandbox import FAULTS, Outcome, Sandbox

CORPUS = "command lines"


@pytest.fixture
def refused(measures_a_child, tally, tmp_path_factory, tmp_path, make_video, left_s):
    """Runs command lines; the faults, a line each."""
    clip = prepare(tmp_path, make_video)
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), left_s)

    def run(cases):
        faults = []
        for case in cases:
            outcome = sandbox.run("option_cases:run", clip, words=list(case.words))
            if outcome.kind not in FAULTS:
                wrong = option_cases.fault(case, outcome.value)
                sentence = outcome.value[2]
                outcome = Outcome(
                    "unclear" if wrong else "refused", wrong or sentence, None, outcome.seconds, outcome.extra_mb
                )
            tally.add(CORPUS, case.name, outcome)
            if outcome.fault:
                faults.append(f"{case.name}: {outcome.kind}: {outcome.detail}")
        return faults

    yield run
    sandbox.close()


def test_score_refuses_before_it_works(refused):
    assert not (faults := refused(option_cases.quick())), "\n".join(faults)


@pytest.mark.hostile
@pytest.mark.timeout(1800)
def test_every_command_refuses_before_it_works(refused):
    assert not (faults := refused(option_cases.refusals())), "\n".join(faults)
