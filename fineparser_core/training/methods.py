"""The methods of this program, as its entry point registers them: FineParser, ours and the rivals. No torch."""

from dataclasses import replace

from fineparser_core.methods import Method

_MODELS, _POSE = "fineparser_core.models", "fineparser_core.pose"
_BASELINES, _OBJECTIVES = f"{_MODELS}.baselines", "fineparser_core.training.baseline_objectives"
_OF_FINEPARSER = "fineparser_core.training.objective:FineParserObjective"
_PARTS = ("static_backbone", "head", "step_duration", "step_weights")
_WINDOWS = ("window_count", "window_stride")
_STEPS_AND_MASKS = frozenset({"steps", "masks"})
#: Joints or masks are those of the bundled weights, which learned on whole squeezed frames and on crops.
_SEES_BY_BUNDLED = {"start": "bundled", "preprocessing": "whole"}
#: The sources' learning rate: without batch norms a tenfold rate diverges.
_C3D_RATES = {"lr": 1e-4, "warmup_lr": 1e-5, "final_lr": 1e-5}

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
    model=f"{_BASELINES}.c3d_models:C3DSVR",
    objective=f"{_OBJECTIVES}:SVRObjective",
    preset=_C3D_RATES | {"freeze": ("c3d",)},
    backbone="c3d",
    grade="from the paper",
    source="Parmar and Morris, CVPR workshops 2017",
    departs="linear machine learned by gradients in place of libsvm",
)
_C3D_AVG = Method(
    name="c3d-avg-stl",
    model=f"{_BASELINES}.c3d_models:C3DAVG",
    objective=f"{_OBJECTIVES}:ScoreObjective",
    preset=_C3D_RATES,
    backbone="c3d",
    grade="from the paper",
    source="Parmar and Morris, CVPR 2019",
)
_I3D_MLP = Method(
    name="i3d-mlp",
    model=f"{_BASELINES}.i3d_mlp:I3DMLP",
    objective=f"{_OBJECTIVES}:ScoreObjective",
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
    settings=_WINDOWS,
    contrastive=True,
    backbone="i3d",
    grade="from the paper",
    source="Yu et al., ICCV 2021",
    departs="groups symmetric about 0; log loss of the true group",
)
_RICA2 = Method(
    name="rica2",
    model=f"{_BASELINES}.rica2:RICA2",
    objective=f"{_OBJECTIVES}:RICA2Objective",
    backbone="i3d",
    grade="idea of",
    source="Majeedi et al., ECCV 2024",
    departs="learned embeddings in place of a language model's; Gaussian loss in place of score bins",
)

METHODS = (
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
    ),
    replace(
        _FINEPARSER,
        name="finecausal",
        model=f"{_MODELS}.finecausal:FineCausal",
        settings=_PARTS,
        grade="idea of",
        source="Han et al., CVPR workshops 2025",
        departs="attention of four heads of 1024 numbers over twelve rows, in the authors' code one head of 64 over "
        "three means; other graph and weights of the loss; the graph of one dive, not of a pair; no dropout",
    ),
    Method(
        name="pose-dct",
        model=f"{_POSE}.baselines:PoseDCT",
        objective=f"{_OBJECTIVES}:SVRObjective",
        preset=_SEES_BY_BUNDLED | {"freeze": ("static_encoder",)},
        grade="from the paper",
        source="Pirsiavash et al., ECCV 2014",
        departs="our keypoints in place of flowing parts; linear machine learned by gradients",
    ),
    _C3D_SVR,
    replace(
        _C3D_SVR,
        name="c3d-lstm",
        model=f"{_BASELINES}.c3d_models:C3DLSTM",
        objective=f"{_OBJECTIVES}:ScoreObjective",
        preset=_C3D_RATES,
        departs="final score alone, without its increments",
    ),
    replace(_C3D_AVG, arguments={"tasks": False}),
    replace(
        _C3D_AVG,
        name="c3d-avg-mtl",
        arguments={"tasks": True},
        departs="elements of the dive number as tasks; no captions, which no data set has",
    ),
    replace(
        _C3D_AVG,
        name="mscadc",
        model=f"{_BASELINES}.c3d_models:MSCADC",
        preset={},
        backbone="",
        departs="112 pixels in place of 180; neither captions nor classes",
    ),
    _I3D_MLP,
    replace(
        _I3D_MLP,
        name="usdl",
        model=f"{_BASELINES}.usdl:USDL",
        objective=f"{_OBJECTIVES}:USDLObjective",
        departs="windows averaged before the MLP; bins from 0 to 120 points",
    ),
    replace(
        _I3D_MLP,
        name="musdl",
        model=f"{_BASELINES}.usdl:MUSDL",
        objective=f"{_OBJECTIVES}:MUSDLObjective",
        labels=frozenset({"awards"}),
        departs="a head for each of three counted awards in place of seven judges; windows averaged before the MLP",
    ),
    Method(
        name="tsa-net",
        model="fineparser_core.checkpoints.build:tsa_net",
        objective=f"{_OBJECTIVES}:USDLObjective",
        preset=_SEES_BY_BUNDLED | {"freeze": ("spatial_parser",)},
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
        settings=("step_weights",),
        contrastive=True,
        backbone="i3d",
        labels=frozenset({"steps"}),
        grade="from the paper",
        source="Xu et al., CVPR 2022",
        departs="FineParser's blocks, one of each, and its weights of the steps",
    ),
    replace(
        _CORE,
        name="pose-core",
        model=f"{_POSE}.baselines:PoseCoRe",
        settings=(),
        preset=_SEES_BY_BUNDLED | {"freeze": ("static_encoder",)},
        grade="idea of",
        source="HP-MCoRe, Qi et al., 2024",
        departs="CoRe beside a branch over our joints; none of its stages",
    ),
    replace(_RICA2, arguments={"stochastic": True}),
    replace(_RICA2, name="rica2-deterministic", arguments={"stochastic": False}),
)
