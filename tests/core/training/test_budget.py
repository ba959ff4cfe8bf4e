"""The minutes of a run: how they are divided, and that a resumed run goes on with what was spent and decided."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from toy_stage import left_by, toy_stage

from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.progress import CancelToken
from fineparser_core.training import recipe, recipe_dives
from fineparser_core.training.budget import Budget, Pace
from fineparser_core.training.loop import Stage, load_checkpoint, run_stage
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.recipe_dives import PairedDives, render_dives

SHARES = {"first": 0.5, "toy": 0.3, "last": 0.2}


class Clock:
    """Seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_shares_of_the_recipe_are_all_of_the_minutes() -> None:
    assert sum(recipe.SHARES.values()) == pytest.approx(1)
    assert min(recipe.SHARES.values()) > 0


def test_what_a_stage_leaves_or_overdraws_is_divided_among_the_later_ones(tmp_path: Path, clock: Clock) -> None:
    budget = Budget(tmp_path / "budget.json", 1, SHARES, clock)
    budget.begin("first")
    assert budget.left_s() == pytest.approx(30)
    clock.now += 10
    budget.begin("toy")
    assert budget.left_s() == pytest.approx(50 * 0.3 / 0.5)
    clock.now += 45
    assert budget.left_s() == pytest.approx(-15)
    budget.begin("last")
    assert budget.left_s() == pytest.approx(5)
    clock.now += 100
    assert budget.left_s() == pytest.approx(-95)


def test_a_resumed_run_goes_on_with_what_was_spent_and_decided(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "budget.json"
    budget = Budget(path, 1, SHARES, clock)
    assert list(budget.take("first", range(9), 2)) == list(range(9))
    clock.now += 12
    budget.begin("toy")
    end = budget.spent_s + budget.left_s()
    clock.now += 3
    budget.tick()
    clock.now += 1.5
    budget.tick()  # too soon to be kept; the process is killed, and an hour later
    clock.now += 3600
    resumed = Budget(path, 1, SHARES, clock)
    assert resumed.spent_s == pytest.approx(15)
    assert resumed.units == {"first": 9}
    resumed.begin("toy")
    assert resumed.spent_s + resumed.left_s() == pytest.approx(end)


def test_items_are_taken_while_their_share_lasts_and_the_same_ones_again(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "budget.json"

    def take(budget: Budget, stage: str, each_s: float) -> list[int]:
        taken = []
        for item in budget.take(stage, range(100), 2):
            taken.append(item)
            clock.now += each_s
        return taken

    budget = Budget(path, 1, SHARES, clock)
    assert take(budget, "first", 4) == list(range(8))  # 30 s
    assert take(budget, "toy", 50) == [0, 1]
    assert take(budget, "last", 1) == [0, 1]  # nothing is left for it
    resumed = Budget(path, 1, SHARES, clock)
    assert take(resumed, "first", 4) == list(range(8))
    assert resumed.units == {"first": 8, "toy": 2, "last": 2}


def test_the_number_of_iterations_follows_the_speed(tmp_path: Path, clock: Clock) -> None:
    pace = Pace(Budget(tmp_path / "budget.json", 1, SHARES, clock), "first", 0)  # 30 s

    def after(seconds: float, done: int, planned: int) -> int | None:
        clock.now += seconds
        return pace.decide(done, planned, 1000)

    assert after(6, 1, 1000) == 1 + 4  # the first iteration prepares much
    assert after(0.5, 2, 5) == 2 + 47  # the second shows the speed
    assert after(0.5, 3, 49) is None
    assert after(0.5, 4, 49) == 49
    assert after(6, 6, 49) == 6 + 11  # slower: checked as time has passed
    assert after(0.1, 7, 17) is None
    assert after(0.1, 8, 17) == 8 + 14
    assert after(20, 9, 22) == 9  # no time is left
    assert after(0, 9, 9) is None


def test_a_stage_without_time_has_one_iteration(tmp_path: Path, clock: Clock) -> None:
    budget = Budget(tmp_path / "budget.json", 1, SHARES, clock)
    clock.now += 100
    pace = Pace(budget, "toy", 0)
    clock.now += 1
    assert pace.decide(1, 1000, 1000) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"spent_s": "x", "ends_s": {}, "units": {}}', '{"spent_s": 1}'])
def test_a_damaged_budget_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "budget.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"budget\.json is damaged"):
        Budget(path, 1, SHARES)


def timed(clock: Clock, cancel_at: int = -1) -> tuple[Stage, CancelToken]:
    """The toy stage with iterations of half a second, and a token that is set in one of them."""
    stage, token = toy_stage(iterations=1000), CancelToken()

    def compute_losses(iteration: int, part: int) -> dict[str, torch.Tensor]:
        if part == 0:
            clock.now += 0.5
        if iteration == cancel_at:
            token.cancel()
        return stage.compute_losses(iteration, part)

    return replace(stage, compute_losses=compute_losses), token


def test_a_stage_lasts_for_its_share_and_a_cut_one_ends_with_the_same_weights(tmp_path: Path) -> None:
    def run(folder: Path, *cuts: int) -> None:
        folder.mkdir()
        for cut in cuts:
            clock = Clock()
            stage, token = timed(clock, cut)
            with pytest.raises(Cancelled):
                run_stage(stage, folder, token, budget=Budget(folder / "budget.json", 1, SHARES, clock))
        clock = Clock()
        budget = Budget(folder / "budget.json", 1, SHARES, clock)
        run_stage(timed(clock)[0], folder, CancelToken(), budget=budget)

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(whole)
    run(cut, 5, 23)
    saved = load_checkpoint(whole / "toy.pt", torch.device("cpu"))
    assert saved["iteration"] == saved["iterations"] == 72  # half a second each, of 0.3 / 0.5 of the minute
    assert left_by(cut) == left_by(whole)
    assert json.loads((whole / "budget.json").read_text(encoding="utf-8"))["units"] == {"toy": 72}


def test_dives_come_in_pairs_that_do_not_depend_on_their_number() -> None:
    few, many = PairedDives(8, 3), PairedDives(100, 3)
    assert [few.dive(i) for i in range(8)] == [many.dive(i) for i in range(8)]
    assert few.settings == many.settings
    meshes = PairedDives(8, 3, "mesh")
    assert {meshes.dive(i).spec.renderer for i in range(8)} == {"mesh"}
    assert meshes.settings != few.settings
    specs = [many.dive(i).spec for i in range(100)]
    assert all(
        a.dive_number == b.dive_number and a.board_m == b.board_m for a, b in zip(specs[::2], specs[1::2], strict=True)
    )
    assert len({spec.dive_number for spec in specs}) > 8
    assert len({many.dive(i).seed for i in range(100)}) == 100


def test_dives_are_rendered_while_their_share_lasts(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes = []

    def render(folder: Path, count: int, *args: object) -> tuple[str, float]:
        missing = count - (goes[-1] if goes else 0)
        clock.now += 0.5 * missing
        goes.append(count)
        return f"{count} dives", 0.5 if missing else 0.0

    monkeypatch.setattr(recipe_dives, "_render", render)
    config = RecipeConfig(dives=60)

    def found(minutes: float, config: RecipeConfig = config) -> object:
        goes.clear()
        path = tmp_path / f"{minutes}-{config.dives}.json"
        return render_dives(tmp_path, config, Budget(path, minutes, {"dives": 1.0}, clock), 1, CancelToken())

    assert found(1) == "60 dives"  # all of them
    assert goes == [8, 60]
    assert found(1, RecipeConfig()) == "106 dives"
    assert goes == [8, 64, 92, 106]  # of 120, in ever smaller goes
    assert found(1, RecipeConfig()) == "106 dives"
    assert goes == [106]  # only loaded
    assert found(0.01) == "8 dives"


def test_the_recipe_runs_on_a_cpu_or_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recipe.recipe_device("cpu")[0] == "cpu"
    monkeypatch.setattr(recipe, "choose_device", lambda name: torch.device("mps"))
    assert recipe.recipe_device("auto")[0] == "cpu"
    with pytest.raises(ConfigError, match="run on cpu and cuda, not on mps: give --device cpu"):
        recipe.recipe_device("mps")
    monkeypatch.setattr(recipe, "choose_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(recipe, "choose_precision", lambda device: "fp16")
    assert recipe.recipe_device("auto") == ("cuda", "fp32")
