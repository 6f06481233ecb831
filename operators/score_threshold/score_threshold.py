"""The operator ``recsys/score_threshold``, as the library has it."""

from towhee_recsys.operators import ScoreThreshold

__all__ = ["ScoreThreshold"]
