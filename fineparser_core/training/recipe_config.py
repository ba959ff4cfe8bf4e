"""The sizes of the recipe of the bundled weights (`training.recipe`)."""

from dataclasses import dataclass

from fineparser_core.config import PreprocessingName, Renderer


@dataclass(frozen=True, kw_only=True)
class RecipeConfig:
    """What the stages of the recipe take at a time, and at most; the minutes decide how much of it they reach.

    Attributes:
        seed: of everything that is drawn.
        device: "cpu" or "cuda".
        precision: of the encoders' passes.
        preprocessing: how frames become the network's input.
        renderer: of the dives, see `synth.render.DiveSpec`.
        dives: most dives that are rendered.
        whole_frame_dives: dives that are also seen as whole frames, as the coarse pass sees them.
        mask_iterations: of the stage "masks".
        mask_windows: windows in an iteration of it.
        whole_frame_windows: windows of these that show the whole frame.
        windows: windows that are stored for the stage "sharpen".
        sharpen_iterations: of the stage "sharpen".
        sharpen_batch: stored windows in an iteration of it.
        frame_iterations: of the stage "frames".
        frame_batch: frames in an iteration of it, and of the stage "refiner".
        refiner_iterations: of the stage "refiner".
        posed_dives: dives whose poses are stored.
        track_iterations: of the stages "tracks" and "refiner-tracks".
        track_batch: clips in an iteration of these, and of the stage "steps".
        steps_iterations: of the stage "steps".
        simulated_dives: dives of which only the joints are simulated.
        static_iterations: of the stage "static".
        static_groups: groups of simulated dives, and of as many rendered ones, in an iteration of it.
        group: dives of a group, all of one dive number.
        parse_dives: dives that the stage "parse" learns from.
        parse_iterations: of the stage "parse".
        parse_batch: dives in an iteration of it.
    """

    seed: int = 10086
    device: str = "cpu"
    precision: str = "fp32"
    preprocessing: PreprocessingName = "follow"
    renderer: Renderer = "capsule"
    dives: int = 4000
    whole_frame_dives: int = 400
    mask_iterations: int = 12000
    mask_windows: int = 6
    whole_frame_windows: int = 2
    windows: int = 2000
    sharpen_iterations: int = 4000
    sharpen_batch: int = 32
    frame_iterations: int = 20000
    frame_batch: int = 64
    refiner_iterations: int = 20000
    posed_dives: int = 4000
    track_iterations: int = 6000
    track_batch: int = 24
    steps_iterations: int = 4000
    simulated_dives: int = 40000
    static_iterations: int = 6000
    static_groups: int = 3
    group: int = 12
    parse_dives: int = 1250
    parse_iterations: int = 2000
    parse_batch: int = 8
