"""Read tables into checked data sets.

| what                                                              | where             |
| ----------------------------------------------------------------- | ----------------- |
| `Dataset`: load, records, histories; `sample`: an invented cinema | dataset           |
| `HistoryBatch`: the histories of some users, as lists             | dataset           |
| `Source`: where a data set was read from                          | contents          |
| `Schema`, `Column`, `Role`: the roles of columns                  | schema            |
| `Histories`, `Order`: each user's items in time order             | histories         |
| `split`, `Split`: what to train on and what to evaluate on        | splits            |
| `last_two`: the split of the published tables                     | splits            |
| `holdout_in_words`, `order_in_words`: both as sentences           | splits            |
| `validate`, `Report`: what a data set holds, and what is wrong    | validation        |
| `doubts`: what is doubtful in a data set                          | doubts            |
| `Problem`: one kind of mistake, with rows and values              | readers/problems  |
| `download`, `cache_folder`, `MOVIELENS`: what can be downloaded   | download          |
| `NAMES`: the data sets that have a name                           | readers/loading   |

`contents` holds the three checked tables, which every reader makes, and `sample` too.
`Dataset.load` wraps them. The readers are in `readers`.
"""

from towhee_recsys.datasets.contents import Source
from towhee_recsys.datasets.dataset import Dataset, HistoryBatch, sample
from towhee_recsys.datasets.doubts import doubts
from towhee_recsys.datasets.download import MOVIELENS, cache_folder, download
from towhee_recsys.datasets.histories import Histories, Order
from towhee_recsys.datasets.readers.loading import NAMES
from towhee_recsys.datasets.readers.problems import Problem
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.datasets.splits import Split, holdout_in_words, last_two, order_in_words, split
from towhee_recsys.datasets.validation import Report, validate
from towhee_recsys.types import Role

__all__ = [
    "MOVIELENS",
    "NAMES",
    "Column",
    "Dataset",
    "Histories",
    "HistoryBatch",
    "Order",
    "Problem",
    "Report",
    "Role",
    "Schema",
    "Source",
    "Split",
    "cache_folder",
    "doubts",
    "download",
    "holdout_in_words",
    "last_two",
    "order_in_words",
    "sample",
    "split",
    "validate",
]
