"""Measure how good a model is, for whom, and compared with what.

- `evaluation`: `evaluate`, the figures of a bundle on interactions it was not trained on
- `ranking`: rank all items for many users
- `metrics`: hit rate, NDCG and MRR of ranks
- `beyond_accuracy`: coverage, novelty, popularity lift and diversity of the lists
- `bootstrap`: confidence intervals over users
- `segments`: the same figures by groups of users
- `calibration_fit`: learn what a score is worth, and measure how true that is
- `baselines`, with `ease` and `ials`: models to compare with
- `cold_start`: users and items that were not there in training
"""

from towhee_recsys.evaluation.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
