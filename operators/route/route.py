"""The operator ``recsys/route``, as the library has it."""

from towhee_recsys.operators import Route

__all__ = ["Route"]
