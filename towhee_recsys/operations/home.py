"""One folder → everything that the commands hand on to each other: model, index and records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from towhee_recsys.errors import RequestError
from towhee_recsys.stores.urls import embedded_url
from towhee_recsys.types import Id

if TYPE_CHECKING:
    from towhee_recsys.bundle.metadata import Metadata


@dataclass(frozen=True)
class Home:
    """Where the command line keeps what it makes; servers may take the place of its own stores."""

    folder: Path
    """Absolute."""
    milvus: str | None = None
    """URI of a Milvus server, in place of the home's own file."""
    store: str | None = None
    """URL of a Redis or MySQL server, in place of the home's own store."""

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "training"

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def milvus_uri(self) -> str:
        return self.milvus or str(self.folder / "milvus.db")

    @property
    def store_url(self) -> str:
        return self.store or embedded_url(self.folder / "store")

    @property
    def has_index(self) -> bool:
        """Is there one to look at? A server always is."""
        return bool(self.milvus) or (self.folder / "milvus.db").exists()

    @property
    def has_store(self) -> bool:
        """Likewise."""
        return bool(self.store) or (self.folder / "store").exists()

    @property
    def pipelines(self) -> dict[str, Any]:
        """The settings that every pipeline's config takes."""
        return {
            "bundle": str(self.bundle),
            "milvus_uri": self.milvus_uri,
            "store_url": self.store_url,
        }

    def metadata(self) -> Metadata:
        """What the model was trained on.

        Raises:
            BundleError: there is no model yet, or it is damaged.
        """
        from towhee_recsys.bundle import read_metadata  # which `--help` can do without

        return read_metadata(self.bundle)

    def parse_id(self, text: str, name: str) -> Id:
        """An id from the command line, of the kind that the data has. `name` is ``user_id`` or
        ``item_id``.

        Raises:
            RequestError: it is not of that kind.
        """
        if self.metadata().id_types[name] == "str":
            return text
        if not re.fullmatch("-?[0-9]{1,19}", text):
            raise RequestError(f"{name} is {text!r}; in this data it is an integer")
        return int(text)
