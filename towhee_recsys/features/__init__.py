"""Turn records into arrays, with vocabularies that are saved with the model.

- `vocabulary`: codes for values, and for padding, missing and unknown ones
- `columns`: one kind of feature for each role of a schema
- `history`: item histories as padded codes
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
