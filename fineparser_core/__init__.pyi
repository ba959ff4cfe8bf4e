from fineparser_core.checkpoints.bundle import load_model as load_model
from fineparser_core.inference.analyzer import Analyzer as Analyzer
from fineparser_core.inference.score_clip import score_clip as score_clip

__version__: str
__all__ = ["Analyzer", "load_model", "score_clip"]
