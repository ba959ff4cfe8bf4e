"""Make `resources/weights/blazepose.zip` of the network that MediaPipe publishes.

    npm pack @mediapipe/pose@0.5.1675469404     (or another way to the file pose_landmark_lite.tflite)
    pip install onnx tflite
    python packaging/convert_blazepose.py pose_landmark_lite.tflite

The file holds two ONNX models, `landmarks.onnx` and `mask.onnx`, which continues from values of the first. Numbers are
kept as they are, in float16. What leads to neither landmarks nor mask is left out.
"""

import argparse
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import tflite
from onnx import GraphProto, NodeProto, TensorProto, checker, helper, numpy_helper, shape_inference

_TARGET = Path(__file__).parents[1] / "resources" / "weights" / "blazepose.zip"
_SOURCE = "MediaPipe pose_landmark_lite, npm @mediapipe/pose 0.5.1675469404, the MediaPipe authors; Apache-2.0"
#: Sides of the picture in pixels, and values of a landmark: x, y, z, and the logits that it is visible and within the
#: picture.
_SIDE, _VALUES = 256, 5
_OPSET, _IR_VERSION = 17, 8
_NUMBERS = {tflite.TensorType.FLOAT16: np.float16, tflite.TensorType.INT32: np.int32}
_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
#: Number of the value that it makes, step, and kernel and bias.
Step = tuple[int, list[Any], tuple[np.ndarray, ...]]
_SAME, _FUSED_RELU6 = tflite.Padding.SAME, tflite.ActivationFunctionType.RELU6
_RELU6 = {"0": np.float32(0), "6": np.float32(6)}


def main() -> None:
    """Convert one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    graph, tensors, landmarks = read_graph(parser.parse_args().file.read_bytes())
    with ZipFile(_TARGET, "w") as file:
        for model in (_landmarks_graph(graph, tensors, landmarks), _mask_graph(graph, tensors, landmarks)):
            made = helper.make_model(
                model, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, doc_string=_SOURCE
            )
            checker.check_model(made, full_check=True)
            file.writestr(ZipInfo(f"{model.name}.onnx"), made.SerializeToString(), ZIP_DEFLATED, 9)


def _landmarks_graph(graph: list[list[Any]], tensors: dict[str, np.ndarray], landmarks: int) -> GraphProto:
    """Return the graph from "picture" (1, 256, 256, 3) uint8 RGB to "landmarks" (39, 5) and what the mask needs."""
    nodes = [
        helper.make_node("Cast", ["picture"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["channels"], perm=[0, 3, 1, 2]),
        helper.make_node("Div", ["channels", "white"], ["v0"]),
        *_nodes(graph, range(1, landmarks + 1)),
        helper.make_node("Reshape", [f"v{landmarks}", "shape"], ["landmarks"]),
    ]
    constants = {
        **_numbers(tensors, range(1, landmarks + 1)),
        "white": np.float32(255),
        "shape": np.array([-1, _VALUES]),
        **_RELU6,
    }
    picture = helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, _SIDE, _SIDE, 3])
    outputs = ["landmarks", *_shared(graph, landmarks)]
    return _inferred("landmarks", nodes, [picture], outputs, constants)


def _mask_graph(graph: list[list[Any]], tensors: dict[str, np.ndarray], landmarks: int) -> GraphProto:
    """Return the graph from those values and a box to "mask", the probability (1, 1, h, w) inside the box.

    The box is "low" and "high" (2,) int64, its first and past its last row and column in units of four pixels. The last
    steps, most of the work, are computed inside it alone.
    """
    boxed = [n for n, step in enumerate(graph, start=1) if step[0] == "double"][-2]
    whole, beside = graph[boxed - 1][1], graph[boxed][2]  # the latter is added to what is doubled
    before, after = range(landmarks + 1, boxed), range(boxed, len(graph) + 1)
    cut = [
        helper.make_node("Slice", [f"v{whole}", "low", "high", "axes"], ["cut"]),
        helper.make_node("Mul", ["low", "two"], ["low2"]),
        helper.make_node("Mul", ["high", "two"], ["high2"]),
        helper.make_node("Slice", [f"v{beside}", "low2", "high2", "axes"], ["cut2"]),
    ]
    last = helper.make_node("Sigmoid", [f"v{len(graph)}"], ["mask"])
    nodes = [*_nodes(graph, before), *cut, *_nodes(graph, after, {whole: "cut", beside: "cut2"}), last]
    constants = {
        **_numbers(tensors, range(landmarks + 1, len(graph) + 1)),
        "axes": np.array([2, 3]),
        "two": np.array([2, 2]),
        "twice": np.array([1, 1, 2, 2], np.float32),
        **_RELU6,
    }
    shared = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None, None])
        for name in _shared(graph, landmarks)
    ]
    box = [helper.make_tensor_value_info(name, TensorProto.INT64, [2]) for name in ("low", "high")]
    return _inferred("mask", nodes, [*shared, *box], ["mask"], constants)


def _shared(graph: list[list[Any]], landmarks: int) -> list[str]:
    """Return the values that lead to the landmarks and that the mask is made of."""
    used = {value for step in graph[landmarks:] for value in _inputs(step) if value <= landmarks}
    return [f"v{value}" for value in sorted(used)]


def _inputs(step: list[Any]) -> list[int]:
    return step[1:3] if step[0] == "add" else step[1:2]


def _numbers(tensors: dict[str, np.ndarray], steps: range) -> dict[str, np.ndarray]:
    return {name: array for name, array in tensors.items() if int(name.split(".")[0]) in steps}


def _nodes(graph: list[list[Any]], steps: range, names: dict[int, str] | None = None) -> list[NodeProto]:
    """Return the nodes of some steps, where values of other names are taken by those."""
    nodes = []
    for n in steps:
        step, relu6 = graph[n - 1], graph[n - 1][-1] is True
        inputs = [(names or {}).get(value, f"v{value}") for value in _inputs(step)]
        out = f"v{n}.raw" if relu6 else f"v{n}"
        if step[0] == "conv":
            _, _, stride, before, after, depthwise, _ = step
            for name in (f"{n}.kernel", f"{n}.bias"):
                nodes.append(helper.make_node("Cast", [name], [f"{name}.float"], to=TensorProto.FLOAT))
            inputs += [f"{n}.kernel.float", f"{n}.bias.float"]
            form = {"strides": [stride] * 2, "pads": [before] * 2 + [after] * 2, "group": depthwise or 1}
            nodes.append(helper.make_node("Conv", inputs, [out], **form))
        elif step[0] == "add":
            nodes.append(helper.make_node("Add", inputs, [out]))
        elif step[0] == "halve":
            nodes.append(helper.make_node("MaxPool", inputs, [out], kernel_shape=[2, 2], strides=[2, 2]))
        else:
            form = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
            nodes.append(helper.make_node("Resize", [*inputs, "", "twice"], [out], **form))
        if relu6:
            nodes.append(helper.make_node("Clip", [out, "0", "6"], [f"v{n}"]))
    return nodes


def _inferred(
    name: str, nodes: list[NodeProto], inputs: list[Any], outputs: list[str], constants: dict[str, np.ndarray]
) -> GraphProto:
    """Return a graph whose outputs have inferred types and shapes."""
    values = [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()]
    graph = helper.make_graph(nodes, name, inputs, [], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    known = {one.name: one for one in shape_inference.infer_shapes(model).graph.value_info}
    graph.output.extend(known[output] for output in outputs)
    return graph


def read_graph(data: bytes) -> tuple[list[list[Any]], dict[str, np.ndarray], int]:
    """Read the steps from the picture, value 0, to the landmarks and on to the mask.

    Returns:
        The steps, each made of the values of earlier ones: ["conv", value, stride, pixels added before and after,
        groups if depthwise or else 0, relu6], ["add", value, value, relu6], ["halve", value], ["double", value];
        kernels and biases by the number of their step, "3.kernel" and "3.bias"; and the number of the step that ends
        with the landmarks.
    """
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
            relu = made.FusedActivationFunction() == _FUSED_RELU6
            groups = len(kernel) if depthwise else 0
            steps.append((out, ["conv", came, made.StrideH(), *pad, groups, relu], (kernel, values(inputs[2]))))
        elif kind == "ADD":
            summed = tflite.AddOptions()
            summed.Init(options.Bytes, options.Pos)
            steps.append((out, ["add", *inputs, summed.FusedActivationFunction() == _FUSED_RELU6], ()))
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
    """Return the steps, in order, that a value is made of."""
    needed, kept = {end}, []
    for one in reversed(steps):
        out, step, _ = one
        if out in needed:
            needed |= set(step[1:3] if step[0] == "add" else step[1:2])
            kept.append(one)
    return kept[::-1]


if __name__ == "__main__":
    main()
