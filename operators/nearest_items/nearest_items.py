"""The operator ``recsys/nearest_items``, as the library has it."""

from towhee_recsys.operators import NearestItems

__all__ = ["NearestItems"]
