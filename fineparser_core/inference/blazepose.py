"""BlazePose as `joints.finding` uses it: pictures to our joints. Imports torch."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from safetensors import safe_open

from fineparser_core.joints.finding import BODY, Look, Seen
from fineparser_core.pose.blazepose import BlazePose
from fineparser_core.resources import resource

# Its landmarks in the order of our joints; our head lies between its ears.
_EARS = (7, 8)
_JOINTS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 31, 32)
assert len(_JOINTS) == BODY - 1


def load_blazepose(device: torch.device) -> Look:
    """The bundled BlazePose on a device, in float32 whatever its precision: the joints are then the same everywhere."""
    with safe_open(resource("weights", "blazepose.safetensors"), framework="pt") as file:
        graph = json.loads(file.metadata()["graph"])
        network = BlazePose(graph, {name: file.get_tensor(name) for name in file.keys()}).to(device).eval()  # noqa: SIM118

    @torch.inference_mode()
    def see(picture: np.ndarray) -> Seen:
        seen = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / 255
        landmarks = network(seen)[0].cpu().double().numpy()
        ours = np.concatenate([landmarks[_EARS, :].mean(axis=0, keepdims=True), landmarks[_JOINTS, :]])
        return Seen(ours[:, :2], 1 / (1 + np.exp(-ours[:, 3])))

    def look(pictures: Sequence[np.ndarray]) -> list[Seen]:
        # The layers are so small that threads cost more than they help: each picture has one of its own.
        workers = torch.get_num_threads() if device.type == "cpu" else 1
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(see, pictures))

    return look
