"""Look at tables that nobody described, and write a first dataset.yaml for them.

| what                                                            | where      |
| --------------------------------------------------------------- | ---------- |
| `describe`, `Draft`: a commented dataset.yaml for files; `place` | drafting   |
| `look`: which files hold tables, and how they are written       | looking    |
| `SeenTable`, `SeenColumn`: what was seen                        | seen       |
| `link`: which table is for what                                 | linking    |
| `find_times`: when an interaction happened                      | times      |
| `guess`: the role of a column                                   | roles      |
| `written`: the YAML                                             | writing    |
| words by which columns are called                               | vocabulary |
"""

from towhee_recsys.datasets.describing.drafting import Draft, describe, place

__all__ = ["Draft", "describe", "place"]
