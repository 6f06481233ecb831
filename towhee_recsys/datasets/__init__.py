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
| `download_bar`: how far that is                                 | progress |
| `NAMES`: the data sets that go by a name                        | loading  |

Behind `Dataset.load`, loading finds the reader: movielens (over archive), tables (of one's own,
with naming) or frames. Each makes a raw table, text files by way of delimited; assemble checks
them with ids, values and times, and makes the data set.
"""

from towhee_recsys.datasets.dataset import Dataset, Source
from towhee_recsys.datasets.download import MOVIELENS, cache_folder, download
from towhee_recsys.datasets.loading import NAMES
from towhee_recsys.datasets.problems import Problem
from towhee_recsys.datasets.progress import download_bar
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
    "download_bar",
    "histories",
    "last_two",
    "sample",
    "validate",
]
