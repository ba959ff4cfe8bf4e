"""The parts of `fineparser-pose` that learn one after the other: of each its batches, its losses and its measurement.

Every part is an objective of the loop that trains all methods. What an earlier part learned is frozen in the next ones.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from fineparser_core.config import TrainConfig
from fineparser_core.constants import KEYPOINT_FLIP, MASK_SIZE, N_SAMPLES, WINDOW_LENGTH
from fineparser_core.models.aqa_model import normalize, to_windows
from fineparser_core.pose.decoding import decode_flight
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.keypoints import FRAMES_SEEN, KeypointHeatmapNet, nearer_swapped, soft_argmax
from fineparser_core.pose.pose_backbone import clip_features, keypoints_of
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.support.atomic import atomic_file
from fineparser_core.training.batches import BatchPlan, RunSampler
from fineparser_core.training.objective import Objective, focal_loss, mask_loss, transition_loss
from fineparser_core.training.rendered_dives import CroppedDive, CropView
from fineparser_core.training.simulated_joints import Joints, perturbed, with_errors

#: Standard deviation of heatmap targets, and beta of the smooth L1 loss of tracked joints, pixels.
_SPOT_PX, _TRACK_BETA_PX = 3.0, 2.0
#: Weights of the losses of a frame: places of joints, and step, water and splash.
_PLACE_WEIGHT, _AUX_WEIGHT, _SPLASH_WEIGHT = 0.3, 0.3, 4.0
#: Share of frames around the take-off, whose faults are small and short, with their samples; and of the others the
#: share up to a few samples after the contact: later frames show no body. A splash shows for so many samples.
_TAKE_OFF_SHARE, _AROUND_TAKE_OFF, _DRY_SHARE, _AFTER, _SPLASH_SAMPLES = 0.3, (-14, 13), 0.8, 5, 14
#: Weight of the pixels' losses against the Dice loss.
_PIXEL_WEIGHT = 10.0
#: Share of the gated features that PSNet learns without: what it reads of rendered pictures does not hold for
#: photographed ones, where with a tenth it is sure of take-offs that are ten samples off.
_GATED_DROPOUT = 0.9
#: Standard deviation of the targets of transitions in samples, as `decode_flight` smooths.
_TRANSITION_WIDTH = 1.5
#: Number of frames or windows kept aside that are measured.
_MEASURED = 64

Batches = dict[str, Tensor]


@dataclass(frozen=True)
class Drawn:
    """A batch that was drawn, by its place in the run alone."""

    place: tuple[int, int]
    tensors: Batches

    def to(self, device: torch.device) -> "Drawn":
        """Return the same on a device."""
        return Drawn(self.place, {name: value.to(device, non_blocking=True) for name, value in self.tensors.items()})


class Draws(Dataset[Drawn]):
    """The batches of a part."""

    def __init__(self, draw: Callable[[np.random.Generator], Batches], seed: int) -> None:
        self._draw, self._seed = draw, seed

    def __getitem__(self, plan: BatchPlan) -> Drawn:
        return Drawn(plan.place, self._draw(np.random.default_rng((self._seed, *plan.place))))


class Iterations(RunSampler):
    """A number of batches an epoch."""

    def __init__(self, config: TrainConfig, count: int) -> None:
        self._count = count
        super().__init__((), config)

    def plans(self, epoch: int) -> list[BatchPlan]:
        """Return the places of the batches."""
        return [BatchPlan(place=(epoch, i), dives=()) for i in range(self._count)]


class Part(Objective):
    """Modules of the network, under their own names, and their losses.

    Args:
        network: the whole network; what is not among the modules only serves.
        modules: names of the modules that learn.
    """

    def __init__(self, network: FineParserPose, modules: Sequence[str], config: TrainConfig) -> None:
        super().__init__(nn.Module(), config)  # type: ignore[arg-type]
        for name in modules:
            *path, last = name.split(".")
            parent: nn.Module = self.model
            for step in path:
                if step not in dict(parent.named_children()):
                    parent.add_module(step, nn.Module())
                parent = parent.get_submodule(step)
            parent.add_module(last, network.get_submodule(name))
        self._network = (network,)  # not among the modules

    @property
    def network(self) -> FineParserPose:
        """The whole network."""
        return self._network[0]

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw a batch."""

    @abstractmethod
    def losses(self, batch: Batches) -> Batches:
        """Return the losses by name, with their weights: the sum is minimized."""

    def forward(self, batch: Drawn, progress: float) -> Batches:  # type: ignore[override]
        """Return the losses, see `Objective.forward`."""
        found = self.losses(batch.tensors)
        return {"total": torch.stack(list(found.values())).sum(), **found}

    def autocast(self) -> torch.autocast:
        """Return the context in which encoders run."""
        device = next(self.model.parameters()).device
        precision = self.model.precision
        return torch.autocast(device.type, dtype=precision, enabled=precision != torch.float32)

    def on_device(self, batch: Batches) -> Batches:
        """Return a batch on the device of the modules."""
        device = next(self.model.parameters()).device
        return {name: value.to(device) for name, value in batch.items()}


class CropPart(Part):
    """A module that learns from crops of dives."""

    MODULE: str

    def __init__(
        self, network: FineParserPose, config: TrainConfig, dives: Sequence[CroppedDive], aside: Sequence[CroppedDive]
    ) -> None:
        super().__init__(network, [self.MODULE], config)
        self._dives, self._aside = dives, aside

    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw a crop or a window of each of some dives."""
        return self.drawn([self._dives[i] for i in rng.integers(0, len(self._dives), self.config.batch_size)], rng)

    @abstractmethod
    def drawn(self, dives: Sequence[CroppedDive], rng: np.random.Generator) -> Batches:
        """Draw one of each dive."""

    def aside(self, count: int) -> list[CroppedDive]:
        """Return so many of the dives kept aside, some of them several times; none where there are none."""
        return [self._aside[i % len(self._aside)] for i in range(count)] if self._aside else []


class PosePart(CropPart):
    """The pose backbone on single frames between their neighbors: joints, step, water and splash."""

    MODULE = "static_encoder.backbone"

    def drawn(self, dives: Sequence[CroppedDive], rng: np.random.Generator) -> Batches:
        """Draw a frame of each dive, between its neighbors."""
        rows = []
        for dive in dives:
            view = dive.view(rng)
            cuts, contact = dive.transitions(view), dive.contact_sample(view)
            sample = _drawn_sample(cuts[0], contact, rng)
            around = np.clip(sample + np.arange(FRAMES_SEEN) - FRAMES_SEEN // 2, 0, N_SAMPLES - 1)
            points, shown = dive.points(view, np.array([sample]))
            splash = dive.splash if 0 <= sample - contact < _SPLASH_SAMPLES else np.nan
            wet = float(sample >= contact)
            phase = int(np.searchsorted(cuts, sample, side="right"))
            water = np.array([wet, splash], np.float32)
            rows.append((dive.frames(view, around), points[0], shown[0], np.array(phase), water))
        parts = zip(("frames", "points", "shown", "phases", "water"), zip(*rows, strict=True), strict=True)
        return {name: torch.from_numpy(np.stack(part)) for name, part in parts}

    def _predict(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        images = normalize(frames.flatten(0, 1)).unflatten(0, (-1, FRAMES_SEEN)).flatten(1, 2)
        with self.autocast():
            maps, more = self.network.static_encoder.backbone.predict(
                images.contiguous(memory_format=torch.channels_last)
            )
        return maps.float(), more.float()

    def losses(self, batch: Batches) -> Batches:
        """Return the losses of heatmaps and places, of step, water and splash."""
        maps, more = self._predict(batch["frames"])
        wet, splash = batch["water"].unbind(dim=1)
        return {
            "joints": pose_loss(self.network.static_encoder.backbone, maps, batch["points"], batch["shown"]),
            "phase": _AUX_WEIGHT * F.cross_entropy(more[:, :3], batch["phases"]),
            "water": _AUX_WEIGHT * F.binary_cross_entropy_with_logits(more[:, 3], wet),
            "splash": _AUX_WEIGHT * _SPLASH_WEIGHT * _known_mse(more[:, 4], splash),
        }

    @torch.no_grad()
    def measured(self) -> dict[str, float]:
        """Return the mean error of visible joints in pixels of 112, and that of the mean place of all joints."""
        if not (dives := self.aside(_MEASURED)):
            return {}
        batch = self.on_device(self.drawn(dives, np.random.default_rng(0)))
        self.eval()
        places, shown = soft_argmax(self._predict(batch["frames"])[0])[0], batch["shown"]
        middle = batch["points"][shown].mean(dim=0).expand_as(places)
        return {
            "joint error px": _sided_error(places, batch["points"], shown),
            "joint error px of the mean place": _sided_error(middle, batch["points"], shown),
        }


def _drawn_sample(take_off: int, contact: int, rng: np.random.Generator) -> int:
    kind = rng.random()
    if kind < _TAKE_OFF_SHARE:
        return int(np.clip(take_off + rng.integers(*_AROUND_TAKE_OFF), 0, N_SAMPLES - 1))
    dry = kind < _TAKE_OFF_SHARE + (1 - _TAKE_OFF_SHARE) * _DRY_SHARE
    return int(rng.integers(0, min(contact + _AFTER, N_SAMPLES) if dry else N_SAMPLES))


def pose_loss(finder: KeypointHeatmapNet, maps: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Return the loss of places and visibility of keypoints, averaged over the visible ones.

    Args:
        maps: (N, 16, 28, 28) heatmap logits.
        points, shown: (N, 16, 2) pixels of the frame, and (N, 16) bool.
    """
    places, log_probability = soft_argmax(maps)[0], maps.flatten(2).log_softmax(dim=-1)
    cell = (torch.arange(maps.shape[-1], device=maps.device) + 0.5) * (MASK_SIZE / maps.shape[-1])

    def off(points: Tensor) -> Tensor:
        x, y = (torch.exp(-0.5 * ((cell - points[..., axis, None]) / _SPOT_PX) ** 2) for axis in (0, 1))
        spot = (y[..., :, None] * x[..., None, :]).flatten(2)
        spot = spot / spot.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        return -(spot * log_probability).sum(dim=-1) + _PLACE_WEIGHT * (places - points).abs().sum(dim=-1)

    return _sided_loss(off, finder.visibility(maps), points, shown)


def track_loss(tracked: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Return the same of tracked joints (N, 16, 3)."""

    def off(points: Tensor) -> Tensor:
        return F.smooth_l1_loss(tracked[..., :2], points, beta=_TRACK_BETA_PX, reduction="none").sum(dim=-1)

    return _sided_loss(off, tracked[..., 2], points, shown)


def _sided_loss(off: Callable[[Tensor], Tensor], visibility: Tensor, points: Tensor, shown: Tensor) -> Tensor:
    """Return the mean of the smaller losses of true and of exchanged sides, which a turning body does not tell."""

    def against(points: Tensor, shown: Tensor) -> Tensor:
        there = shown.float()
        places = off(torch.where(shown[..., None], points, 0.0)) * there
        return (places + F.binary_cross_entropy_with_logits(visibility, there, reduction="none")).sum(dim=1)

    other = list(KEYPOINT_FLIP)
    each = torch.minimum(against(points, shown), against(points[:, other], shown[:, other]))
    return each.sum() / shown.sum().clamp_min(1)


def _sided_error(places: Tensor, points: Tensor, shown: Tensor) -> float:
    """Return the mean distance of visible joints (N, 16, 2), by the nearer naming of the sides."""
    other, there = list(KEYPOINT_FLIP), shown.float()
    off, swapped = ((found - points).nan_to_num().norm(dim=-1) * there for found in (places, places[:, other]))
    return float((torch.minimum(off.sum(dim=1), swapped.sum(dim=1)).sum() / there.sum().clamp_min(1)).item())


def _known_mse(found: Tensor, target: Tensor) -> Tensor:
    known = ~target.isnan()
    return torch.where(known, found - target.nan_to_num(), 0.0).square().sum() / known.sum().clamp_min(1)


class MaskPart(CropPart):
    """The spatial parser on windows: L_SAP (Eq. 8), and Dice on the fused map, which small bodies need.

    The stem of its I3D and what follows its taps stay as Kinetics left them, and so do the statistics of batch norms.
    """

    MODULE = "spatial_parser"
    FROZEN = tuple(
        f"spatial_parser.encoder.{name}"
        for name in ("conv3d_1a_7x7", "conv3d_2b_1x1", "conv3d_2c_3x3", "mixed_5b", "mixed_5c")
    )

    def train(self, mode: bool = True) -> "MaskPart":
        """Switch all but the encoder."""
        super().train(mode)
        self.network.spatial_parser.encoder.eval()
        return self

    def drawn(self, dives: Sequence[CroppedDive], rng: np.random.Generator) -> Batches:
        """Draw a window of each dive, mostly in the air: (n, 16, 112, 112, 3) uint8, and masks (n, 16, 112, 112)."""
        frames, masks = [], []
        for dive in dives:
            view = dive.view(rng)
            last = min(dive.contact_sample(view) + _AFTER, N_SAMPLES) if rng.random() < _DRY_SHARE else N_SAMPLES
            samples = int(rng.integers(0, max(last - WINDOW_LENGTH, 0) + 1)) + np.arange(WINDOW_LENGTH)
            frames.append(dive.frames(view, samples))
            masks.append(dive.masks(view, samples))
        return {"frames": torch.from_numpy(np.stack(frames)), "masks": torch.from_numpy(np.stack(masks))}

    def losses(self, batch: Batches) -> Batches:
        """Return focal and Dice losses."""
        parser = self.network.spatial_parser
        windows = _as_video(batch["frames"])
        with self.autocast():
            taps = parser.taps(windows)
            maps, unsharpened = parser.decoder.maps(taps, windows)
        logits, coarse, truth = maps.float(), unsharpened.float(), batch["masks"]
        return {
            "focal": _PIXEL_WEIGHT * (mask_loss(logits, truth) + focal_loss(coarse, truth.round())),
            "dice": _dice_loss(logits[:, -1], truth),
            "coarse dice": _dice_loss(coarse, truth),
        }

    @torch.no_grad()
    def measured(self) -> dict[str, float]:
        """Return the IoU of masks, and that of a mask that holds every pixel."""
        if not (dives := self.aside(_MEASURED // WINDOW_LENGTH)):
            return {}
        self.eval()
        rng, found = np.random.default_rng(0), []
        for dive in dives:
            batch = self.on_device(self.drawn([dive], rng))
            windows, truth = _as_video(batch["frames"]), batch["masks"] > 0.5
            with self.autocast():
                seen = (
                    self.network.spatial_parser.decoder(self.network.spatial_parser.taps(windows), windows)[:, -1] > 0
                )
            found.append([(seen & truth).sum().item(), (seen | truth).sum().item(), truth.sum().item(), truth.numel()])
        both, either, true, pixels = np.sum(found, axis=0)
        return {"mask IoU": both / max(either, 1), "mask IoU of everything": true / pixels}


def _as_video(frames: Tensor) -> Tensor:
    """Map frames (n, T, 112, 112, 3) uint8 to videos (n, 3, T, 112, 112)."""
    video = normalize(frames.flatten(0, 1)).unflatten(0, frames.shape[:2]).transpose(1, 2)
    contiguous: Tensor = video.contiguous(memory_format=torch.channels_last_3d)
    return contiguous


def _dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    found, truth = logits.sigmoid().flatten(1), truth.flatten(1)
    return (1 - (2 * (found * truth).sum(1) + 1) / (found.sum(1) + truth.sum(1) + 1)).mean()


class Encoded(NamedTuple):
    """Views of dives after the frozen parts: the joints that the backbone sees, and the gated features of the I3D.

    Attributes:
        seen: joints (N, 96, 16, 4) as single frames show them, see `KEYPOINT_SIZE`; tracked ones after `track`.
        points, shown: (N, 96, 16, 2) and (N, 96, 16), the true ones.
        gated: (N, 9, 1024); (N, 0) before `gate_dives`.
    """

    seen: Joints
    points: np.ndarray
    shown: np.ndarray
    gated: np.ndarray

    def rows(self, rows: np.ndarray) -> "Encoded":
        """Return the selected views."""
        return Encoded(self.seen.rows(rows), self.points[rows], self.shown[rows], self.gated[rows])

    def split(self, count: int, views: int) -> tuple["Encoded", "Encoded"]:
        """Return the first views, and of the dives of the others those that inference has."""
        every = np.arange(len(self.seen))
        return self.rows(every[:count]), self.rows(every[count::views])


@dataclass(frozen=True, kw_only=True)
class Views:
    """Views of dives, the first of each as inference sees it, and how frozen parts run on them.

    Attributes:
        count: of each dive.
        seed: of the others than the first.
    """

    dives: Sequence[CroppedDive]
    count: int
    seed: int
    precision: torch.dtype
    progress: ProgressCallback
    cancel: CancelToken

    def __iter__(self) -> Iterator[tuple[CroppedDive, CropView]]:
        for done, (dive, which) in enumerate(product(self.dives, range(self.count)), start=1):
            yield dive, dive.view(np.random.default_rng((self.seed, which, done)) if which else None)

    @torch.no_grad()
    def seen_by(self, see: Callable[[Tensor], Tensor], device: torch.device, folder: Path, stage: str) -> np.ndarray:
        """Return what a frozen part sees in every view (96, 3, 112, 112), float32, and keep it on disk.

        Raises:
            ExportError: the folder cannot be written.
            Cancelled: `cancel` was set; what is seen by then stays.
        """
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for done, (dive, view) in enumerate(self):
            self.cancel.raise_if_cancelled()
            path = folder / f"{dive.path.stem}-{done % self.count}.npy"
            if not path.is_file():
                images = normalize(torch.from_numpy(dive.frames(view, np.arange(N_SAMPLES))).to(device))
                with torch.autocast(device.type, dtype=self.precision, enabled=self.precision != torch.float32):
                    seen = see(images).float().cpu().numpy()
                with atomic_file(path) as temporary, temporary.open("wb") as file:
                    np.save(file, seen)
            found.append(np.load(path, allow_pickle=False))
            self.progress(Progress(stage, done + 1, len(self.dives) * self.count))
        return np.stack(found)


def encode_dives(network: FineParserPose, views: Views, folder: Path) -> Encoded:
    """Run the pose backbone on every view, see `Views.seen_by`."""
    backbone, device = network.static_encoder.backbone.eval(), next(network.parameters()).device

    def poses_of(images: Tensor) -> Tensor:
        return backbone.frame_poses(images.contiguous(memory_format=torch.channels_last))

    poses = views.seen_by(poses_of, device, folder, "encode")
    joints = keypoints_of(torch.from_numpy(poses)).numpy()
    cuts = np.array([[*dive.transitions(view), dive.contact_sample(view)] for dive, view in views])
    known = [(dive.qualities, dive.number, np.float32(dive.difficulty)) for dive, _ in views]
    qualities, numbers, difficulty = (np.stack(part) for part in zip(*known, strict=True))
    true = [dive.points(view, np.arange(N_SAMPLES)) for dive, view in views]
    points, shown = (np.stack(part) for part in zip(*true, strict=True))
    water = poses[:, :, -2:]
    seen = Joints(joints=joints, water=water, cuts=cuts, qualities=qualities, numbers=numbers, difficulty=difficulty)
    return Encoded(seen, points, shown, np.zeros((len(joints), 0), np.float32))


def gate_dives(network: FineParserPose, views: Views, folder: Path) -> np.ndarray:
    """Run the I3D and the spatial parser on every view, see `Views.seen_by`: gated features (N, 9, 1024)."""
    device = next(network.eval().parameters()).device

    def gated_of(images: Tensor) -> Tensor:
        gated = []
        for windows in to_windows(images.transpose(0, 1)[None]).split(3):
            embedding = network.spatial_parser.embed(windows)[1]
            gated.append(network.gate(network.i3d(windows).float(), embedding.float()))
        return torch.cat(gated)

    return views.seen_by(gated_of, device, folder, "gate")


class TrackPart(Part):
    """Tracker of the joints of single frames through a clip."""

    def __init__(self, network: FineParserPose, config: TrainConfig, encoded: Encoded, aside: Encoded) -> None:
        super().__init__(network, ["static_encoder.backbone.track"], config)
        self._encoded, self._aside = encoded, aside

    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw clips."""
        rows = rng.integers(0, len(self._encoded.seen), self.config.batch_size)
        chosen = self._encoded.rows(rows)
        joints, points = chosen.seen.joints.copy(), chosen.points.copy()
        if rng.random() < 0.5:
            joints[..., 0], points[..., 0] = MASK_SIZE - joints[..., 0], MASK_SIZE - points[..., 0]
        arrays = {"joints": joints, "points": points, "shown": chosen.shown}
        return {name: torch.from_numpy(value) for name, value in arrays.items()}

    def losses(self, batch: Batches) -> Batches:
        """Return the loss of tracked joints."""
        tracked = self.network.static_encoder.backbone.track(batch["joints"]).flatten(0, 1)
        return {"joints": track_loss(tracked, batch["points"].flatten(0, 1), batch["shown"].flatten(0, 1))}

    @torch.no_grad()
    def measured(self) -> dict[str, float]:
        """Return the mean error of visible joints in pixels, tracked and as single frames show them."""
        if not len(self._aside.seen):
            return {}
        self.eval()
        batch = self.on_device({"joints": torch.from_numpy(self._aside.seen.joints)})["joints"]
        tracked = self.network.static_encoder.backbone.track(batch).cpu()
        points, shown = (torch.from_numpy(part).flatten(0, 1) for part in (self._aside.points, self._aside.shown))
        each = {"joint error px": tracked, "joint error px untracked": batch.cpu()}
        return {name: _sided_error(found[..., :2].flatten(0, 1), points, shown) for name, found in each.items()}


@torch.no_grad()
def track(network: FineParserPose, encoded: Encoded) -> Encoded:
    """Return the same with tracked joints, left and right named as they are."""
    tracker = network.static_encoder.backbone.track.eval()
    device = next(network.parameters()).device
    joints = torch.from_numpy(encoded.seen.joints).split(64)
    tracked = torch.cat([tracker(part.to(device)).cpu() for part in joints])
    points = torch.from_numpy(encoded.points)
    swap = nearer_swapped(tracked[..., :2], torch.where(points.isnan(), tracked[..., :2], points))
    sided = torch.where(swap[..., None, None], tracked[:, :, list(KEYPOINT_FLIP)], tracked).numpy()
    return encoded._replace(seen=Joints(**(vars(encoded.seen) | {"joints": sided})))


class StepsPart(Part):
    """The temporal parser (Eq. 10): PSNet on gated features, and the head that reads poses, simulated ones too."""

    def __init__(
        self, network: FineParserPose, config: TrainConfig, encoded: Encoded, aside: Encoded, simulated: Joints
    ) -> None:
        super().__init__(network, ["psnet", "pose_steps"], config)
        self._encoded, self._aside, self._simulated = encoded, aside, simulated
        self._errors = errors_of(encoded)

    def draw(self, rng: np.random.Generator) -> Batches:
        """Draw rendered clips, and as many simulated ones."""
        rows = rng.integers(0, len(self._encoded.seen), self.config.batch_size)
        chosen = self._encoded.rows(rows)
        other = self._simulated.rows(rng.integers(0, len(self._simulated), self.config.batch_size))
        other = with_errors(other, self._encoded.seen, self._errors, rng)
        features = torch.cat([features_of(chosen.seen, rng), features_of(other, rng)])
        cuts = np.concatenate([chosen.seen.cuts, other.cuts])[:, :2]
        return {"features": features, "cuts": torch.from_numpy(cuts), "gated": torch.from_numpy(chosen.gated)}

    def losses(self, batch: Batches) -> Batches:
        """Return the losses of each head, and of both together."""
        distance = torch.arange(N_SAMPLES, device=batch["cuts"].device)[None, :, None] - batch["cuts"][:, None]
        target = torch.exp(-0.5 * (distance / _TRANSITION_WIDTH) ** 2)
        gated = F.dropout(batch["gated"], _GATED_DROPOUT, self.training)
        windows, poses = self.network.psnet.logits(gated), self.network.pose_steps(batch["features"])
        both, n = (windows + poses[: len(windows)]) / 2, len(windows)
        return {
            "windows": transition_loss(windows.sigmoid(), target[:n]),
            "poses": transition_loss(poses.sigmoid(), target),
            "both": transition_loss(both.sigmoid(), target[:n]),
        }

    @torch.no_grad()
    def measured(self) -> dict[str, float]:
        """Return the mean errors of both transitions in samples, and those of the mean transitions."""
        seen = self._aside.seen
        if not len(seen):
            return {}
        self.eval()
        batch = self.on_device({"features": features_of(seen), "gated": torch.from_numpy(self._aside.gated)})
        found = self.network.step_probabilities(batch["gated"], batch["features"]).cpu().numpy()
        off = np.abs(np.array([decode_flight(one) for one in found]) - seen.cuts[:, :2]).mean(axis=0)
        usual = np.abs(self._encoded.seen.cuts[:, :2].mean(axis=0) - seen.cuts[:, :2]).mean(axis=0)
        named = {"take-off": 0, "entry": 1}
        return {f"{name} error": float(off[i]) for name, i in named.items()} | {
            f"{name} error of the mean": float(usual[i]) for name, i in named.items()
        }


def errors_of(encoded: Encoded) -> np.ndarray:
    """Return the errors (N, 96, 16, 2) of tracked joints; NaN where a joint is hidden."""
    return np.where(encoded.shown[..., None], encoded.seen.joints[..., :2] - encoded.points, np.nan)


def features_of(seen: Joints, rng: np.random.Generator | None = None) -> Tensor:
    """Return the pose features (n, 96, POSE_FEATURES) of dives, of perturbed joints where there is a generator."""
    joints = seen.joints if rng is None else perturbed(seen, rng)
    return clip_features(torch.from_numpy(joints), torch.from_numpy(seen.water))
