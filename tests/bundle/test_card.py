"""The model card: what it says, and that names in the data cannot change its markup."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from towhee_recsys import Bundle
from towhee_recsys.bundle.card import escape, model_card
from towhee_recsys.bundle.comparison import Comparison, verdict
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.datasets import Schema
from towhee_recsys.model import ModelConfig

FACTS = Metadata(
    data="shop",
    location="/home/somebody/shop.yaml",
    sha256="ab" * 32,
    id_types={"user_id": "int", "item_id": "str"},
    order="time",
    holdout="last-two",
    users=1234,
    items=56,
    interactions=78901,
    epochs=3.25,
    seconds=3725,
    seed=7,
    preset="fast",
    training={"learning_rate": 0.002, "holdout": "last-two"},
    validation={"hr@10": 0.31, "ndcg@10": 0.17},
    popularity={"hr@10": 0.04, "ndcg@10": 0.02},
    test={"hr@10": 0.3012, "coverage@10": 0.5},
    intervals={"hr@10": (0.29, 0.3125)},
    evaluated=1200,
    created="2026-01-02T03:04:05+00:00",
    versions={"towhee_recsys": "0.1.0", "paddlepaddle": "3.3.1"},
)
SCHEMA = Schema.model_validate(
    {
        "users": {"age": "number", "city": "display"},
        "items": {"name": "text", "tags": "categorical"},
    }
)


def card(schema: Schema = SCHEMA, members: int = 1, **changed: object) -> str:
    return model_card(
        FACTS.model_copy(update=changed), schema, ModelConfig(members=members), "1a2b3c4d"
    )


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, split as a Markdown parser does."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_front_matter_invents_nothing() -> None:
    _, front, body = card().split("---\n", 2)
    assert yaml.safe_load(front).keys() == {"library_name", "tags"}
    assert "license" not in card().lower()
    assert body.lstrip().startswith("# Model Card for shop · 1a2b3c4d")


def test_sections_are_those_of_hugging_face() -> None:
    assert re.findall("^## (.*)$", card(), re.MULTILINE) == [
        "Model Details",
        "Uses",
        "Bias, Risks, and Limitations",
        "How to Get Started with the Model",
        "Training Details",
        "Evaluation",
    ]


def test_training_data_is_described() -> None:
    text = card()
    assert FACTS.sha256
    assert "78,901 training interactions, 1,234 users, 56 items" in text
    assert FACTS.sha256 in text
    assert "/home/somebody" not in text
    assert ["age", "users", "number", "yes"] in rows(text)
    assert ["city", "users", "display", "no"] in rows(text)
    assert ["tags", "items", "categorical", "yes"] in rows(text)


def test_training_procedure_is_described() -> None:
    text = card(members=4)
    assert "3.2 epochs in 1 h 2 min 5 s with seed 7 and preset fast" in text
    assert "4 pairs of towers, trained side by side" in text
    assert ["`learning_rate`", "0.002"] in rows(text)
    assert ["`max_history`", "200"] in rows(text)
    assert ["Version of `paddlepaddle`", "3.3.1"] in rows(text)


def test_results_are_compared_with_popularity() -> None:
    found = rows(card())
    assert ["test", "HR@10", "0.3012", "0.2900 to 0.3125"] in found
    assert ["test", "COVERAGE@10", "0.5000", ""] in found
    assert ["validation", "NDCG@10", "0.1700", ""] in found
    assert ["validation, most popular items", "NDCG@10", "0.0200", ""] in found


COMPARISON = Comparison(
    baseline="decayed-ease",
    settings={"l2": 100.0, "decay": 0.8},
    metrics={"hr@10": 0.32, "ndcg@10": 0.19},
    gain=-0.02,
    gain_interval=(-0.03, -0.01),
    measured=["popularity", "decayed-ease"],
)


def test_results_are_compared_with_the_best_baseline() -> None:
    text = card(comparison=COMPARISON)
    assert ["test, EASE with decay", "NDCG@10", "0.1900", ""] in rows(text)
    assert f"**{verdict(1200, COMPARISON)}**" in text.splitlines()
    assert "EASE with decay is better here" in text


def test_few_users_are_too_few() -> None:
    alone = COMPARISON.model_copy(update={"gain_interval": None})
    text = card(comparison=alone, evaluated=4, intervals={})
    assert "**4 users are too few to measure" in text
    assert "Intervals are" not in text
    assert "better here" not in text
    assert ["test", "HR@10", "0.3012", ""] in rows(text)


def test_no_results_without_held_out_interactions() -> None:
    text = card(holdout="none", validation={}, popularity={}, test={}, intervals={}, evaluated=None)
    assert "Not evaluated, because no interactions were held out." in text
    assert "No interactions were held out." in text
    assert "side by side" not in text


def test_user_columns_are_named() -> None:
    schema = Schema.model_validate({"users": {"age": "number", "sex": "categorical", "x": "text"}})
    assert "computed from the history and from age, sex and x." in card(schema)
    assert "computed from the history alone" in card(Schema())
    assert "nothing is known of an item" in card(Schema())
    assert ["none", "", "", ""] in rows(card(Schema()))


def test_example_runs(
    sample_bundle: Bundle, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    sample_bundle.save("bundle")
    text = (sample_bundle.metadata, sample_bundle.schema, sample_bundle.config, "1a2b3c4d")
    code = model_card(*text).split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) == 3
    names: dict[str, object] = {}
    exec(code, names)
    assert getattr(names["score"], "shape", None) == (1, 1)


def test_example_has_ids_of_the_right_type() -> None:
    assert '{"item_id": "1"}' in card()
    assert '{"item_id": 1}' in card(id_types={"user_id": "int", "item_id": "int"})


def test_names_in_the_data_cannot_inject_markdown() -> None:
    evil = "a|b\n## Evil <script>`x`"
    schema = Schema.model_validate({"users": {evil: "number"}, "items": {"[x](y)": "text"}})
    text = card(schema, data=evil)
    assert ["a\\|b \\#\\# Evil \\<script\\>\\`x\\`", "users", "number", "yes"] in rows(text)
    assert "\n## Evil" not in text
    assert "](" not in text.replace("\\](", "")
    assert not re.search(r"(?<!\\)<", text)


@given(st.text())
def test_escaped_text_is_one_line_without_markup(text: str) -> None:
    shown = escape(text)
    assert len(shown.splitlines()) <= 1
    assert not re.search(r"(?<!\\)(\\\\)*[`|<*_\[\]]", shown)
    assert re.sub(r"\\(.)", r"\1", shown) == " ".join(text.split())
