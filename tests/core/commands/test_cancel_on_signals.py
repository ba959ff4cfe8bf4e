import signal
from contextlib import nullcontext

import pytest
from platforms import CLOSING

from fineparser_core.commands.terminal import cancel_on_signals


@pytest.mark.parametrize(("number", "interrupts"), [(CLOSING, False), (signal.SIGINT, True)])
def test_a_second_ctrl_c_interrupts_at_once(number, interrupts):
    with cancel_on_signals() as cancel:
        signal.raise_signal(number)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt) if interrupts else nullcontext():
            signal.raise_signal(number)
