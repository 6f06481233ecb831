"""Tables become validated data sets.

| what                                                            | where    |
| --------------------------------------------------------------- | -------- |
| `Dataset`, `Source`: three checked tables, and where they lay   | dataset  |
| `Schema`, `Column`, `Role`: what columns mean                   | schema   |
| `sample`: an invented cinema, made from a seed                  | sample   |
| `histories`, `last_two`; `Histories`, `Split`                   | splits   |
| `validate`, `Report`: what was understood, and what is wrong    | report   |
| `Problem`: one kind of mistake, with rows and values            | problems |
| `download`, `cache_folder`, `MOVIELENS`: what can be fetched    | download |
| `NAMES`: the data sets that go by a name                        | loading  |

Behind `Dataset.load`, loading finds the reader: movielens (over archive), tables (of one's own,
with naming) or frames. Each makes a raw table, text files by way of delimited; assemble checks
them with ids, values and times, and makes the data set.
"""

from towhee_recsys.datasets.dataset import Dataset, Source
from towhee_recsys.datasets.download import MOVIELENS, cache_folder, download
from towhee_recsys.datasets.readers.loading import NAMES
from towhee_recsys.datasets.readers.problems import Problem
from towhee_recsys.datasets.sample import sample
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.datasets.splits import Histories, Split, histories, last_two
from towhee_recsys.datasets.validation import Report, validate
from towhee_recsys.types import Role

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
