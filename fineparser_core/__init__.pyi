from fineparser_core.checkpoints.bundle import load_model as load_model
from fineparser_core.checkpoints.networks import clip_transform as clip_transform
from fineparser_core.checkpoints.networks import create_model as create_model
from fineparser_core.commands.scorer import analyze_files as analyze_files
from fineparser_core.data.dataset import load_dataset as load_dataset
from fineparser_core.evaluation.dataset_evaluation import evaluate as evaluate
from fineparser_core.inference.analyzer import Analyzer as Analyzer
from fineparser_core.inference.analyzer import score_clip as score_clip
from fineparser_core.methods import list_models as list_models
from fineparser_core.records.analysis import Analysis as Analysis
from fineparser_core.training.presets import get_config as get_config
from fineparser_core.training.run import train as train

__version__: str
__all__ = [
    "Analysis",
    "Analyzer",
    "analyze_files",
    "clip_transform",
    "create_model",
    "evaluate",
    "get_config",
    "list_models",
    "load_dataset",
    "load_model",
    "score_clip",
    "train",
]
