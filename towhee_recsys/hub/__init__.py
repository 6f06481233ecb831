"""Check, export and publish operators and pipelines in the form of Towhee's hub.

Each of them is a folder, which the hub keeps as a repository. The folders are in ``operators/`` and
``pipelines/`` at the top of the project, and are installed as ``towhee_recsys.hub.operators`` and
``towhee_recsys.hub.pipelines``.

- `folders`: `Folder`, and `folders`, which finds them
- `checking`: `check`, which finds what is wrong with a folder, with the help of `readme` (what the
  README says about the code) and `loader` (what Towhee's loader makes of the folder)
- `exporting`: `export`, into a folder that can be ``TOWHEE_HOME``
- `publishing`: `publish`, to a git repository
"""

from towhee_recsys.hub.checking import check
from towhee_recsys.hub.exporting import export
from towhee_recsys.hub.folders import Folder, folders
from towhee_recsys.hub.publishing import publish

__all__ = ["Folder", "check", "export", "folders", "publish"]
