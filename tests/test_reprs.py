"""What a prompt shows fits a line."""

from __future__ import annotations

import pandas as pd

from towhee_recsys import Bundle, Dataset, ItemEncoder, UserEncoder, evaluate
from towhee_recsys.datasets import validate


def test_bundle(sample_bundle: Bundle) -> None:
    validation = sample_bundle.metadata.validation["ndcg@10"]
    assert repr(sample_bundle) == (
        f"<Bundle {sample_bundle.fingerprint}: sample, 400 users, 300 items, "
        f"validation NDCG@10 {validation:.3f}>"
    )
    for encoder in (UserEncoder(sample_bundle), ItemEncoder(sample_bundle)):
        assert repr(encoder) == f"<{type(encoder).__name__} of {sample_bundle!r}>"


def test_dataset(sample_dataset: Dataset) -> None:
    assert repr(sample_dataset) == "<Dataset sample: 400 users, 300 items, 21,485 interactions>"


def test_dataset_in_a_notebook() -> None:
    shown = Dataset.from_frames(
        pd.DataFrame({"user_id": [1, 1, 2], "item_id": [1, 2, 1]}),
        pd.DataFrame({"item_id": [1, 2], "title": ["<b>", "B"], "year": [1963, None]}),
        name="a<b",
    )._repr_html_()
    assert "a&lt;b" in shown
    assert "&lt;b&gt;" in shown
    assert "title (text), year (number)" in shown
    assert "<td>1963</td>" in shown


def test_report() -> None:
    report = validate("sample")
    found = f"{len(report.problems)} problems, {len(report.warnings)} warnings"
    assert repr(report) == f"<Report on sample: {found}>"


def test_evaluation(sample_bundle: Bundle, sample_dataset: Dataset) -> None:
    result = evaluate(sample_bundle, sample_dataset)
    hr, ndcg = result.test["hr@10"], result.test["ndcg@10"]
    assert repr(result) == (
        f"<Evaluation: test HR@10 {hr:.3f}, NDCG@10 {ndcg:.3f}, 400 users, 300 items>"
    )
