"""The operator ``recsys/user_lookup``, as the library has it."""

from towhee_recsys.operators import UserLookup

__all__ = ["UserLookup"]
