"""Stores: vectors to search, and records and histories to look up, in exchangeable databases.

- `base`: the protocols `VectorStore` and `RecordStore`
- `forgotten`: `Forgotten`, a user's entry in a store's list of what is forgotten
- `opening`: `open_vector_store` and `open_record_store`
- `urls`: the URLs of record stores: parse, make, and mask them
- `vectors`: item vectors in Milvus
- `records`: records and histories in Redis, in MySQL, or in a Valkey server that the library starts
- `filters`: conditions on columns, for Milvus and for records in Python

`towhee_recsys.testing` has conformance suites for stores of your own.
"""
