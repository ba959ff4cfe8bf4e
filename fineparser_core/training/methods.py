"""The methods of this program, as its entry point registers them: FineParser, ours and the baselines. No torch."""

from dataclasses import replace

from fineparser_core.methods import Method

_MODELS, _POSE = "fineparser_core.models", "fineparser_core.pose"
_BASELINES, _OBJECTIVES = f"{_MODELS}.baselines", "fineparser_core.training.baseline_objectives"
_OF_FINEPARSER = "fineparser_core.training.objective:FineParserObjective"
_PARTS = ("static_backbone", "step_duration", "step_weights")
_WINDOWS = ("window_count", "window_stride")
_STEPS_AND_MASKS = frozenset({"steps", "masks"})
#: Joints or masks are those of the bundled weights, which learned on whole squeezed frames and on crops.
_SEES_BY_BUNDLED = {"start": "bundled", "preprocessing": "whole"}
#: How the sources train, see packaging/docs/deviations.md, which says where it is printed and what is not known.
_CONSTANT = {"schedule": "constant", "warmup_epochs": 0.0, "grad_accum_steps": 1}
_C3D_TRAINED = _CONSTANT | {"epochs": 100, "batch_size": 3, "lr": 1e-4, "batch_norm": "train"}
_USDL_TRAINED = _C3D_TRAINED | {"batch_size": 4, "i3d_lr": 1e-4, "temporal_shift": 6}
_CORE_TRAINED = _CONSTANT | {"epochs": 200, "batch_size": 1, "grad_accum_steps": 2}
_TSA_TRAINED = _CONSTANT | {"epochs": 200, "batch_size": 8, "temporal_shift": 0, "teacher_forcing": 0.25}

_NOT_FOR = "Not for judging, selection or any decision about an athlete."


def _described(method: Method) -> Method:
    """Return a method of this program with the sentences for its cards, by what it takes and gives."""
    takes = "96 samples of a dive, 112 x 112 pixels" + ", and exemplars with their scores" * method.contrastive
    parts = {"phases": "steps" in method.labels, "masks": "masks" in method.labels, "contributions": method.whole}
    finds, lacks = ([what for what, there in parts.items() if there == given] for given in (True, False))
    score = "a comparison of dives with exemplars" if method.contrastive else "a score of each dive"
    lacking = f"It gives no {' and no '.join(lacks)}. " if lacks else ""
    return replace(
        method,
        inputs=f"{takes}{method.inputs}.",
        intended_use=f"Research and demonstration: {', '.join([*finds, score])}. {_NOT_FOR}",
        limitations=f"{lacking}{method.limitations}".strip(),
    )


_FINEPARSER = Method(
    name="fineparser",
    model=f"{_MODELS}.fineparser:FineParser",
    objective=_OF_FINEPARSER,
    settings=("sap", "sve", "tap", *_PARTS),
    contrastive=True,
    backbone="i3d",
    labels=_STEPS_AND_MASKS,
    whole=True,
    grade="equal to released code",
    source="Xu et al., CVPR 2024",
    departs="forward pass, losses and gradients equal arrays of the released code; training.md lists what differs",
)
_C3D_SVR = Method(
    name="c3d-svr",
    model=f"{_BASELINES}.c3d:C3DModel",
    objective=f"{_OBJECTIVES}:SVRObjective",
    arguments={"course": "fc6"},
    preset=_C3D_TRAINED | {"freeze": ("c3d", "fc6")},
    backbone="c3d",
    grade="from the paper",
    source="Parmar and Morris, CVPR workshops 2017",
    departs="linear machine learned by gradients in place of libsvm",
)
_C3D_AVG = replace(
    _C3D_SVR,
    name="c3d-avg-stl",
    objective=f"{_OBJECTIVES}:C3DAVGObjective",
    arguments={"course": "pool5"},
    preset=_C3D_TRAINED,
    source="Parmar and Morris, CVPR 2019",
    departs="",
)
_I3D_MLP = Method(
    name="i3d-mlp",
    model=f"{_BASELINES}.pooled:I3DMLP",
    objective=f"{_OBJECTIVES}:ScoreObjective",
    preset=_USDL_TRAINED,
    settings=_WINDOWS,
    backbone="i3d",
    grade="from the paper",
    source="Tang et al., CVPR 2020",
    departs="windows averaged before the MLP",
)
_CORE = Method(
    name="core",
    model=f"{_BASELINES}.core:CoRe",
    objective=f"{_OBJECTIVES}:CoReObjective",
    preset=_CORE_TRAINED,
    settings=_WINDOWS,
    contrastive=True,
    backbone="i3d",
    grade="from the paper",
    source="Yu et al., ICCV 2021",
    departs="groups symmetric about 0; log loss of the true group; scores, where the code for MTL-AQA has score / DD",
)

_METHODS = (
    _FINEPARSER,
    Method(
        name="fineparser-pose",
        model=f"{_POSE}.fineparser_pose:FineParserPose",
        objective=_OF_FINEPARSER,
        settings=("step_weights",),
        contrastive=True,
        backbone="i3d",
        labels=_STEPS_AND_MASKS,
        whole=True,
        source="this program: FineParser beside a keypoint network",
        departs="joints tell transitions, too, and stand in the static stream for a ResNet's features: numbers of the "
        "paper's FineParser do not apply to it, nor its numbers to FineParser",
        limitations="Feet and hands of fast tucks are often missing from the masks; in a crowd or with people on the "
        "board the coarse pass may follow somebody else; transitions of real clips can be off by several frames. Of "
        "two divers in a synchro dive one is followed.",
    ),
    Method(
        name="pose-dct",
        model=f"{_POSE}.score_models:PoseDCT",
        objective=f"{_OBJECTIVES}:SVRObjective",
        preset=_SEES_BY_BUNDLED | {"freeze": ("static_encoder",), "grad_accum_steps": 2},
        grade="from the paper",
        source="Pirsiavash et al., ECCV 2014",
        departs="our keypoints in place of flowing parts; linear machine learned by gradients",
    ),
    _C3D_SVR,
    replace(
        _C3D_SVR,
        name="c3d-lstm",
        objective=f"{_OBJECTIVES}:ScoreObjective",
        arguments={"course": "lstm"},
        preset=_C3D_TRAINED,
        departs="final score alone, without its increments",
    ),
    _C3D_AVG,
    replace(
        _C3D_AVG,
        name="c3d-avg-mtl",
        arguments={"course": "pool5", "tasks": True},
        departs="elements of the dive number as tasks; no captions, which no data set has",
    ),
    replace(
        _C3D_AVG,
        name="mscadc",
        model=f"{_BASELINES}.c3d:MSCADC",
        objective=f"{_OBJECTIVES}:ScoreObjective",
        arguments={},
        backbone="",
        departs="112 pixels in place of 180; neither captions nor classes",
    ),
    _I3D_MLP,
    replace(
        _I3D_MLP,
        name="usdl",
        model=f"{_BASELINES}.pooled:USDL",
        objective=f"{_OBJECTIVES}:USDLObjective",
        departs="windows averaged before the MLP; bins from 0 to 120 points",
    ),
    replace(
        _I3D_MLP,
        name="musdl",
        model=f"{_BASELINES}.pooled:MUSDL",
        objective=f"{_OBJECTIVES}:MUSDLObjective",
        preset=_USDL_TRAINED | {"weight_decay": 1e-5},
        labels=frozenset({"awards"}),
        departs="a head for each of three counted awards in place of seven judges; windows averaged before the MLP",
        inputs=", and the DD",
    ),
    Method(
        name="tsa-net",
        model=f"{_POSE}.score_models:tsa_net",
        objective=f"{_OBJECTIVES}:USDLObjective",
        preset=_USDL_TRAINED
        | _SEES_BY_BUNDLED
        | {"freeze": ("spatial_parser",), "weight_decay": 1e-5, "temporal_shift": 0},
        backbone="i3d",
        grade="from the paper",
        source="Wang et al., ACM MM 2021",
        departs="tube out of our masks in place of a tracker; attention within a window of 16 samples",
    ),
    _CORE,
    Method(
        name="tsa",
        model=f"{_BASELINES}.tsa:TSA",
        objective=f"{_OBJECTIVES}:TSAObjective",
        preset=_TSA_TRAINED,
        settings=("step_weights",),
        contrastive=True,
        backbone="i3d",
        labels=frozenset({"steps"}),
        grade="from the paper",
        source="Xu et al., CVPR 2022",
        departs="FineParser's blocks, one of each, and its weights of the steps",
    ),
)
METHODS = tuple(map(_described, _METHODS))
