"""Folders in the form of Towhee's hub, a repository each → checked, exported, published.

The folders themselves lie in ``operators/`` and ``pipelines/`` at the top of the project, and are
installed as ``towhee_recsys.hub.operators`` and ``towhee_recsys.hub.pipelines``.

- `folders`: `Folder`, and `folders`, which finds them
- `checking`: `check`, what is wrong with one; by `readme` (what its README says of the code) and
  `loading` (what Towhee's loader makes of it)
- `exporting`: `export`, into a folder that can be ``TOWHEE_HOME``
- `publishing`: `publish`, to a git repository of its own
- `commands`: ``towhee-recsys hub``
"""

from towhee_recsys.hub.checking import check
from towhee_recsys.hub.exporting import export
from towhee_recsys.hub.folders import Folder, folders
from towhee_recsys.hub.publishing import publish

__all__ = ["Folder", "check", "export", "folders", "publish"]
