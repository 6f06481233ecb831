"""Recommendations from Milvus: tables in, a model, an index and pipelines out.

- `datasets`: MovieLens, one's own tables, an invented sample → `Dataset`
- `features`, `model`, `training`: `Dataset` → a trained `Bundle`
- `bundle`, `encoders`: the saved model; records → vectors
- `stores`: Milvus, Redis, MySQL
- `operators`, `pipelines`: the Towhee side: `ops.recsys.*`; `ingest`, `recommend`, `similar_items`
- `cli`: the command `towhee-recsys`

The names of `__all__` are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from towhee_recsys._version import __version__

if TYPE_CHECKING:
    from towhee_recsys.bundle import Bundle
    from towhee_recsys.datasets import Dataset
    from towhee_recsys.encoders import ItemEncoder, UserEncoder
    from towhee_recsys.evaluation import evaluate
    from towhee_recsys.training import train

_HOMES = {
    "Bundle": "bundle",
    "Dataset": "datasets",
    "ItemEncoder": "encoders",
    "UserEncoder": "encoders",
    "evaluate": "evaluation",
    "train": "training",
}

__all__ = ["Bundle", "Dataset", "ItemEncoder", "UserEncoder", "__version__", "evaluate", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
