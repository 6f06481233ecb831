"""Measure how good a model is, for whom, and compared with what.

- `evaluation`: `evaluate`, the figures of a bundle on interactions it was not trained on
- `ranking`: rank all items for many users; the ranks of their targets, and their lists
- `metrics`: hit rate, NDCG and MRR of ranks
- `beyond_accuracy`: coverage, novelty, popularity lift and diversity of recommended lists
- `bootstrap`: confidence intervals over users
- `segments`: the same figures by groups of users
- `calibration_fit`: learn probabilities from scores, and compare predicted with observed
- `baselines`, with `ease` and `ials`: models to compare with
- `cold_start`: users and items that were not in training
"""

from towhee_recsys.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
