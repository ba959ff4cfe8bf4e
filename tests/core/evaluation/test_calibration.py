import numpy as np
import pytest

from fineparser_core.commands import calibrate
from fineparser_core.commands.cli import main
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.evaluation.calibration import fit_domain, fit_interval
from fineparser_core.inference.clip_validation import Calibration, refusal
from fineparser_core.records import ClipEvidence


def drawn(n, seed):
    """Errors that grow with spread and DD."""
    rng = np.random.default_rng(seed)
    spread, difficulty = rng.uniform(2, 15, n), rng.uniform(1.5, 3.8, n)
    return np.column_stack([rng.normal(0, 0.5 * spread + difficulty), spread, difficulty])


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_an_interval_holds_its_share_of_dives_it_was_not_fitted_on(level):
    (rule, card), (error, spread, difficulty) = fit_interval(drawn(400, 1), level), drawn(4000, 2).T
    inside = np.abs(error) <= rule.base + rule.per_spread * spread + rule.per_difficulty * difficulty
    assert np.mean(inside) == pytest.approx(level, abs=0.04)
    assert card["coverage"] == pytest.approx(level, abs=0.05)
    assert rule.per_spread > 0


def test_what_goes_into_the_card_comes_out_of_it():
    rule, card = fit_interval(drawn(100, 3), 0.8)
    read = Calibration.from_card({"interval": card}, "weights").interval
    assert read.base == pytest.approx(rule.base, abs=1e-5)
    assert read.level == 0.8


@pytest.mark.parametrize("option", ["--predictions", "--data"])
def test_what_is_named_is_read_before_anything_is_measured(option, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibrate, "usual_activations", lambda *_: pytest.fail("exemplars were measured"))
    (tmp_path / "nonsense.json").write_text('{"dives": 3}', encoding="utf-8")
    assert main(["calibrate", "--dry-run", option, str(tmp_path / "nonsense.json")]) == AnnotationError.exit_code
    assert "nonsense.json" in capsys.readouterr().err


def test_too_few_dives_and_a_level_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="too few"):
        fit_interval(drawn(19, 0))
    with pytest.raises(ConfigError, match="level"):
        fit_interval(drawn(40, 0), 1.0)
    with pytest.raises(ConfigError, match="too few"):
        fit_domain([], {})


def test_thresholds_refuse_few_whole_dives_and_catch_wrong_ones():
    rng = np.random.default_rng(4)

    def evidence(low, high):
        take_off, entry, shown, descent, after = rng.uniform(low, high, 5)
        return ClipEvidence(take_off=take_off, entry=entry, shown=shown, descent=descent, after=after)

    whole = [evidence(0.4, 0.9) for _ in range(100)]
    fitted = fit_domain(whole, {"water alone": [evidence(0, 0.1) for _ in range(20)]})
    assert fitted["refused"] == 0
    assert fitted["caught"] == {"water alone": "20 of 20"}
    assert refusal(evidence(0.4, 0.9), Calibration.from_card({"domain": fitted}, "w").domain) is None
