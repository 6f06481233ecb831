"""The operator ``recsys/calibrate``, as the library has it."""

from towhee_recsys.operators import Calibrate

__all__ = ["Calibrate"]
