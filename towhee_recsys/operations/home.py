"""The folder that holds everything the commands hand on to each other: model, index and records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from towhee_recsys.errors import BundleError, IndexMismatch, RequestError
from towhee_recsys.stores.urls import embedded_url
from towhee_recsys.types import Id

if TYPE_CHECKING:
    from towhee_recsys.bundle.metadata import Metadata
    from towhee_recsys.datasets import Schema
    from towhee_recsys.stores.base import RecordStore, VectorStore

# What the methods import, `--help` can do without.


@dataclass(frozen=True)
class Home:
    """Where the command line keeps what it makes. Servers may replace the home's own stores."""

    folder: Path
    """Absolute."""
    milvus: str | None = None
    """URI of a Milvus server that replaces the home's own file."""
    store: str | None = None
    """URL of a Redis or MySQL server that replaces the home's own store."""

    @property
    def bundle(self) -> Path:
        """The trained model."""
        return self.folder / "bundle"

    @property
    def checkpoint(self) -> Path:
        """The state of a training run, until it is done."""
        return self.folder / "training"

    @property
    def report(self) -> Path:
        """The page about the model."""
        return self.folder / "report"

    @property
    def milvus_uri(self) -> str:
        return self.milvus or str(self._milvus_file)

    @property
    def store_url(self) -> str:
        return self.store or embedded_url(self._store_folder)

    @property
    def has_index(self) -> bool:
        """True if an index exists locally, or a server is configured."""
        return bool(self.milvus) or self._milvus_file.exists()

    @property
    def has_store(self) -> bool:
        """True if a store exists locally, or a server is configured."""
        return bool(self.store) or self._store_folder.exists()

    def check_model(self) -> None:
        """Say what is to be done first, before a command that needs a model.

        Raises:
            BundleError: there is no model yet.
        """
        if not self.bundle.exists():
            raise BundleError(
                f"No model yet: run `towhee-recsys train` first. The home is {self.folder}"
            )

    def check_ingested(self) -> None:
        """The same before a command that needs index and records.

        Raises:
            BundleError: there is no model yet.
            IndexMismatch: there is a model, and nothing was ingested yet.
        """
        self.check_model()
        if not (self.has_index and self.has_store):
            raise IndexMismatch(
                f"No index yet: run `towhee-recsys ingest` first. The home is {self.folder}"
            )

    @property
    def _milvus_file(self) -> Path:
        return self.folder / "milvus.db"

    @property
    def _store_folder(self) -> Path:
        return self.folder / "store"

    @property
    def pipelines(self) -> dict[str, Any]:
        """The settings that every pipeline's config takes."""
        return {
            "bundle": str(self.bundle),
            "milvus_uri": self.milvus_uri,
            "store_url": self.store_url,
        }

    @contextmanager
    def open_index(self) -> Iterator[VectorStore]:
        """Open the index, and close it when the block ends.

        Raises:
            ConfigError: the URI is of no accepted form.
        """
        from towhee_recsys.stores.opening import open_vector_store

        with closing(open_vector_store(self.milvus_uri)) as index:
            yield index

    @contextmanager
    def open_store(self) -> Iterator[RecordStore]:
        """Open the store of records, and close it when the block ends.

        Raises:
            ConfigError: the URL is of no accepted form.
            StoreUnavailable: the embedded server does not start.
        """
        from towhee_recsys.stores.opening import open_record_store

        with closing(open_record_store(self.store_url)) as store:
            yield store

    def metadata(self) -> Metadata:
        """What the model was trained on, and how.

        Raises:
            BundleError: there is no model yet, or it is damaged.
        """
        from towhee_recsys.bundle import read_metadata

        self.check_model()
        return read_metadata(self.bundle)

    def schema(self) -> Schema:
        """The columns of the data that the model was trained on.

        Raises:
            BundleError: there is no model yet, or it is damaged.
        """
        from towhee_recsys.bundle import read_schema

        self.check_model()
        return read_schema(self.bundle)

    def data(self) -> str:
        """Where the data is that the model was trained on, as `Dataset.load` takes it.

        Raises:
            BundleError: there is no model yet, or it is damaged.
            RequestError: the data was given as data frames.
        """
        location = self.metadata().location
        if location is None:
            raise RequestError("the model was trained on data frames; name the data with --data")
        return location

    def parse_ids(self, texts: Sequence[str], name: str) -> list[Id]:
        """Ids from the command line, of the type that the data has.

        Args:
            texts: the ids.
            name: ``user_id`` or ``item_id``.

        Raises:
            RequestError: one is not of that type.
        """
        if self.metadata().id_types[name] == "str":
            return list(texts)
        for text in texts:
            if not re.fullmatch("-?[0-9]{1,19}", text):
                raise RequestError(f"{name} is {text!r}; in this data it is an integer")
        return list(map(int, texts))

    def parse_id(self, text: str, name: str) -> Id:
        """One id; see `parse_ids`."""
        return self.parse_ids([text], name)[0]
