"""Item vectors in Milvus.

- `milvus`: the store
- `client`: connections and errors
- `collection`: schema and rows
- `nearest`: the searches of many users in few calls
"""
