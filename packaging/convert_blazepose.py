"""Makes `resources/weights/blazepose.safetensors` of the network that MediaPipe publishes.

    npm pack @mediapipe/pose@0.5.1675469404     (or another way to the file pose_landmark_lite.tflite)
    pip install tflite
    python packaging/convert_blazepose.py pose_landmark_lite.tflite

Numbers are kept as they are, in float16. What leads to the landmarks and to the mask is kept, the rest is not.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import tflite
from safetensors.numpy import save_file

_TARGET = Path(__file__).parents[1] / "resources" / "weights" / "blazepose.safetensors"
_NUMBERS = {tflite.TensorType.FLOAT16: np.float16, tflite.TensorType.INT32: np.int32}
_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
#: Number of the value that it makes, step, and kernel and bias.
Step = tuple[int, list[Any], tuple[np.ndarray, ...]]
_SAME, _RELU6 = tflite.Padding.SAME, tflite.ActivationFunctionType.RELU6


def main() -> None:
    """Converts one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    graph, tensors, landmarks = read_graph(parser.parse_args().file.read_bytes())
    about = {
        "landmarks": str(landmarks),
        "graph": json.dumps(graph, separators=(",", ":")),
        "source": "MediaPipe pose_landmark_lite, npm @mediapipe/pose 0.5.1675469404, converted; the MediaPipe authors",
        "licence": "Apache-2.0",
    }
    save_file(tensors, _TARGET, metadata=about)


def read_graph(data: bytes) -> tuple[list[list[Any]], dict[str, np.ndarray], int]:
    """The steps from the picture, value 0, to the landmarks and on to the mask, as `pose.blazepose.BlazePose` takes
    them; kernels and biases by the number of their step; and the number of the step that ends with the landmarks."""
    model = tflite.Model.GetRootAsModel(data, 0)
    net = model.Subgraphs(0)
    known: dict[int, np.ndarray] = {}
    steps: list[Step] = []
    padded: dict[int, tuple[int, tuple[int, int]]] = {}
    size = {net.Inputs(0): net.Tensors(net.Inputs(0)).Shape(1)}

    def values(tensor: int) -> np.ndarray:
        if tensor not in known:
            one = net.Tensors(tensor)
            raw = model.Buffers(one.Buffer()).DataAsNumpy().tobytes()
            known[tensor] = np.frombuffer(raw, _NUMBERS[one.Type()]).reshape(one.ShapeAsNumpy())
        return known[tensor]

    for k in range(net.OperatorsLength()):
        step = net.Operators(k)
        kind, options = _NAMES[model.OperatorCodes(step.OpcodeIndex()).BuiltinCode()], step.BuiltinOptions()
        inputs, (out, *_) = step.InputsAsNumpy().tolist(), step.OutputsAsNumpy().tolist()
        shape = net.Tensors(out).ShapeAsNumpy()
        size[out] = int(shape[1]) if len(shape) == 4 else 1
        if kind == "DEQUANTIZE":
            known[out] = values(inputs[0])
        elif kind == "PAD":
            before, after = (int(n) for n in values(inputs[1])[1])
            padded[out] = (inputs[0], (before, after))
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            depthwise = kind.startswith("DEPTH")
            made = tflite.DepthwiseConv2DOptions() if depthwise else tflite.Conv2DOptions()
            made.Init(options.Bytes, options.Pos)
            kernel = values(inputs[1]).transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
            came, pad = padded.get(inputs[0], (inputs[0], (0, 0)))
            if made.Padding() == _SAME:
                missing = max((size[out] - 1) * made.StrideH() + kernel.shape[-1] - size[came], 0)
                pad = (missing // 2, missing - missing // 2)
            relu = made.FusedActivationFunction() == _RELU6
            steps.append((out, ["conv", came, made.StrideH(), *pad, depthwise, relu], (kernel, values(inputs[2]))))
        elif kind == "ADD":
            summed = tflite.AddOptions()
            summed.Init(options.Bytes, options.Pos)
            steps.append((out, ["add", *inputs, summed.FusedActivationFunction() == _RELU6], ()))
        elif kind in ("MAX_POOL_2D", "RESIZE_BILINEAR"):
            steps.append((out, ["halve" if kind.startswith("MAX") else "double", inputs[0]], ()))
        elif kind == "RESHAPE":
            padded[out] = (inputs[0], (0, 0))
    landmarks = padded[net.Outputs(0)][0]
    first = _leading_to(landmarks, steps)
    known_by = {out for out, _, _ in first}
    rest = [one for one in _leading_to(net.Outputs(2), steps) if one[0] not in known_by]
    index, graph, tensors = {net.Inputs(0): 0}, [], {}
    for n, (out, step, numbers) in enumerate(first + rest, start=1):
        places = (1, 2) if step[0] == "add" else (1,)
        graph.append([index[part] if at in places else part for at, part in enumerate(step)])
        index[out] = n
        for name, array in zip(("kernel", "bias"), numbers, strict=False):
            tensors[f"{n}.{name}"] = np.ascontiguousarray(array)
    return graph, tensors, index[landmarks]


def _leading_to(end: int, steps: list[Step]) -> list[Step]:
    """Those of the steps, in order, that a value is made of."""
    needed, kept = {end}, []
    for one in reversed(steps):
        out, step, _ = one
        if out in needed:
            needed |= set(step[1:3] if step[0] == "add" else step[1:2])
            kept.append(one)
    return kept[::-1]


if __name__ == "__main__":
    main()
