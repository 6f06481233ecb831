"""The operator ``recsys/explain``, as the library has it."""

from towhee_recsys.operators import Explain

__all__ = ["Explain"]
