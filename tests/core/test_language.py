import copy
import json
import pickle

import numpy as np
import pytest

from fineparser_core.errors import ConfigError, FineParserError, VideoError
from fineparser_core.language import Phrase, number, short_number, text, together, translated, use_language

_LENGTH = "{0}: found {1}{2}, need at least {3}: pick a longer clip."


@pytest.fixture
def german():
    use_language("de")
    yield
    use_language("en")


def too_short():
    return VideoError(_LENGTH, "/a.mp4", Phrase("{0} frames", 7), "", 16)


def test_in_english_it_is_a_text():
    phrase = Phrase("{0} from {1:g} m has a DD of {2:.1f}", "107B", np.float32(7.5), 3)
    assert phrase == "107B from 7.5 m has a DD of 3.0"
    assert str(too_short()) == "/a.mp4: found 7 frames, need at least 16: pick a longer clip."
    assert Phrase("{0} of {1}", "{1}", "a\x1bb") == r"{1} of a\x1bb"
    assert str(FineParserError(f"{{0}} is in {'{braces}'}.")) == "{0} is in {braces}."


@pytest.mark.parametrize(
    "sent",
    [
        lambda phrase: pickle.loads(pickle.dumps(phrase)),
        copy.deepcopy,
        lambda phrase: Phrase.from_json(json.loads(json.dumps(phrase.to_json()))),
        lambda phrase: pickle.loads(pickle.dumps(VideoError(phrase))).phrase,
    ],
)
def test_it_arrives_as_it_left(sent, german):
    phrase = too_short().phrase
    arrived = sent(phrase)
    assert (arrived, arrived.template, arrived.values) == (phrase, phrase.template, phrase.values)
    assert translated(arrived) == translated(phrase) != phrase
    assert "7 Bilder" in translated(arrived)


def test_it_is_said_with_the_decimal_mark_of_the_language(german):
    assert translated(ConfigError("There is no board at {0:g} m: choose one of {1}.", 7.25, "1, 3")).count("7,25") == 1
    assert (number(-0.5, 1), short_number(2.5), text("{0:.1f} m", -2.25)) == ("−0,5", "2,5", "−2,2 m")


def test_several_sentences_are_each_translated(german):
    both = together([too_short().phrase, "No such text."])
    assert both == f"{too_short()} No such text."
    assert translated(both) == f"{translated(too_short())} No such text."


@pytest.mark.parametrize(
    "template", ["{0.__class__}", "{0[0]}", "{0!r}", "{0:>999999999}", "{9}", "{0:.1f}", "{", "{}", "{0:,.9g}"]
)
def test_a_template_from_a_file_does_no_more_than_ours(template):
    assert len(Phrase(template, "value")) <= len(template)
