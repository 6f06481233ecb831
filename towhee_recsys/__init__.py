"""Recommend items with a two-tower model, an index in Milvus and pipelines of Towhee.

- `datasets`: load MovieLens, your own tables, or the built-in sample as a `Dataset`
- `features`, `model`, `training`: train a model on a `Dataset`; the result is a `Bundle`
- `bundle`, `encoders`: save and load a model; encode records as vectors
- `evaluation`, `reporting`: measure a model, and report what was measured
- `stores`: Milvus, Redis and MySQL; `testing` has conformance suites for your own stores
- `components`: from a request to an answer, in plain Python
- `operators`, `pipelines`: the same for Towhee: `ops.recsys.*`, `ingest`, `recommend`,
  `similar_items`
- `operations`, `cli`: the home folder, and the command `towhee-recsys`
- `hub`: operators and pipelines as repositories of Towhee's hub

The names of `__all__` are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from towhee_recsys._version import __version__

if TYPE_CHECKING:
    from towhee_recsys.bundle import Bundle
    from towhee_recsys.components.frames import to_frame
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
    "to_frame": "components.frames",
    "train": "training",
}

__all__ = [
    "Bundle",
    "Dataset",
    "ItemEncoder",
    "UserEncoder",
    "__version__",
    "evaluate",
    "to_frame",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
