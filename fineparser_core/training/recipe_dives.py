"""The dives of the recipe of the bundled weights: rendered for as long as their share of the minutes lasts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fineparser_core.config import Renderer
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.frame_cache import DatasetCache, load_dives
from fineparser_core.data.records import DiveRecord
from fineparser_core.progress import CancelToken, Progress
from fineparser_core.synth.dataset import PlannedDive, SynthConfig, synthesize
from fineparser_core.training.budget import Budget
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.video.preprocess import WHOLE

_STAGE = "dives"
#: Fewest dives; more are rendered in even numbers, as they come in pairs.
LEAST_DIVES = 8


@dataclass(frozen=True)
class PairedDives:
    """Sampled dives, each even one followed by another of its number and board, as a dive alone has no exemplar.

    Implements `synth.dataset.DatasetPlan`. A dive depends on the seed and on its index alone.
    """

    count: int
    seed: int
    renderer: Renderer = "capsule"

    @property
    def settings(self) -> dict[str, Any]:
        """The seed and the renderer; not the size, so that dives can be added."""
        settings: dict[str, Any] = {"seed": self.seed, "paired": True}
        return settings if self.renderer == "capsule" else {**settings, "renderer": self.renderer}

    @property
    def _sampled(self) -> SynthConfig:
        return SynthConfig(train=self.count + 1, test=0, seed=self.seed, renderer=self.renderer)

    def __len__(self) -> int:
        return self.count

    def dive(self, i: int) -> PlannedDive:
        """Dive i, of the training split."""
        first, planned = self._sampled.dive(i - i % 2), self._sampled.dive(i)
        spec = replace(planned.spec, dive_number=first.spec.dive_number, board_m=first.spec.board_m)
        return replace(planned, key=(first.key[0], planned.key[1]), spec=spec)


@dataclass(frozen=True, kw_only=True)
class RecipeDives:
    """Rendered dives in the order in which they were sampled.

    Attributes:
        data: the data set.
        records: of all dives.
        dives: with what the network sees of them in the recipe's preprocessing.
        whole_frames: the first of them as whole frames.
    """

    data: DiveSet
    records: Sequence[DiveRecord]
    dives: Sequence[Dive]
    whole_frames: Sequence[Dive]


def render_dives(folder: Path, config: RecipeConfig, budget: Budget, workers: int, cancel: CancelToken) -> RecipeDives:
    """Render and load dives; a finished stage is only loaded.

    Args:
        folder: for the data set and the cache of its frames.
        workers: processes that render and threads that decode; the dives do not depend on it.

    Raises:
        ExportError: the folder cannot be written.
        Cancelled: `cancel` was set; finished dives stay.
    """
    budget.begin(_STAGE)
    count = budget.units.get(_STAGE)
    if count is not None:
        return _render(folder, count, config, budget, workers, cancel)[0]
    count = min(LEAST_DIVES, config.dives)
    while True:
        found, each_s = _render(folder, count, config, budget, workers, cancel)
        # Half of what fits, as the speed is known better with every go.
        more = int(budget.left_s() / max(each_s, 1e-3) / 2) // 2 * 2
        if budget.left_s() <= 0 or count >= config.dives or (more < LEAST_DIVES and each_s > 0):
            budget.finish(_STAGE, count)
            return found
        count = min(config.dives, count + (more if each_s > 0 else LEAST_DIVES))


def _render(
    folder: Path, count: int, config: RecipeConfig, budget: Budget, workers: int, cancel: CancelToken
) -> tuple[RecipeDives, float]:
    """The first dives, and the seconds that each missing one took; 0 if none was missing."""
    began_s, done = budget.clock(), []

    def tick(progress: Progress) -> None:
        done.append(progress.done)
        budget.tick()

    root = folder / "dives"
    synthesize(root, PairedDives(count, config.seed, config.renderer), workers=workers, progress=tick, cancel=cancel)
    data = load_dataset(root)
    records = sorted(data.split("train"), key=lambda record: record.key[1])

    def load(preprocessing: str, wanted: Sequence[DiveRecord]) -> list[Dive]:
        cache = DatasetCache(folder / "frames", data, preprocessing)
        return load_dives(data, wanted, cache, cancel, workers=workers, progress=lambda progress: budget.tick())

    found = RecipeDives(
        data=data,
        records=records,
        dives=load(config.preprocessing, records),
        whole_frames=load(WHOLE.name, records[: config.whole_frame_dives]),
    )
    missing = count - done[0]
    return found, (budget.clock() - began_s) / missing if missing else 0.0
