"""The operator ``recsys/answer``, as the library has it."""

from towhee_recsys.operators import Answer

__all__ = ["Answer"]
