"""An evaluation → the figures that the report shows, in the order in which it shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from towhee_recsys.bundle import Bundle
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.evaluation.evaluation import Evaluation
from towhee_recsys.evaluation.segments import Segment

HEADLINES = ("ndcg@10", "hr@10")
"""What is drawn; other metrics stand in the table."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """Metrics of the model or of a baseline, on the test items."""

    name: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    """95%, of some of the metrics."""


@dataclass(frozen=True)
class Findings:
    """How good a model is, compared to what, and for whom."""

    users: int
    items: int
    model: Measured
    baselines: list[Measured]
    """The best one first."""
    segments: Mapping[str, list[Segment]]
    """By what they are cut."""

    @property
    def rows(self) -> list[Measured]:
        return [self.model, *self.baselines]

    @property
    def metrics(self) -> list[str]:
        """Names of all metrics, the headlines first."""
        names = [*HEADLINES, *(name for row in self.rows for name in row.metrics)]
        return [n for n in dict.fromkeys(names) if any(n in row.metrics for row in self.rows)]

    @property
    def factor(self) -> float | None:
        """The model's NDCG@10 over the best baseline's; None where there is nothing to divide."""
        ndcg = HEADLINES[0]
        best = self.baselines[0].metrics.get(ndcg) if self.baselines else None
        return self.model.metrics[ndcg] / best if best else None

    @property
    def all_segments(self) -> list[Segment]:
        return [segment for segments in self.segments.values() for segment in segments]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Findings:
        """The only place that knows how an `Evaluation` is made."""
        return cls(
            users=evaluation.users,
            items=evaluation.items,
            model=Measured("this model", evaluation.test, evaluation.intervals),
            baselines=sorted(
                (
                    Measured(name, found.test, found.intervals)
                    for name, found in evaluation.baselines.items()
                ),
                key=lambda one: -one.metrics[HEADLINES[0]],
            ),
            segments=evaluation.segments,
        )


def with_results(bundle: Bundle, findings: Findings) -> Bundle:
    """The same model, whose metadata and card tell how it was measured."""
    model = findings.model
    results = {"test": dict(model.metrics), "intervals": dict(model.intervals)}
    meta = Metadata.model_validate({**bundle.metadata.model_dump(), **results})
    return replace(bundle, metadata=meta)


def highest(rows: Iterable[Measured | Segment], metric: str) -> float:
    """The end of the longest bar, intervals included; above 0."""
    found = list(rows)
    ends = [row.metrics.get(metric, 0.0) for row in found]
    ends += [max(row.intervals.get(metric, (0.0,))) for row in found if isinstance(row, Measured)]
    return max(ends, default=0.0) or 1.0
