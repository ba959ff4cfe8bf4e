"""The training loop (paper section 3.3): epoch, batch, losses, step, log, save, measure.

Every method is trained by it, and every part of the bundle's recipe.

An interrupted run resumes from its last checkpoint with the same batches and bitwise the same losses, because whatever
is drawn depends on nothing but the seed and the place in the run.
"""

import json
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from fineparser_core.checkpoints.state_dicts import save_checkpoint
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.data.exemplars import some_candidates
from fineparser_core.data.records import DatasetDive
from fineparser_core.errors import CheckpointError, ConfigError, ExportError, FineParserError
from fineparser_core.evaluation.evaluate import Evaluator
from fineparser_core.evaluation.results import finite
from fineparser_core.evaluation.summary import summarize
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.device import PRECISIONS, choose_precision
from fineparser_core.support.documents import read_document
from fineparser_core.support.processes import safe_path
from fineparser_core.support.tables import csv_table
from fineparser_core.training.batches import BatchDataset, RunSampler, batch_loader
from fineparser_core.training.objective import Objective, make_objective
from fineparser_core.training.optimizer import (
    fix_batch_norms,
    learning_rate,
    make_optimizer,
    parameter_groups,
    rate_names,
)
from fineparser_core.training.plan import measure_step
from fineparser_core.training.ranks import Ranks
from fineparser_core.training.validation import CONSOLE_EVERY_S, Splits, picked_epoch, protocol_of, run_by_number

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

logger = logging.getLogger(__name__)

#: Name of the events of the loop.
STAGE = "train"
CHECKPOINT, BEST = "train.pt", "best.pt"
#: Iterations of a GPU between two looks at their losses, for which the host has to wait.
_UNREAD = 16
#: Log of a run as JSON lines, the same as a table, and as TensorBoard reads it.
EVENTS, METRICS, TENSORBOARD = "events.jsonl", "metrics.csv", "tensorboard"
#: File of the measured epochs.
HISTORY = "history.json"
#: Share of the running mean of a loss in the log that an iteration replaces.
_NEW = 0.05


class Events:
    """Appends to FOLDER/events.jsonl, a line for each event.

    A resumed run calls `cut` first, because it repeats the iterations after its checkpoint.

    Args:
        tensorboard: write FOLDER/tensorboard as well.

    Raises:
        ConfigError: TensorBoard is wanted and not installed.
    """

    def __init__(self, folder: Path, *, tensorboard: bool = False) -> None:
        self._path, self._has_board = folder / EVENTS, tensorboard
        self._board: SummaryWriter | None = None
        if tensorboard and find_spec("tensorboard") is None:
            raise ConfigError("--tensorboard needs the package tensorboard: pip install tensorboard.")

    def cut(self, stage: str, iteration: int) -> None:
        """Delete the events of a stage after an iteration, and an incomplete last line."""
        if not self._path.exists():
            return
        kept = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event["stage"] != stage or event["iteration"] <= iteration:
                kept.append(line)
        write_whole(self._path, "".join(f"{line}\n" for line in kept))

    def write_table(self) -> None:
        """Write the events so far to FOLDER/metrics.csv, a row each, with a column for each metric.

        Raises:
            ExportError: it cannot be written.
        """
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else ()
        rows = [json.loads(line) for line in lines]
        columns = list(dict.fromkeys(chain(*rows)))
        write_whole(self._path.with_name(METRICS), csv_table(columns, rows))
        if self._board is not None:
            self._board.flush()

    def write(self, stage: str, iteration: int, values: Mapping[str, float]) -> None:
        """Write an event; values that are not finite are left out, as JSON does not have them.

        Raises:
            ExportError: it cannot be written.
        """
        finite = {name: float(value) for name, value in values.items() if np.isfinite(value)}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"stage": stage, "iteration": iteration, **finite}) + "\n")
        except OSError as error:
            raise ExportError(f"{self._path} cannot be written ({error.strerror}): make room and go on.") from None
        if self._has_board and self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self._path.with_name(TENSORBOARD)), purge_step=iteration)
        if self._board is not None:
            for name, value in finite.items():
                self._board.add_scalar(f"{stage}/{name}", value, iteration)


class Loop:
    """A run of the loop. It leaves the last weights in OUT/train.pt and those of the picked epoch in OUT/best.pt.

    Args:
        objective: the network and its losses.
        batches: the data set whose items the sampler names; an item has a `place` and is put on a device by `to`.
        cancel: once the token of any process is set, the run writes a checkpoint and stops.
        ranks: the processes that share the batches of an update; the first measures and writes.

    Attributes:
        name: of the run in the log.
        iteration: updates of the weights so far.
        history: for each measured epoch its number, from 1, and its metrics by split.

    Raises:
        ConfigError: the settings do not fit the device or the network.
    """

    def __init__(
        self,
        objective: Objective,
        batches: Dataset[Any],
        sampler: RunSampler,
        config: TrainConfig,
        out: Path,
        *,
        settings: RunSettings | None = None,
        cancel: CancelToken | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.config, self.out, self.settings, self.name = config, out, settings or RunSettings(), STAGE
        self.cancel, self.ranks = cancel or CancelToken(), ranks or Ranks()
        self.device = device = self.ranks.device
        if self.ranks.world > config.grad_accum_steps:
            raise ConfigError(
                f"An update has {config.grad_accum_steps} batches to share among {self.ranks.world} processes: give "
                f"--grad-accum-steps {self.ranks.world} or more, or start fewer."
            )
        self.unread = _UNREAD if device.type == "cuda" else 1
        precision = choose_precision(device, config.precision)
        if precision == "fp16" and device.type != "cuda":
            raise ConfigError("fp16 trains on CUDA alone: use bf16 or fp32.")
        objective.model.precision = PRECISIONS[precision]
        self.objective = objective.to(device)
        groups = parameter_groups(self.objective, config)
        self.optimizer, self.peaks = make_optimizer(groups, config), [rate for _, rate in groups]
        self.rate_names = rate_names(config, self.peaks)
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")
        self.trained = self.ranks.wrap(self.objective)
        self.sampler, sampler.rank, sampler.world = sampler, self.ranks.rank, self.ranks.world
        self.iterations = self.sampler.iterations * config.epochs
        self.loader = batch_loader(batches, self.sampler, self.settings, device)
        self.batches: Iterator[Any] = iter(())
        self.events = Events(out, tensorboard=self.settings.tensorboard)
        self.iteration, self.history = 0, list[dict[str, Any]]()
        self._unread: list[tuple[int, dict[str, float], dict[str, Tensor]]] = []
        self._running: dict[str, float] = {}
        self._first, self._began_s, self._reported_s = 0, time.monotonic(), -math.inf

    def run(self) -> list[dict[str, Any]]:
        """Train to the end, from the last checkpoint on; a finished run is only loaded.

        Returns:
            The history.

        Raises:
            FineParserError: a loss or a weight is not finite; the last checkpoint is from before it.
            CheckpointError: the checkpoint is damaged or of another run.
            ExportError: a checkpoint cannot be written; the checkpoint before is untouched.
            Cancelled: the token is set; the checkpoint is written.
        """
        try:
            self._resume()
            for epoch in range(max(self.iteration - 1, 0) // self.sampler.iterations, self.config.epochs):
                done = self.iteration - epoch * self.sampler.iterations
                for update in self.sampler.updates(epoch)[done:]:
                    self._stop_if_cancelled()
                    if self.iteration == self._first and self.ranks.world == 1:
                        self._log(self._measured_step(len(update), epoch / self.config.epochs))
                    else:
                        self._log(self._step(len(update), epoch / self.config.epochs))
                    self._save_when_due()
                self._measure_when_due(epoch + 1)
        finally:
            self.batches = iter(())  # which ends its processes
            # Before the group of the processes goes: with DDP it would end while Python's lock is held, and wait for
            # ever for a thread of gloo that lets go of its last tensors by the same lock.
            self.trained = self.objective
        return self.history

    def _step(self, parts: int, progress: float) -> dict[str, Tensor]:
        """Sum the gradients of the batches of an update, clip and apply them.

        Returns: of each loss the sum over the batches of this process as a share of all, on the device.
        """
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = learning_rate(self.config, self.iteration, self.iterations, peak)
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        n_rounds = math.ceil(parts / self.ranks.world)
        for turn in range(n_rounds):
            batch = self._next_batch()
            # A batch that fills up an update counts nothing; what is averaged over the processes is to be a sum.
            counts = turn * self.ranks.world + self.ranks.rank < parts
            fix_batch_norms(self.objective, self.config.batch_norm)
            torch.manual_seed(
                _seed(self.config.seed, *batch.place)
            )  # of dropout, so that it is the same after a resume
            with self.ranks.apart(self.trained) if turn < n_rounds - 1 else nullcontext():
                losses: dict[str, Tensor] = self.trained(batch, progress)
                self.scaler.scale(losses["total"] * (counts * self.ranks.world)).backward()
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value.detach().double() * counts / parts
        if self.config.clip_norm:
            self.scaler.unscale_(self.optimizer)
            learned = [weights for group in self.optimizer.param_groups for weights in group["params"]]
            nn.utils.clip_grad_norm_(learned, self.config.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.iteration += 1
        return sums

    def _measured_step(self, parts: int, progress: float) -> dict[str, Tensor]:
        """Make the first update, and log what it costs."""
        losses: dict[str, Tensor] = {}
        cost = measure_step(lambda: losses.update(self._step(parts, progress)), self.device)
        logger.info("%s: the first update %s at most", self.name, cost.text(self.iterations - self._first))
        return losses

    def _log(self, losses: dict[str, Tensor]) -> None:
        """Keep the losses of an iteration; write them when the device has to be waited for anyway."""
        now = self.iteration
        rates = {name: group["lr"] for name, group in zip(self.rate_names, self.optimizer.param_groups, strict=True)}
        self._unread.append((now, rates, losses))
        if len(self._unread) == self.unread or self._saves() or now % self.sampler.iterations == 0:
            self._write_losses()
        if (not self._unread and time.monotonic() - self._reported_s > CONSOLE_EVERY_S) or now == self.iterations:
            self._reported_s = time.monotonic()
            left_s = (self._reported_s - self._began_s) / (now - self._first) * (self.iterations - now)
            each, means = (", ".join(f"{k} {v:.4g}" for k, v in of.items()) for of in (rates, self._running))
            told = self.name, now, self.iterations, each, round(1 / _NEW), means, left_s
            logger.info("%s %d/%d: %s; means of about %d iterations: %s (%.0f s left)", *told)

    def _write_losses(self) -> None:
        """Take the losses over from the device, which has to finish first, and from the other processes."""
        mine = [dict(zip(each, torch.stack([*each.values()]).tolist(), strict=True)) for _, _, each in self._unread]
        for (iteration, rates, _), *shares in zip(self._unread, *self.ranks.gather(mine), strict=True):
            values = {name: sum(share.get(name, 0.0) for share in shares) for name in dict.fromkeys(chain(*shares))}
            if not math.isfinite(values["total"]):
                raise FineParserError(
                    f"The loss is {values['total']} at iteration {iteration - 1}: lower the learning rate, or give "
                    "--clip-norm; the last checkpoint is from before it."
                )
            if self.ranks.is_main:
                self.events.write(STAGE, iteration, values | rates)
            for name, value in values.items():
                self._running[name] = (1 - _NEW) * self._running.get(name, value) + _NEW * value
        self._unread.clear()

    def _saves(self) -> bool:
        return self.iteration % self.settings.checkpoint_every == 0 or self.iteration == self.iterations

    def _save_when_due(self) -> None:
        if self._saves():
            self._save()

    def _save(self) -> None:
        """Write OUT/train.pt."""
        if not self.ranks.is_main:
            return
        state, path = self.objective.state_dict(), self.out / CHECKPOINT
        if not all(bool(value.isfinite().all()) for value in state.values()):
            raise FineParserError(
                f"The weights are no longer finite after iteration {self.iteration}: lower the learning rate, or "
                "give --clip-norm; the last checkpoint is from before it."
            )
        content = {
            "modules": {"objective": state},
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "iteration": self.iteration,
        }
        save_checkpoint(content, path)
        self.events.write_table()

    def _measure_when_due(self, epoch: int) -> None:
        """Measure the network after an epoch, from 1, that is evaluated, and keep its weights if they are the best."""
        last = self.iteration == self.iterations
        measured = bool(self.history) and self.history[-1]["epoch"] == epoch
        if measured or not (last or self.config.evaluates(epoch)):
            return
        try:
            entry = finite({"epoch": epoch, **self.measure(epoch)}) if self.ranks.is_main else {}
        except BaseException:
            self._save()  # else what was learned since the last checkpoint would be lost
            raise
        self.history = [*self.history, self.ranks.gather(entry)[0]]
        if not self.ranks.is_main:
            return
        if picked_epoch(self.history, self.config.pick_on) == epoch:
            save_checkpoint(self.objective.model.state_dict(), self.out / BEST)
        write_whole(self.out / HISTORY, json.dumps(self.history) + "\n")
        self.events.write_table()

    def measure(self, epoch: int) -> dict[str, Any]:
        """Return the metrics of the network after an epoch, from 1, by what they were measured on."""
        return {"held out": self.objective.measured()}

    def _resume(self) -> None:
        """Go on from OUT/train.pt, if it is there."""
        path = self.out / CHECKPOINT
        if path.exists():
            saved = load_checkpoint(path, self.device)
            try:
                self.objective.load_state_dict(saved["modules"]["objective"])
                self.optimizer.load_state_dict(saved["optimizer"])
                self.scaler.load_state_dict(saved["scaler"])
                self.iteration = int(saved["iteration"])
                self.history = self._read_history()
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise CheckpointError(
                    f"{path} does not fit this run ({str(error).splitlines()[0]}): give the same settings, or another "
                    "folder."
                ) from None
            logger.info("%s: going on at iteration %d of %d", self.name, self.iteration, self.iterations)
        if self.ranks.is_main:
            self.events.cut(STAGE, self.iteration)
        self.sampler.load_state_dict({"iteration": self.iteration})
        self._first, self._began_s = self.iteration, time.monotonic()
        if self.iteration == self.iterations:
            return
        with safe_path():  # of the processes that make the batches
            self.batches = iter(self.loader)
        each = self.config.epochs, self.sampler.iterations
        logger.info("%s: %d epochs of %d iterations%s; waits for the first", self.name, *each, self.size_text())

    def _read_history(self) -> list[dict[str, Any]]:
        """Return the measured epochs up to the iteration; those after it are trained and measured again."""
        path = self.out / HISTORY
        if not path.is_file():
            return []

        def refuse(reason: str) -> CheckpointError:
            return CheckpointError(f"{path} cannot be read ({reason}): delete it to measure epochs again.")

        every = read_document(path, list[dict[str, Any]], refuse)
        return [entry for entry in every if entry["epoch"] * self.sampler.iterations <= self.iteration]

    def size_text(self) -> str:
        """Return what the log says of the size of an iteration."""
        return ""

    def _stop_if_cancelled(self) -> None:
        watched = self.ranks.world == 1 or self.iteration % self.unread == 0
        if watched and self.ranks.any(self.cancel.cancelled):
            self._write_losses()
            self._save()
            self.ranks.wait()  # torchrun ends all processes once any has ended
            self.cancel.cancel()
            self.cancel.raise_if_cancelled()

    def _next_batch(self) -> Any:
        while True:
            with suppress(InterruptedError):  # by Ctrl+C on Windows, which the run hears of at its checkpoint
                return next(self.batches).to(self.device)


class Trainer(Loop):
    """A training of a method on dives.

    Args:
        options: of `Loop`.

    Raises:
        ConfigError: the settings do not fit the device, the network or the dives.
    """

    def __init__(self, model: AQAModel, splits: Splits, config: TrainConfig, out: Path, **options: Any) -> None:
        self.splits, records = splits, [dive.record for dive in splits.train]
        self._evaluators: dict[str, Evaluator] = {}
        objective = make_objective(model, config, records)
        sampler = RunSampler(records, config)
        super().__init__(objective, BatchDataset(splits.train, config), sampler, config, out, **options)

    def measure(self, epoch: int) -> dict[str, Any]:
        """Measure the network on the splits."""
        splits, entry = self.splits, dict[str, Any]()
        for split, dives in (
            ("validation", splits.validation),
            ("test", splits.test if self.config.test_epochs else ()),
        ):
            if dives:
                if split not in self._evaluators:
                    self._evaluators[split] = self._evaluator(
                        dives, None if split == "test" else self.config.per_number
                    )
                results = run_by_number(self._evaluators[split], dives, cancel=self.cancel)
                summary = summarize(results, median_transitions=splits.median_transitions(), resamples=0)
                entry[split] = summary.values()
                # A run that was killed before its checkpoint has written this entry already.
                self.events.cut(split, epoch - 1)
                self.events.write(split, epoch, entry[split])
        return entry

    def _evaluator(self, dives: Sequence[DatasetDive], per_number: int | None) -> Evaluator:
        """Return the evaluator of a split, with exemplars from so many training dives of each number, or from all."""
        protocol, pool = protocol_of(self.config), [dive.record for dive in self.splits.train]
        if per_number:
            wanted = [dive.record for dive in dives]
            pool = some_candidates(wanted, pool, protocol.pairing, per_number, protocol.seed)
        return Evaluator(self.objective.model, pool, self.splits.train, protocol, stretch=False)

    def size_text(self) -> str:
        """Return the pairs or dives of an iteration."""
        size = self.config.batch_size * self.config.grad_accum_steps
        return f", up to {size} {'pairs' if self.config.contrastive and not self.config.all_pairs else 'dives'} each"


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Read what `torch.save` wrote, as data alone.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        with ZipFile(path) as archive:  # torch writes checksums, and reads on where they differ
            if (damaged := archive.testzip()) is not None:
                raise ValueError(f"{damaged} has another checksum")
        saved = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # damaged bytes make the unpickler fail in every way there is
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(f"{path} cannot be read ({reason}): delete it to start that stage again.") from None
    if not isinstance(saved, dict):
        raise CheckpointError(f"{path} is not a checkpoint of a training run: choose another folder.")
    return saved


def load_best(model: AQAModel, out: Path) -> None:
    """Load the weights of the picked epoch from OUT/best.pt.

    Raises:
        CheckpointError: it cannot be read.
    """
    model.load_state_dict(load_checkpoint(out / BEST, next(model.parameters()).device))


def _seed(*parts: int) -> int:
    """Return the seed of torch's generators for a place in a run."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])
