import pytest

from fineparser_core.support.processes import decode, encode
from fineparser_gui.worker.protocol import AnyMessage, CancelRequest


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'{"type": "x"}',
        b'{"type": "CancelRequest"}',
        b'{"type": "CancelRequest", "id": 3}',
        encode(CancelRequest(id="p1"))[:-5],
        b"\xff",
        b"Warning: torch",
    ],
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError, match="not a message"):
        decode(line, AnyMessage)
