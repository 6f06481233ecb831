"""Select the metrics of an evaluation that the report shows, in the order shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from towhee_recsys.bundle import Bundle
from towhee_recsys.bundle.comparison import TITLES, Comparison, too_few, verdict
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.evaluation.bootstrap import Interval
from towhee_recsys.evaluation.evaluation import Evaluation
from towhee_recsys.evaluation.segments import UserGroup

HEADLINES = ("ndcg@10", "hr@10")
"""The metrics that are drawn. Others are in the table."""


@dataclass(frozen=True)
class Measured:
    """The test metrics of the model or of a baseline."""

    name: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    """95% intervals of some of the metrics."""


@dataclass(frozen=True)
class Findings:
    """The metrics of a model, of its baselines, and of groups of users."""

    users: int
    items: int
    model: Measured
    baselines: list[Measured]
    """Best first."""
    segments: Mapping[str, list[UserGroup]]
    """By kind of group, as in `Evaluation.segments`. Empty if too few users were evaluated."""
    comparison: Comparison | None = None
    """With the best baseline."""

    @property
    def rows(self) -> list[Measured]:
        """The model, then the baselines."""
        return [self.model, *self.baselines]

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics, the headlines first."""
        names = [*HEADLINES, *(name for row in self.rows for name in row.metrics)]
        return [n for n in dict.fromkeys(names) if any(n in row.metrics for row in self.rows)]

    @property
    def verdict(self) -> str:
        """What the comparison shows, in words."""
        return verdict(self.users, self.comparison)

    @property
    def all_segments(self) -> list[UserGroup]:
        """The groups of all kinds."""
        return [segment for segments in self.segments.values() for segment in segments]

    @classmethod
    def of(cls, evaluation: Evaluation) -> Findings:
        """The findings of an evaluation."""
        return cls(
            users=evaluation.users,
            items=evaluation.items,
            model=Measured("this model", evaluation.test, evaluation.intervals),
            baselines=sorted(
                (
                    Measured(TITLES[name], found.test, found.intervals)
                    for name, found in evaluation.baselines.items()
                ),
                key=lambda one: -one.metrics[HEADLINES[0]],
            ),
            segments={} if too_few(evaluation.users) else evaluation.segments,
            comparison=evaluation.comparison,
        )


def with_results(bundle: Bundle, findings: Findings) -> Bundle:
    """The same bundle, with the test metrics in its metadata and its model card."""
    model = findings.model
    results = {
        "test": dict(model.metrics),
        "intervals": dict(model.intervals),
        "evaluated": findings.users,
        "comparison": findings.comparison,
    }
    meta = Metadata.model_validate({**bundle.metadata.model_dump(), **results})
    return replace(bundle, metadata=meta)


def highest(rows: Iterable[Measured | UserGroup], metric: str) -> float:
    """The end of the longest bar or interval; always above 0."""
    found = list(rows)
    ends = [row.metrics.get(metric, 0.0) for row in found]
    ends += [max(row.intervals.get(metric, (0.0,))) for row in found if isinstance(row, Measured)]
    return max(ends, default=0.0) or 1.0
