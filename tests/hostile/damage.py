"""Damage of every kind, as strategies of Hypothesis: to values of JSON, and to bytes."""

import copy
import functools
import operator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_BYTES = tuple(bytes([number]) for number in (0, 1, 2, 0x7F, 0x80, 0xFF))
_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff" * 8)
_JSON = (b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"NaN", b"true", b'"\\ud800"', b"[" * 50, b"9" * 400)


def for_examples(n, strategy, check):
    """Check `n` examples, the same in every run; where one fails, the simplest that does is told."""
    same = settings(
        max_examples=n, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    same(given(strategy)(check))()


def places(value):
    """Keys that lead to every value within lists and objects."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (key,)
        yield from ((key, *rest) for rest in places(part))


def holder_of(content, place):
    """The list or object that holds the value at a place."""
    return functools.reduce(operator.getitem, place[:-1], content)


@st.composite
def mutated(draw, content, odd):
    """A copy with values that are odd, gone or there again."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.sampled_from((1,) * 6 + (2, 3, 8)))):
        if not (found := list(places(content))):
            break
        place = draw(st.sampled_from(found))
        holder, key = holder_of(content, place), place[-1]
        way = draw(st.sampled_from(("odd",) * 5 + ("gone", "again", "again")))
        if way == "odd":
            holder[key] = copy.deepcopy(draw(odd))  # which may be changed in its turn
        elif way == "gone":
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(("x" * 1000, "path", "", "\0", "dives")))] = copy.deepcopy(holder[key])
        else:
            holder.extend([holder[key]] * draw(st.sampled_from((1, 3, 50))))
    return content


@st.composite
def damaged(draw, data, *, text=False):
    """A change or two: bytes, numbers, parts left out, put in, repeated or moved, an early end."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 2))):
        # Headers, where most of the meaning is, are hit as often as all the rest.
        at = draw(st.integers(0, min(len(changed), 1000)) | st.integers(0, len(changed)))
        other, length, times = (draw(st.integers(0, most)) for most in (len(changed), 40, 20))
        instead = {
            1: st.sampled_from(_BYTES) | st.binary(min_size=1, max_size=1),
            4: st.sampled_from(_WORDS),
            length: st.sampled_from((b"", bytes(length), changed[other : other + length])),
            0: st.just(changed[at : at + length] * times) | st.binary(max_size=100),
            len(changed): st.just(b""),
        }
        if text:
            instead[length // 4] = st.sampled_from(_JSON)
        gone = draw(st.sampled_from(list(instead)))
        changed[at : at + gone] = draw(instead[gone])
    return bytes(changed)
