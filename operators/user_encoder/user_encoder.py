"""The operator ``recsys/user_encoder``, as the library has it."""

from towhee_recsys.operators import UserEncoder

__all__ = ["UserEncoder"]
