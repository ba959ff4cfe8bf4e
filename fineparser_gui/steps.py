"""Steps of a dive in the coach's words."""

from PySide6.QtCore import QCoreApplication

from fineparser_core.constants import STEP_NAMES

translate = QCoreApplication.translate


def step_text(step: str) -> str:
    """The short name of a step, by its name in `fineparser_core.types.STEP_NAMES`."""
    texts = (translate("Steps", "take-off"), translate("Steps", "flight"), translate("Steps", "entry"))
    return dict(zip(STEP_NAMES, texts, strict=True))[step]


def step_texts() -> tuple[str, ...]:
    """The short names of all steps, in their order."""
    return tuple(step_text(step) for step in STEP_NAMES)
