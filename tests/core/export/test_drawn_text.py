import pytest

from fineparser_core.export.drawing import fit_line, fit_text, text_width, wrap_lines, wrap_text


@pytest.mark.parametrize("width_px", [1, 20, 150, 2000])
@pytest.mark.parametrize("text", ["", "W", "take-off  1.20 s", "Füße höher, Knie zusammen", "W" * 60, "中文 😀 " * 9])
def test_what_is_fitted_is_as_long_as_can_be(text, width_px):
    fitted = fit_text(text, 12, width_px)
    if fitted != text:
        kept = len(fitted) - 1
        assert fitted in (f"{text[:kept]}…", "…")
        assert text_width(fitted, 12) <= width_px or fitted == "…"
        assert text_width(f"{text[: kept + 1].rstrip()}…", 12) > width_px or text[kept : kept + 1] == " "
    lines = wrap_text(text, 12, width_px)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 12) <= width_px or len(line) == 1 for line in lines)


def test_what_is_measured_grows_with_the_length_alone():
    measured = 0

    def width_of(text):
        nonlocal measured
        measured += len(text)
        return 10.0 * len(text)

    wrap_lines("W" * 20_000, 100, width_of)
    fit_line("W" * 20_000, 100, width_of)
    assert measured < 20 * 20_000
    measured = 0
    assert len(wrap_lines("W" * 1_000_000 + " W" * 1_000_000, 100, width_of, 3)) > 3
    assert measured < 1000


def test_accents_that_are_put_together_are_drawn_as_one_letter():
    assert text_width("e\u0301", 40) == text_width("é", 40)  # as file names come on a Mac
