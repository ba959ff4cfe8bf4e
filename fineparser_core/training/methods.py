"""The methods of this program, as its entry point registers them: FineParser, ours and the baselines. No torch."""

from dataclasses import replace

from fineparser_core.methods import Method

_MODELS, _POSE = "fineparser_core.models", "fineparser_core.pose"
_BASELINES, _OBJECTIVES = f"{_MODELS}.baselines", "fineparser_core.training.baseline_objectives"
_OF_FINEPARSER = "fineparser_core.training.objective:FineParserObjective"
_PARTS = ("static_backbone", "step_duration", "step_weights")
_WINDOWS = ("window_count", "window_stride")
_STEPS_AND_MASKS = frozenset({"steps", "masks"})
#: How the sources train, see packaging/docs/deviations.md, which says where it is printed and what is not known.
_CONSTANT = {"schedule": "constant", "warmup_epochs": 0.0, "grad_accum_steps": 1}
_USDL_TRAINED = _CONSTANT | {
    "epochs": 100,
    "batch_size": 4,
    "lr": 1e-4,
    "i3d_lr": 1e-4,
    "batch_norm": "train",
    "temporal_shift": 6,
}
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
    _I3D_MLP,
    replace(
        _I3D_MLP,
        name="usdl",
        model=f"{_BASELINES}.pooled:USDL",
        objective=f"{_OBJECTIVES}:USDLObjective",
        departs="windows averaged before the MLP; bins from 0 to 120 points",
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
