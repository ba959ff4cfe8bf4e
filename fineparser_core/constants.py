"""Numbers and names that several packages must agree on; imports nothing of the program."""

from typing import Literal, get_args

#: Frames that the network samples from a clip.
N_SAMPLES = 96
#: Samples in a window of I3D, samples between the starts of neighboring windows, and windows of a clip (section 4.1).
WINDOW_LENGTH = 16
WINDOW_STRIDE = 10
N_WINDOWS = (N_SAMPLES - WINDOW_LENGTH) // WINDOW_STRIDE + 1
#: Minimum number of frames of a clip.
MIN_FRAMES = WINDOW_LENGTH
#: Rows and columns of the network's input, and of a mask.
MASK_SIZE = 112
#: Mean and standard deviation of ImageNet, RGB in [0, 1], by which every input is normalized.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

#: Size of I3D's feature of a window, of a static token, and static tokens of a step.
FEATURE_SIZE = 1024
TOKEN_SIZE = 64
TOKENS_PER_STEP = 4

#: Acceleration of free fall.
GRAVITY_M_S2 = 9.81

#: Heights of the boards, and which of them are springboards.
BOARDS_M = (1.0, 3.0, 5.0, 7.5, 10.0)
SPRINGBOARDS_M = (1.0, 3.0)
#: Minimum time between two dives of a file or a stream; an earlier fall is the hurdle, or the splash.
DIVES_APART_S = 4.0
#: No dive lasts longer, with the walk before it and the splash after it; a longer file is searched for dives.
LONGEST_DIVE_S = 15.0
#: Longest name of a diver, an event or a meet that is read or typed, in characters.
LONGEST_NAME = 255
#: Names of the card in a folder of weights and of its page, as on the Hugging Face Hub, and the card's maximum size.
CARD_NAME, CARD_PAGE = "config.json", "README.md"
MOST_CARD_BYTES = 2_000_000

STEP_NAMES = ("take-off", "flight", "entry")
#: Order of the keypoints of an athlete. "head" is its middle; left is the athlete's left. The last keypoint is no joint
#: of the body but the middle of the front edge of the board or platform.
KEYPOINT_NAMES = (
    "head", "shoulder_l", "shoulder_r", "elbow_l", "elbow_r", "wrist_l", "wrist_r", "hip_l", "hip_r",
    "knee_l", "knee_r", "ankle_l", "ankle_r", "toe_l", "toe_r", "board",
)  # fmt: skip
#: For each keypoint the index of its partner on the other side of the body; its own index if it has none.
KEYPOINT_FLIP = tuple(
    KEYPOINT_NAMES.index(n[:-1] + {"l": "r", "r": "l"}[n[-1]] if "_" in n else n) for n in KEYPOINT_NAMES
)

#: Version of the pipeline: raised when the same weights give different results, so that cached results are computed
#: anew.
PIPELINE = 9

#: Devices that a user may choose; "auto" is the fastest that the machine has.
Device = Literal["auto", "cuda", "mps", "cpu"]
DEVICES: tuple[Device, ...] = get_args(Device)
Precision = Literal["auto", "int8", "fp32", "bf16", "fp16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
