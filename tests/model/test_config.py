"""The shape of a model must fit its vectors."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from towhee_recsys.model import ModelConfig


@pytest.mark.parametrize("shape", [{"members": 3}, {"heads": 5}])
def test_members_and_heads_must_divide_the_vector(shape: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=r"must divide embedding_size=256"):
        ModelConfig.model_validate(shape)


def test_members_share_the_vector() -> None:
    assert ModelConfig(members=1).member_size == 256
    assert ModelConfig(embedding_size=32, members=2, heads=4).member_size == 16
