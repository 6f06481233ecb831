"""The progress bar of training."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from towhee_recsys.progress import TrainingBar


def test_validations_and_messages_are_printed() -> None:
    text = StringIO()
    with TrainingBar(Console(file=text, width=200)) as bar:
        bar.step(0, 0.25, 0.5, 4.0, 1_000)
        bar.step(0, 0.5, 1.0, 2.0, 1_000)
        bar.validation(0, {"hr@10": 0.25, "ndcg@10": 0.125}, best=True)
        bar.validation(0, {"hr@10": 0.2, "ndcg@10": 0.1}, best=False)
        bar.message("interrupted")
    lines = text.getvalue().splitlines()
    best = [line for line in lines if "best so far" in line]
    assert len(best) == 1
    assert "epoch  1.0" in best[0]
    assert "loss 3.900" in best[0]
    assert "HR@10 0.250" in best[0]
    assert "NDCG@10 0.125" in best[0]
    assert "interrupted" in lines
    assert any("50%" in line for line in lines)
