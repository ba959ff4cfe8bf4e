"""The page on paper, release and here: what a preset has is what it says."""

import re
from dataclasses import fields
from pathlib import Path

from fineparser_core.config import TrainConfig
from fineparser_core.training.methods import METHODS
from fineparser_core.training.presets import PRESETS

PAGE = Path(__file__).resolve().parents[3] / "packaging" / "docs" / "deviations.md"


def rows(heading):
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    return table[2:]


def shown(value):
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "nothing"
    if isinstance(value, float):
        return f"{value:f}".rstrip("0").rstrip(".")
    words = {"True": "yes", "False": "no", "None": "none"}
    return words.get(str(value), str(value))


def test_every_setting_is_in_the_table_with_what_both_presets_have():
    table = rows("Settings")
    assert [name.strip("`") for _, name, *_ in table] == [field.name for field in fields(TrainConfig)]
    for _, name, _, _, *cells in table:
        values = [shown(getattr(PRESETS[preset], name.strip("`"))) for preset in ("release", "fineparser")]
        assert [cell.split(": give")[0] for cell in cells] == values, name


def test_numbers_of_the_release_are_those_of_its_preset():
    told = [(name, release, here) for _, name, _, release, here, _ in rows("Settings") if re.match(r"\d", release)]
    assert len(told) > 20
    for name, release, here in told:
        number = re.split(r"[ ,;:]", release.replace("0 to 3", "3"))[0]
        assert float(number) == float(here.split(",")[0]), name


def test_baselines_train_by_the_numbers_of_their_sources():
    table = rows("How the baselines train")
    named = [name for cell, *_ in table for name in re.findall("`(.+?)`", cell)]
    assert sorted(named) == sorted(method.name for method in METHODS[2:])
    for cell, epochs, size, rates, schedule, source, _ in table:
        for name in re.findall("`(.+?)`", cell):
            config = PRESETS[name]
            assert str(config.epochs) == epochs, name
            assert str(config.batch_size * config.grad_accum_steps) == size
            assert [shown(config.lr), *([shown(config.i3d_lr)] if config.has_i3d else [])] == rates.split(", ")
            assert config.schedule == schedule
            assert config.weight_decay == (1e-5 if "1e-5" in source else 0)
