"""Whatever `validate` accepts is trained on, and its vectors are finite."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fixtures.tables import AnyTables, any_tables
from fixtures.tiny import TINY
from hypothesis import assume, given, settings

from towhee_recsys import Dataset, ItemEncoder, UserEncoder, evaluate, train
from towhee_recsys.datasets import validate
from towhee_recsys.training import TrainingConfig

QUICK = TrainingConfig(epochs=1, batch_positions=200)


@pytest.mark.long
@settings(max_examples=100)
@given(any_tables())
def test_any_tables_that_are_accepted_are_trained_on(tables: AnyTables) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = tables.write(Path(folder))
        assume(validate(path).ok)
        dataset = Dataset.load(path)
    bundle = train(dataset, QUICK, TINY)
    histories = [dataset.items["item_id"].iloc[: n + 1].tolist() for n in range(2)]
    users = [{"user": user, "history": h} for user in dataset.user_records() for h in histories]
    assert np.isfinite(UserEncoder(bundle).encode(users)).all()
    assert np.isfinite(ItemEncoder(bundle).encode(dataset.item_records())).all()
    if bundle.metadata.validation:
        found = evaluate(bundle, dataset)
        assert found.users >= 1
        assert found.validation["ndcg@10"] == pytest.approx(bundle.metadata.validation["ndcg@10"])
