"""What a console of Windows with an old code page shows of names that it has no letters for."""

import os
import signal
import subprocess
import sys
from contextlib import nullcontext

import pytest
from platforms import CLOSING

from fineparser_core.commands.terminal import cancel_on_signals

PROGRAM = (
    "import sys\n"
    "from fineparser_core.commands import cli\n"
    "from fineparser_core.commands.printing import remark, say\n"
    "sys.exit(cli.run_guarded(lambda argv: say('Zoë 王 –') or remark('Zoë 王 –') or 0, []))\n"
)


@pytest.mark.parametrize(("page", "shown"), [("cp850", r"Zoë \u738b \u2013"), ("cp932", r"Zo\xeb 王 \u2013")])
def test_a_letter_that_the_code_page_lacks_is_printed_as_its_escape(page, shown):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONIOENCODING": page}, capture_output=True
    )
    assert done.returncode == 0
    assert [stream.decode(page).splitlines() for stream in (done.stdout, done.stderr)] == [[shown], [shown]]


@pytest.mark.parametrize(("number", "interrupts"), [(CLOSING, False), (signal.SIGINT, True)])
def test_a_second_ctrl_c_interrupts_at_once(number, interrupts):
    with cancel_on_signals() as cancel:
        signal.raise_signal(number)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt) if interrupts else nullcontext():
            signal.raise_signal(number)
