"""Optional steps: rules, threshold, diversity, reasons, probabilities and demotion."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.stack import Oracle, Stack, ids
from hypothesis import given
from hypothesis import strategies as st
from towhee import ops

import towhee_recsys.operators  # noqa: F401
from towhee_recsys import Bundle, UserEncoder
from towhee_recsys.components.diversity import maximal_marginal_relevance
from towhee_recsys.errors import ConfigError, RequestError

FAR = {"milvus_uri": "http://127.0.0.1:1"}
"""An address without a server."""


@pytest.fixture
def index(sample_stack: Stack, sample_bundle: Bundle) -> dict[str, str]:
    return {
        "uri": sample_stack.settings["milvus_uri"],
        "fingerprint": sample_bundle.fingerprint,
    }


# Rules


def test_rule_without_when_applies_to_all_users(sample_stack: Stack) -> None:
    ask = sample_stack.recommend(rules=[{"filter": {"genres": "Comedy"}}], top_k=20)
    requests: list[Any] = [
        42,
        {"user": {"gender": "F"}},
        {},
        {"user_id": 42, "filter": {"year": 1}},
    ]
    *full, none = ask(requests)
    for answer in full:
        assert len(answer) == 20
        assert all("Comedy" in film["genres"] for film in answer)
    assert none == []


def test_rule_applies_to_users_whose_record_passes(
    sample_stack: Stack, sample_oracle: Oracle
) -> None:
    rule = {"when": {"gender": "F", "age": {"lt": 40}}, "filter": {"year": {"gte": 1990}}}
    ask, free = sample_stack.recommend(rules=[rule]), sample_stack.recommend()
    concerned = narrowed = 0
    for user, record in sample_oracle.users.items():
        if user > 60:
            break
        if record["gender"] == "F" and record["age"] is not None and record["age"] < 40:
            concerned += 1
            assert ids(ask(user)) == ids(free({"user_id": user, "filter": rule["filter"]}))
            narrowed += ids(ask(user)) != ids(free(user))
        else:
            assert ask(user) == free(user)
    assert concerned
    assert narrowed


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"filter": {"genre": "Comedy"}}, "rule 1, filter: filter on unknown column 'genre'"),
        ({"filter": {"year": "x"}}, "rule 1, filter: filter on 'year': 'x' is not a number"),
        ({"filter": {}, "when": {"height": 3}}, "rule 1, when: .* Known are: age"),
        ({"filter": {}, "unless": {}}, r"RecommendConfig: unknown field 'rules\.1\.unless'"),
        ({"when": {}}, r"RecommendConfig: rules\.1\.filter is missing"),
        (7, r"RecommendConfig: rules\.1 is 7: "),
    ],
)
def test_wrong_rule_is_refused_when_the_pipeline_is_built(
    sample_stack: Stack, rule: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        sample_stack.recommend(rules=[{"filter": {"year": 1990}}, rule])


def test_record_that_does_not_match_its_column_is_refused(sample_stack: Stack) -> None:
    ask = sample_stack.recommend(rules=[{"when": {"age": 3}, "filter": {}}])
    with pytest.raises(RequestError, match="user: column 'age': 'old' is not a number"):
        ask({"user": {"age": "old"}})


# Threshold


def test_hits_below_the_threshold_are_left_out(sample_stack: Stack) -> None:
    everything = sample_stack.recommend(top_k=30)(42)
    threshold = (everything[10]["score"] + everything[11]["score"]) / 2
    assert sample_stack.recommend(top_k=30, min_score=threshold)(42) == everything[:11]
    assert sample_stack.recommend(min_score=1e9)([42, {"user": {"gender": "F"}}]) == [[], []]


def test_popular_items_ignore_the_threshold(sample_stack: Stack) -> None:
    assert sample_stack.recommend(min_score=1e9)({}) == sample_stack.recommend()({})


def test_threshold_must_be_finite(sample_stack: Stack) -> None:
    with pytest.raises(Exception, match="min_score is nan: input should be a finite number"):
        ops.recsys.score_threshold(min_score=float("nan")).get_op()
    with pytest.raises(ConfigError, match=r"min_score is inf: .*finite"):
        sample_stack.recommend(min_score=float("inf"))


# Diversity


def test_mmr_on_a_small_example() -> None:
    """Two groups of equal vectors: the best of the other group comes after the best."""
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    scores = np.array([1.0, 0.9, 0.5, 0.0])
    assert maximal_marginal_relevance(scores, vectors, 0.0, 4) == [0, 1, 2, 3]
    assert maximal_marginal_relevance(scores, vectors, 0.5, 4) == [0, 2, 1, 3]
    assert maximal_marginal_relevance(scores, 7 * vectors, 0.5, 2) == [0, 2]
    assert maximal_marginal_relevance(np.ones(3), np.zeros((3, 2), "f4"), 0.5, 9) == [0, 1, 2]


@given(
    st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=12),
    st.floats(0, 1),
    st.integers(1, 15),
    st.integers(0, 10**6),
)
def test_mmr_chooses_each_candidate_once_and_the_best_first(
    scores: list[float], diversity: float, top_k: int, seed: int
) -> None:
    ordered = np.sort(np.array(scores))[::-1]
    vectors = np.random.default_rng(seed).normal(size=(len(scores), 4)).astype("f4")
    chosen = maximal_marginal_relevance(ordered, vectors, diversity, top_k)
    assert len(chosen) == len(set(chosen)) == min(top_k, len(scores))
    if diversity < 1:
        assert chosen[0] == 0
    if diversity == 0:
        assert [ordered[i] for i in chosen] == list(ordered[: len(chosen)])


def likeness(answer: list[Any], oracle: Oracle) -> float:
    vectors = np.stack([oracle.vector(one) for one in ids(answer)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return float(np.triu(vectors @ vectors.T, 1).mean())


def test_diverse_answer_has_less_similar_items(sample_stack: Stack, sample_oracle: Oracle) -> None:
    users = list(range(1, 21))
    plain = sample_stack.recommend()(users)
    diverse = sample_stack.recommend(diversity=0.5)(users)
    assert [len(answer) for answer in diverse] == [10] * 20
    assert [ids(answer)[0] for answer in diverse] == [ids(answer)[0] for answer in plain]
    candidates = sample_stack.recommend(top_k=50)(users)
    for answer, among in zip(diverse, candidates, strict=True):
        scores = {film["item_id"]: film["score"] for film in among}
        assert all(scores[film["item_id"]] == film["score"] for film in answer)
    plain_likeness = np.mean([likeness(answer, sample_oracle) for answer in plain])
    assert np.mean([likeness(answer, sample_oracle) for answer in diverse]) < plain_likeness


def test_diversity_zero_gives_the_usual_answer(sample_stack: Stack, index: dict[str, str]) -> None:
    hits = [[{"item_id": i, "score": -float(i)} for i in range(1, 6)], []]
    rerank = ops.recsys.rerank_mmr(**index, diversity=0.0, top_k=3)
    assert rerank(hits) == [hits[0][:3], []]
    assert rerank(hits, [{"top_k": 2}, {}]) == [hits[0][:2], []]


def test_diversity_must_be_between_0_and_1(index: dict[str, str], sample_stack: Stack) -> None:
    with pytest.raises(Exception, match=r"diversity is 1\.5: input should be less"):
        ops.recsys.rerank_mmr(**index, diversity=1.5).get_op()
    with pytest.raises(ConfigError, match=r"diversity is 1\.5: "):
        sample_stack.recommend(diversity=1.5)


# Reasons


def test_contribution_is_the_loss_in_score_without_the_item(
    sample_stack: Stack, sample_bundle: Bundle, sample_oracle: Oracle
) -> None:
    """A contribution is the score minus the score of the same user without that item in the
    history. No other item has a larger one."""
    encoder = UserEncoder(sample_bundle)
    for user in (3, 42):
        record, past = sample_oracle.users[user], sample_oracle.histories[user]
        for film in sample_stack.recommend(explain=3, top_k=4)(user):
            vector = sample_oracle.vector(film["item_id"])
            without = [
                {"user": record, "history": [one for one in past if one != left_out]}
                for left_out in past
            ]
            scores = encoder.encode(without) @ vector
            losses = {one: film["score"] - score for one, score in zip(past, scores, strict=True)}
            expected = sorted(losses, key=lambda one: -losses[one])[:3]
            assert [reason["item_id"] for reason in film["because"]] == expected
            for reason in film["because"]:
                assert reason["contribution"] == pytest.approx(losses[reason["item_id"]], abs=1e-4)
                assert reason["title"] == sample_oracle.items[reason["item_id"]]["title"]


def test_user_without_history_gets_no_reasons(sample_stack: Stack) -> None:
    ask = sample_stack.recommend(explain=1, top_k=2)
    for answer in ask([{}, {"user": {"gender": "F"}}, {"history": [10**9]}]):
        assert [film["because"] for film in answer] == [[], []]


def test_item_is_not_its_own_reason(sample_stack: Stack) -> None:
    answer = sample_stack.recommend(explain=5, top_k=300)({"history": [1, 2], "seen": "include"})
    assert {1, 2} <= set(ids(answer))
    named = [[reason["item_id"] for reason in film["because"]] for film in answer]
    assert any(named)
    assert all(film["item_id"] not in row for film, row in zip(answer, named, strict=True))


def test_contributions_of_a_history_with_repeated_items(sample_bundle: Bundle) -> None:
    met, changes = UserEncoder(sample_bundle).contributions({"history": [5, 1, 5, 10**9, 5]})
    assert met == [1, 5]
    encode = UserEncoder(sample_bundle).encode
    whole, one, five = encode([{"history": h} for h in ([5, 1, 5, 5], [5, 5, 5], [1])])
    np.testing.assert_allclose(changes, [whole - one, whole - five], atol=1e-5)
    assert UserEncoder(sample_bundle).contributions({})[1].shape == (0, 256)


# Probabilities


def test_probabilities_follow_from_shares(
    sample_stack: Stack, sample_bundle: Bundle, sample_oracle: Oracle, ask: Callable[[Any], Any]
) -> None:
    """Nothing else changes. Shares are among all unseen items, also with a filter."""
    assert sample_bundle.calibration is not None
    past = sample_oracle.histories
    asked: list[tuple[Any, dict[str, Any], list[Any]]] = [
        (42, sample_oracle.users[42], past[42]),
        ({"user": {"gender": "F"}}, {"gender": "F"}, []),
        ({"user_id": 7, "top_k": 300}, sample_oracle.users[7], past[7]),
        ({"user_id": 7, "filter": {"genres": "Comedy"}}, sample_oracle.users[7], past[7]),
    ]
    requests = [request for request, *_ in asked]
    answers = sample_stack.recommend(calibrate=True)(requests)
    for answer, plain, (_, record, met) in zip(answers, ask(requests), asked, strict=True):
        given = [film.pop("probability") for film in answer]
        assert answer == plain
        scores = sample_oracle.scores(record, met)
        total = math.log(sum(math.exp(s) for item, s in scores.items() if item not in met))
        shares = np.array([film["score"] - total for film in plain])
        np.testing.assert_allclose(
            given, sample_bundle.calibration.probability(shares), rtol=1e-4, atol=1e-6
        )
        assert given == sorted(given, reverse=True)
        assert 0 <= given[-1] < given[0] <= 1


def test_user_who_has_seen_all_items_gets_no_probabilities(
    sample_stack: Stack, sample_oracle: Oracle
) -> None:
    ask = sample_stack.recommend(calibrate=True)
    request = {"history": list(sample_oracle.items), "seen": "include"}
    assert not any("probability" in film for film in ask(request))


def test_request_turns_probabilities_on_and_off(sample_stack: Stack) -> None:
    on, off = sample_stack.recommend(calibrate=True), sample_stack.recommend()
    yes, no = {"user_id": 42, "calibrate": True}, {"user_id": 42, "calibrate": False}
    for ask, expected in ((on, [True, True, False]), (off, [False, True, False])):
        shown = [["probability" in film for film in one] for one in ask([{"user_id": 42}, yes, no])]
        assert shown == [[one] * 10 for one in expected]


def test_popular_and_seen_items_have_no_probability(
    sample_stack: Stack, sample_oracle: Oracle
) -> None:
    ask = sample_stack.recommend(calibrate=True)
    assert not any("probability" in film for film in ask({}))
    away = sample_stack.recommend(**FAR, calibrate=True)(42)
    assert not any("probability" in film for film in away)
    past = sample_oracle.histories[42]
    answer = ask({"user_id": 42, "seen": "demote", "top_k": 300})
    assert [film["item_id"] in past for film in answer] == [
        "probability" not in film for film in answer
    ]


def test_probabilities_are_refused_without_calibration(
    sample_bundle: Bundle, sample_stack: Stack, tmp_path: Path
) -> None:
    path = str(tmp_path / "bundle")
    dataclasses.replace(sample_bundle, calibration=None).save(path)
    with pytest.raises(ConfigError, match="Train it with --holdout auto"):
        sample_stack.recommend(bundle=path, calibrate=True)
    ask = sample_stack.recommend(bundle=path)
    assert ids(ask(42)) == ids(sample_stack.recommend()(42))
    with pytest.raises(RequestError, match=f"the model in {path} cannot say how likely"):
        ask({"user_id": 42, "calibrate": True})
    with pytest.raises(RequestError, match="cannot say how likely"):
        ops.recsys.calibrate(bundle=path)([[{"item_id": 1, "score": 2.0}]], np.zeros((1, 256)))
    with pytest.raises(RequestError, match="2 lists of hits and 1 vectors; give one for each"):
        ops.recsys.calibrate(bundle=path)([[], []], np.zeros((1, 256)))
    with pytest.raises(RequestError, match="1 lists of hits and 2 requests; give one for each"):
        ops.recsys.calibrate(bundle=path)([[]], np.zeros((1, 256)), [{}, {}])


# All steps together, and without an index


def test_all_steps_together(sample_stack: Stack) -> None:
    settings = {"rules": [{"filter": {"year": {"gte": 1970}}}], "min_score": -100.0}
    ask = sample_stack.recommend(**settings, diversity=0.3, explain=1, top_k=5)
    one, several = ask(42), ask([42, {"user_id": 7, "top_k": 3}])
    assert ids(several[0]) == ids(one)
    assert [len(answer) for answer in several] == [5, 3]
    assert all(film["year"] >= 1970 and len(film["because"]) == 1 for film in one)
    assert [film["rank"] for film in one] == [1, 2, 3, 4, 5]
    assert ask([]) == []


def test_steps_mark_degraded_answers_without_an_index(
    sample_stack: Stack, sample_bundle: Bundle
) -> None:
    away = {"uri": FAR["milvus_uri"], "fingerprint": sample_bundle.fingerprint}
    hits = [[{"item_id": 1, "score": 2.0}, {"item_id": 2, "score": 1.0}]]
    (reranked,) = ops.recsys.rerank_mmr(**away, top_k=1)(hits)
    assert reranked == [{"item_id": 1, "score": 2.0, "degraded": ["diversity"]}]
    explain = ops.recsys.explain(bundle=sample_stack.settings["bundle"], **away)
    (explained,) = explain(hits, [{"history": [3]}])
    assert [hit["degraded"] for hit in explained] == [["because"], ["because"]]
    popular = [[{"item_id": 1, "score": 2.0, "route": "popular"}]]
    assert explain(popular, [{"history": [3]}]) == [[{**popular[0][0], "because": []}]]
    answer = sample_stack.recommend(**FAR, diversity=0.5, explain=1)(42)
    assert answer[0]["route"] == "popular"
    assert answer[0]["because"] == []
    assert set(answer[0]["degraded"]) == {"index", "diversity"}


def test_request_overrides_the_config(sample_stack: Stack) -> None:
    """A setting of a request replaces that of the config, for this request only."""
    ask = sample_stack.recommend(diversity=0.5, explain=1, top_k=5)
    wishes = {"user_id": 42, "diversity": 0, "explain": 0}
    plain, diverse, few = ask([wishes, 42, {"user_id": 42, "min_score": 1e9}])
    assert ids(plain) == ids(sample_stack.recommend(top_k=5)(42))
    assert not any("because" in film for film in plain)
    assert ids(diverse) == ids(sample_stack.recommend(diversity=0.5, top_k=5)(42))
    assert all(len(film["because"]) == 1 for film in diverse)
    assert few == []
    ask = sample_stack.recommend(top_k=5)
    wanted = {"user_id": 42, "diversity": 0.5, "explain": 2}
    assert ids(ask(wanted)) == ids(diverse)
    assert all(len(film["because"]) == 2 for film in ask(wanted))


# Demotion


def test_demoted_items_come_last(sample_stack: Stack, sample_oracle: Oracle) -> None:
    """All unseen items come in their order, then the seen ones in theirs. Excluded items never
    come."""
    ask = sample_stack.recommend()
    past = sample_oracle.histories[42]
    request = {"user_id": 42, "seen": "demote", "exclude": [past[0], 1]}
    unseen = ids(ask({**request, "seen": "exclude", "top_k": 300}))
    both = ids(ask({**request, "seen": "include", "top_k": 300}))
    expected = unseen + [one for one in both if one in past]
    assert len(expected) == 300 - len({past[0], 1})
    for top_k in (5, len(unseen), len(unseen) + 3, 300):
        assert ids(ask({**request, "top_k": top_k})) == expected[:top_k]
    few = {**request, "top_k": 300, "filter": {"year": {"lt": 1970}}}
    old = [one for one in expected if sample_oracle.items[one]["year"] < 1970]
    assert ids(ask(few)) == old


def test_demoted_items_come_last_among_popular_items(
    sample_stack: Stack, sample_bundle: Bundle
) -> None:
    unknown = {"history": [10**9], "top_k": 300}
    ask = sample_stack.recommend()
    assert ask({**unknown, "seen": "demote"}) == ask(unknown)
    model = {"bundle": sample_stack.settings["bundle"], "fingerprint": sample_bundle.fingerprint}
    route = ops.recsys.route(**model, uri=FAR["milvus_uri"])
    first = ids(route([{"top_k": 300}], [None])[0])
    demoted = route([{"history": first[:2], "seen": "demote", "top_k": 300}], [None])[0]
    assert ids(demoted) == first[2:] + first[:2]


def test_all_rules_apply_without_user_records(sample_stack: Stack, sample_oracle: Oracle) -> None:
    """User 6 is 17. Items that the rule forbids must not come if the age cannot be looked up."""
    rule = {"when": {"age": {"lt": 18}}, "filter": {"not": {"genres": "Horror"}}}
    nowhere = {"store_url": "redis://127.0.0.1:1"}
    horror = {one["item_id"] for one in sample_oracle.items.values() if "Horror" in one["genres"]}
    for store in ({}, nowhere):
        answer = ids(sample_stack.recommend(rules=[rule], **store)(6))
        assert len(answer) == 10
        assert not horror & set(answer)
    assert horror & set(ids(sample_stack.recommend(**nowhere)(6)))


def test_diversity_keeps_demoted_items_last(sample_stack: Stack, sample_oracle: Oracle) -> None:
    wish = {"user_id": 42, "seen": "demote", "diversity": 0.3, "filter": {"genres": "Horror"}}
    past = sample_oracle.histories[42]
    answer = ids(sample_stack.recommend()({**wish, "top_k": 40}))
    seen = [one in past for one in answer]
    assert any(seen)
    assert seen == sorted(seen)
