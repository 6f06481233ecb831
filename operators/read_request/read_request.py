"""The operator ``recsys/read_request``, as the library has it."""

from towhee_recsys.operators import ReadRequest

__all__ = ["ReadRequest"]
