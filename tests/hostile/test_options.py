"""Options are checked before work begins: the documented exit code, one sentence, and no file."""

import option_cases
import pytest
from option_cases import prepare
from sandbox import Sandbox


@pytest.fixture
def refused(measures_a_child, tmp_path_factory, tmp_path, make_video, left_s):
    """Runs command lines; the faults, a line each."""
    clip = prepare(tmp_path, make_video)
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), left_s)

    def run(cases):
        faults = []
        for case in cases:
            outcome = sandbox.run("option_cases:run", clip, words=list(case.words))
            wrong = f"{outcome.kind}: {outcome.detail}" if outcome.fault else option_cases.fault(case, outcome.value)
            if wrong:
                faults.append(f"{case.name}: {wrong}")
        return faults

    yield run
    sandbox.close()


def test_score_refuses_before_it_works(refused):
    assert not (faults := refused(option_cases.quick())), "\n".join(faults)


@pytest.mark.hostile
@pytest.mark.timeout(1800)
def test_every_command_refuses_before_it_works(refused):
    assert not (faults := refused(option_cases.refusals())), "\n".join(faults)
