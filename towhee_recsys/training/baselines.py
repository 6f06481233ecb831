"""What a model has to beat: recommending whatever is most popular."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from towhee_recsys.datasets.splits import Histories


def popularity(histories: Histories, items: int) -> NDArray[np.int64]:
    """``(items,)``: how often each item row occurs in the histories."""
    return np.bincount(histories.items, minlength=items)
