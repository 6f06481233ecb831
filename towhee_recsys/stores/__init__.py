"""Vectors to search, records and histories to look up, in databases that can be exchanged.

- `base`: what the pipelines ask, as protocols: `VectorStore`, `RecordStore`
- `urls`: `open_record_store`, from a URL to the store it names
- `documents`: what all record stores share; `redis`, `mysql` and `embedded` (a Valkey server that
  this library starts) give it a database
- `milvus`: `MilvusStore`, of `milvus_client` (connection, errors), `milvus_collection` (schema and
  rows) and `nearest` (many users' searches in few calls)
- `filters`, `matching` and `attributes`: conditions on columns for Milvus, the same in Python, and
  how Milvus holds the columns
"""
