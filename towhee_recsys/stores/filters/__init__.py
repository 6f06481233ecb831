"""Conditions on columns, as plain data.

- `expressions`: a filter as a Milvus expression, and the grammar
- `matching`: a filter on a record in Python
- `attributes`: columns and values as Milvus holds them
"""
