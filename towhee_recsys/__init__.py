"""Recommendations from Milvus."""

from towhee_recsys._version import __version__

__all__ = ["__version__"]
