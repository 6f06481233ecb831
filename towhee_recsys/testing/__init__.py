"""Conformance suites for stores of your own.

- `RecordStoreConformance`: what every `RecordStore` must do
- `VectorStoreConformance`: what every `VectorStore` must do

A suite is a class of tests for pytest. Subclass it in a test file, and give it one fixture,
`store`, that yields a store with nothing in it::

    import pytest
    from towhee_recsys.testing import RecordStoreConformance

    class TestMyStore(RecordStoreConformance):
        @pytest.fixture
        def store(self):
            with MyStore("my-server", namespace="an-empty-one") as store:
                yield store

The protocols are in `towhee_recsys.stores.base`. A record store over a database that maps keys to
texts is least work as a subclass of `towhee_recsys.stores.records.documents.DocumentStore`.

The suites need pytest: ``pip install 'towhee_recsys[testing]'``.
"""

from __future__ import annotations

try:
    import pytest
except ImportError as exc:
    raise ImportError(
        "towhee_recsys.testing needs pytest: pip install 'towhee_recsys[testing]'"
    ) from exc

pytest.register_assert_rewrite("towhee_recsys.testing.records", "towhee_recsys.testing.vectors")

from towhee_recsys.testing.records import RecordStoreConformance  # noqa: E402
from towhee_recsys.testing.vectors import VectorStoreConformance  # noqa: E402

__all__ = ["RecordStoreConformance", "VectorStoreConformance"]
