"""Item vectors in Milvus.

- `milvus`: the store
- `client`: connection and errors
- `collection`: schema and rows
- `nearest`: many users' searches in few calls
"""
