"""Opens a data set of any supported layout."""

from collections.abc import Callable
from pathlib import Path

from fineparser_core.data import finediving, mtl_aqa, unlv_dive
from fineparser_core.data.judged_dives import LABELS_FILE
from fineparser_core.data.records import DiveSet
from fineparser_core.data.video_dives import load_video_dives
from fineparser_core.errors import AnnotationError, ConfigError

#: Annotation files by layout: each of them alone identifies the layout of a folder.
ANNOTATION_FILES = {
    "finediving": (finediving.AQA_FILE, finediving.FINE_FILE),
    "mtl-aqa": (mtl_aqa.ANNOTATION_FILE,),
    "unlv-dive": (unlv_dive.SCORES_FILE,),
    "dives": (LABELS_FILE,),
}
LAYOUTS = ("auto", *ANNOTATION_FILES)


def load_dataset(
    root: str | Path,
    layout: str = "auto",
    *,
    frames: str | Path | None = None,
    frame_pattern: str | None = None,
    mask_pattern: str | None = None,
) -> DiveSet:
    """Read the annotations and splits under `root`.

    Args:
        root: the folder of the annotation files, or its parent; or a file of judged dives.
        layout: "finediving" (the rendered dives have it too), "mtl-aqa", "unlv-dive", "dives", or "auto" to see by the
            files.
        frames: the folder of the images, if it differs.
        frame_pattern: where the frames are below that, see `FolderDives`; None takes the release's.
        mask_pattern: where the masks are, likewise.

    Raises:
        AnnotationError: a file is missing or damaged, or there are no annotations.
        ConfigError: an unknown layout or pattern, a folder that holds several data sets, or places of images for a
            data set of videos.

    Example:
        >>> dives = load_dataset(data)
        >>> len(dives.records), dives.has_masks
        (3, True)
    """
    root, frames = Path(root), None if frames is None else Path(frames)
    if layout == "auto":
        layout = _layout_of(root)
    folders = {"finediving": finediving.load_finediving, "mtl-aqa": mtl_aqa.load_mtl_aqa}
    if layout in folders:
        return folders[layout](root, frames=frames, frame_pattern=frame_pattern, mask_pattern=mask_pattern)
    videos: dict[str, Callable[[Path], DiveSet]] = {"dives": load_video_dives, "unlv-dive": unlv_dive.load_unlv_dive}
    if layout in videos:
        if (frames, frame_pattern, mask_pattern) != (None, None, None):
            raise ConfigError(f"{root} names its videos itself: leave --frames and the patterns away.")
        return videos[layout](root)
    raise ConfigError(f'No data set has the layout "{layout}": use one of {", ".join(LAYOUTS)}.')


def _layout_of(root: Path) -> str:
    if root.is_file():
        return "dives"
    found = [
        layout for layout, names in ANNOTATION_FILES.items() if any(finediving.find_file(root, name) for name in names)
    ]
    if not root.is_dir():
        raise AnnotationError(
            f"{root} is not a folder that exists: give the folder of a data set, or a file of judged dives."
        )
    if not found:
        expected = "; ".join(f"{' or '.join(names)} ({layout})" for layout, names in ANNOTATION_FILES.items())
        raise AnnotationError(f"{root} holds no annotations: it, or a folder up to two below it, needs {expected}.")
    if len(found) > 1:
        raise ConfigError(f"{root} holds annotations of {' and '.join(found)}: name one with --layout.")
    return found[0]
