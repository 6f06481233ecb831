"""Requests are completed once, and no two of them share anything that can change."""

from __future__ import annotations

import numpy as np
import pytest

from towhee_recsys.components.requests import Completion, Defaults
from towhee_recsys.errors import ConfigError
from towhee_recsys.types import Query


def test_missing_keys_are_filled_in() -> None:
    query = Completion(Defaults(top_k=7, explain=2)).query({"history": np.array([1, 2])})
    assert query.keys() == Query.__annotations__.keys()
    assert query["history"] == [1, 2]
    assert (query["top_k"], query["candidates"], query["explain"]) == (7, 7, 2)


def test_what_a_request_sets_is_kept() -> None:
    completion = Completion(Defaults())
    query = completion.query({"top_k": 3, "candidates": 15, "seen": "demote"})
    assert (query["top_k"], query["candidates"], query["seen"]) == (3, 15, "demote")
    assert completion.query(query) is query


def test_queries_share_no_list() -> None:
    completion = Completion(Defaults())
    one, other = completion.queries(None, 2)
    one["degraded"].append("index")
    one["exclude"].append(1)
    assert other["degraded"] == other["exclude"] == []
    assert completion.query({})["degraded"] == []


def test_defaults_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="top_k is 0: input should be greater"):
        Defaults.checked(top_k=0)
