"""A clip is parsed by the first test that asks for it; the others see what else is made of the same parse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fineparser_core.inference import pipeline
from fineparser_core.inference.pipeline import Tools
from fineparser_core.records import Clip, ClipEncoding, DiveParse

_KNOWN: dict[Any, tuple[DiveParse, ClipEncoding]] = {}


@contextmanager
def parsed_once() -> Iterator[None]:
    """Keep the parses of this process."""

    def once(tools: Tools, clip: Clip, *read: Any, **options: Any) -> tuple[DiveParse, ClipEncoding]:
        asked = (clip, tools.model)
        if asked not in _KNOWN:
            _KNOWN[asked] = parse_clip(tools, clip, *read, **options)
        return _KNOWN[asked]

    parse_clip = pipeline.parse_clip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "parse_clip", once)
        yield
