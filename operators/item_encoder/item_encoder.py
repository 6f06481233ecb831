"""The operator ``recsys/item_encoder``, as the library has it."""

from towhee_recsys.operators import ItemEncoder

__all__ = ["ItemEncoder"]
