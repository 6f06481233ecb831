"""Records → arrays, through vocabularies that are saved with the model.

- `vocabulary`: values → codes, with slots for padding, missing and unknown
- `columns`: one kind of feature for each role of a schema
- `history`: item histories → padded codes
"""

from towhee_recsys.features.columns import TableFeatures
from towhee_recsys.features.history import pad_histories
from towhee_recsys.features.vocabulary import FIRST, MISSING, PADDING, UNKNOWN, Vocabulary

__all__ = [
    "FIRST",
    "MISSING",
    "PADDING",
    "UNKNOWN",
    "TableFeatures",
    "Vocabulary",
    "pad_histories",
]
