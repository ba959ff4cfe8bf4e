from fineparser_core.checkpoints.build import create_model as create_model
from fineparser_core.checkpoints.bundle import load_model as load_model
from fineparser_core.evaluation.dataset_evaluation import evaluate as evaluate
from fineparser_core.inference.analyzer import Analyzer as Analyzer
from fineparser_core.inference.analyzer import score_clip as score_clip
from fineparser_core.methods import list_models as list_models

__version__: str
__all__ = ["Analyzer", "create_model", "evaluate", "list_models", "load_model", "score_clip"]
