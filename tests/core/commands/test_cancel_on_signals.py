import signal
from contextlib import nullcontext

import pytest
from platforms import CLOSING

from fineparser_core.commands.terminal import cancel_on_signals


@pytest.mark.parametrize(
    ("number", "by_torchrun", "interrupts"),
    [(CLOSING, False, False), (signal.SIGINT, False, True), (signal.SIGINT, True, False)],
)
def test_a_second_ctrl_c_interrupts_at_once_but_not_what_torchrun_hands_on(
    number, by_torchrun, interrupts, monkeypatch
):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    if by_torchrun:
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    with cancel_on_signals() as cancel:
        signal.raise_signal(number)
        assert cancel.cancelled
        with pytest.raises(KeyboardInterrupt) if interrupts else nullcontext():
            signal.raise_signal(number)
