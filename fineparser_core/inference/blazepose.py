"""BlazePose as `joints.finding` uses it: pictures to our joints and masks. Imports torch."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from safetensors import safe_open

from fineparser_core.joints.finding import BODY, Look, Seen
from fineparser_core.joints.turned import PICTURE_PX
from fineparser_core.pose.blazepose import BlazePose
from fineparser_core.resources import resource

Item = TypeVar("Item")
Result = TypeVar("Result")

# Its landmarks in the order of our joints; our head lies between its ears.
_EARS = (7, 8)
_JOINTS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 32)
assert len(_JOINTS) == BODY - 1
# A mask is looked for so many pixels around the joints, half of a usual trunk; the network's box is counted in fours.
_AROUND, _FOURS = 24, 4


class _BlazePose(Look):
    """See `load_blazepose`."""

    def __init__(self, network: BlazePose, device: torch.device) -> None:
        self._network, self._device = network, device

    def joints(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        return self._each(self._see, pictures)

    def masks(self, seen: Sequence[Seen]) -> list[np.ndarray]:
        return self._each(self._mask, seen)

    def _each(self, do: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        # The layers are so small that threads cost more than they help: each picture has one of its own.
        workers = torch.get_num_threads() if self._device.type == "cpu" else 1
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(do, items))

    @torch.inference_mode()
    def _see(self, picture: np.ndarray) -> Seen:
        seen = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 255
        found, shared = self._network(seen)
        landmarks = found[0].cpu().double().numpy()
        ours = np.concatenate([landmarks[_EARS, :].mean(axis=0, keepdims=True), landmarks[_JOINTS, :]])
        return Seen(ours[:, :2], 1 / (1 + np.exp(-ours[:, 3])), shared)

    @torch.inference_mode()
    def _mask(self, seen: Seen) -> np.ndarray:
        most = PICTURE_PX // _FOURS
        low = np.clip((seen.joints.min(axis=0) - _AROUND) // _FOURS, 0, most - 1).astype(int)
        high = np.clip((seen.joints.max(axis=0) + _AROUND) // _FOURS, low + 1, most).astype(int)
        columns, rows = (slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
        mask = np.full((PICTURE_PX, PICTURE_PX), np.nan, np.float32)
        found = self._network.mask(seen.shared, rows, columns)[0].sigmoid()
        inside = tuple(slice(_FOURS * one.start, _FOURS * one.stop) for one in (rows, columns))
        mask[inside] = found.cpu().numpy()
        return mask


def load_blazepose(device: torch.device) -> Look:
    """The bundled BlazePose on a device, in float32 whatever its precision: the joints are then the same everywhere."""
    with safe_open(resource("weights", "blazepose.safetensors"), framework="pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    network = BlazePose(json.loads(about["graph"]), tensors, int(about["landmarks"]))
    return _BlazePose(network.to(device).eval(), device)
