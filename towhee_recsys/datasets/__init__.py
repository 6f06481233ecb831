"""Tables become validated data sets.

| what                                     | where      |
| ---------------------------------------- | ---------- |
| `Dataset`, `Source`: three checked tables | dataset    |
| `Schema`, `Column`, `Role`               | schema     |
| `sample`: an invented cinema             | sample     |
| `histories`, `last_two`                  | splits     |
| `validate`, `Report`                     | report     |
| `Problem`: what can be wrong             | problems   |
| `download`, `cache_folder`, `MOVIELENS`  | download   |
| `NAMES`: data sets that go by a name     | loading    |

Behind `Dataset.load`: loading finds the reader (movielens over archive; tables over delimited and
naming; frames), each reader makes a raw `table`, and assemble checks it with values and times.
"""

from towhee_recsys.datasets.dataset import Dataset, Source
from towhee_recsys.datasets.download import MOVIELENS, cache_folder, download
from towhee_recsys.datasets.loading import NAMES
from towhee_recsys.datasets.problems import Problem
from towhee_recsys.datasets.report import Report, validate
from towhee_recsys.datasets.sample import sample
from towhee_recsys.datasets.schema import Column, Role, Schema
from towhee_recsys.datasets.splits import Histories, Split, histories, last_two

__all__ = [
    "MOVIELENS",
    "NAMES",
    "Column",
    "Dataset",
    "Histories",
    "Problem",
    "Report",
    "Role",
    "Schema",
    "Source",
    "Split",
    "cache_folder",
    "download",
    "histories",
    "last_two",
    "sample",
    "validate",
]
