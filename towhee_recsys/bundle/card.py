"""Write a model card in Markdown, with the sections of Hugging Face's template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from towhee_recsys.bundle.comparison import verdict
from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.datasets import holdout_in_words, order_in_words
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.model.config import ModelConfig
from towhee_recsys.text import duration, listed


def model_card(metadata: Metadata, schema: Schema, config: ModelConfig, fingerprint: str) -> str:
    """The card of one bundle. It states only what the bundle knows, so no license and no author.

    Args:
        metadata: the training data, the settings and the metrics.
        schema: the columns of the training data.
        config: the shape of the towers.
        fingerprint: the bundle's fingerprint.
    """
    parts = [
        _front_matter(config),
        f"# Model Card for {escape(metadata.data)} · {fingerprint}",
        "A two-tower recommendation model. The user tower encodes a user's record and history, the "
        "item tower encodes an item's record. Each vector has "
        f"{config.embedding_size} numbers, and the inner product of a user's and an item's vector "
        "is the score.",
        "## Model Details",
        _table(
            ("", ""),
            [
                ("Fingerprint", f"`{fingerprint}`"),
                ("Created", escape(metadata.created)),
                ("Task", "predict an item that a user chooses out of the whole catalogue"),
                ("Files", "safetensors, JSON and this card; nothing is pickled"),
                *((f"Version of `{k}`", escape(v)) for k, v in metadata.versions.items()),
            ],
        ),
        "## Uses",
        "### Direct Use",
        "Recommend items of the training data's catalogue to known and to new users, and find "
        "similar items.",
        "### Out-of-Scope Use",
        "Do not use the model for decisions with serious consequences for people, such as access "
        "to credit, work or housing, or to draw conclusions about a person. A score ranks items "
        "for one user and has no meaning by itself.",
        "## Bias, Risks, and Limitations",
        _bullets(_limits(metadata, schema)),
        "## How to Get Started with the Model",
        _getting_started(metadata, config),
        "## Training Details",
        "### Training Data",
        _training_data(metadata),
        _table(("column", "table", "role", "used"), _columns(schema)),
        "### Training Procedure",
        _procedure(metadata, config),
        "#### Training Hyperparameters",
        _table(("setting", "value"), _settings(metadata, config)),
        "## Evaluation",
        "### Results",
        _evaluation(metadata),
    ]
    return "\n\n".join(parts) + "\n"


def escape(text: object) -> str:
    """Any text as one line of Markdown that shows it literally, also in a table."""
    line = " ".join(str(text).split())
    return re.sub(r"([\\`*_{}\[\]<>|#~&$!])", r"\\\1", line)


def _front_matter(config: ModelConfig) -> str:
    tags = ["recommendation", "recommender-system", "two-tower", "paddlepaddle"]
    tags += ["sequential-recommendation"] if config.ordered else []
    return "\n".join(
        ["---", "library_name: towhee_recsys", "tags:", *(f"- {t}" for t in tags), "---"]
    )


def _limits(metadata: Metadata, schema: Schema) -> list[str]:
    user_columns = [escape(name) for name, column in schema.users.items() if _is_used(column)]
    item_columns = [escape(name) for name, column in schema.items.items() if _is_used(column)]
    used = (
        "The model was trained on all interactions, so its quality cannot be measured on this data."
        if metadata.holdout == "none"
        else f"{holdout_in_words(metadata.holdout)} The model was trained on the others."
    )
    return [
        "**New users.** For a user without a history, recommendations depend only on "
        f"{listed(user_columns)}. A user without these as well gets popular items."
        if user_columns
        else "**New users.** The data has no user columns, so a user without a history gets "
        "popular items.",
        "**New items.** An item without interactions in the training data is represented by "
        f"{listed(item_columns)} only, and is ranked less accurately than other items."
        if item_columns
        else "**New items.** The data has no item columns, so nothing is known of an item without "
        "interactions in the training data.",
        "**Popularity bias.** Items with many interactions tend to be recommended even more often, "
        "at the expense of items with few. The effect grows if recommendations become training "
        "data.",
        "**Personal data.** The user vector is computed from the history and from "
        f"{listed(user_columns)}. Make sure that you may use these columns and that their use is "
        "fair; otherwise remove them from the data."
        if user_columns
        else "**Personal data.** The user vector is computed from the history alone. A history can "
        "reveal more about a person than is obvious.",
        *([f"**Order.** {order_in_words(metadata.order)}"] if metadata.order == "unknown" else []),
        f"**Training data.** {used} It knows nothing about what happened after the data was "
        "collected.",
        "**Metrics.** They measure how well the model predicted what was held out, not how users "
        "respond to its recommendations. Only a test with real users can measure that.",
    ]


def _getting_started(metadata: Metadata, config: ModelConfig) -> str:
    example = "1" if metadata.id_types.get("item_id") == "int" else '"1"'
    size = config.embedding_size
    return f"""\
```python
from towhee_recsys import ItemEncoder, UserEncoder
item = ItemEncoder("bundle/").encode([{{"item_id": {example}}}])  # (1, {size}) float32
score = UserEncoder("bundle/").encode([{{"history": [{example}]}}]) @ item.T
```"""


def _training_data(metadata: Metadata) -> str:
    checksum = f" Its SHA-256 is `{metadata.sha256}`." if metadata.sha256 else ""
    return (
        f"Data set {escape(metadata.data)}: {metadata.interactions:,} training interactions, "
        f"{metadata.users:,} users, {metadata.items:,} items. "
        f"{order_in_words(metadata.order)} {holdout_in_words(metadata.holdout)}{checksum}"
    )


def _columns(schema: Schema) -> list[tuple[str, ...]]:
    return [
        (escape(name), table, column.role.replace("_", "-"), "yes" if _is_used(column) else "no")
        for table, columns in (("users", schema.users), ("items", schema.items))
        for name, column in columns.items()
    ] or [("none", "", "", "")]


def _procedure(metadata: Metadata, config: ModelConfig) -> str:
    sentence = (
        f"Trained for {metadata.epochs:.1f} epochs in {duration(metadata.seconds)} with seed "
        f"{metadata.seed}"
    )
    if metadata.preset:
        sentence += f" and preset {escape(metadata.preset)}"
    if config.members > 1:
        sentence += (
            f". The model has {config.members} pairs of towers, trained side by side; their "
            "vectors are concatenated"
        )
    return f"{sentence}."


def _settings(metadata: Metadata, config: ModelConfig) -> list[tuple[str, ...]]:
    settings = {**config.model_dump(), **metadata.training}
    return [(f"`{name}`", escape(value)) for name, value in sorted(settings.items())]


def _evaluation(metadata: Metadata) -> str:
    compared = metadata.comparison
    rows = [
        *_measured("test", metadata.test, metadata.intervals),
        *(_measured(f"test, {compared.title}", compared.metrics) if compared else ()),
        *_measured("validation", metadata.validation),
        *_measured("validation, most popular items", metadata.popularity),
    ]
    if not rows:
        return (
            "Not evaluated, because no interactions were held out."
            if metadata.holdout == "none"
            else "Not evaluated, because no user has enough interactions."
        )
    explained = (
        "For each user, all items that the user has not seen are ranked. HR@10 is the share of "
        "users whose held-out item is in the top 10; NDCG@10 also counts how high it is ranked."
    )
    if metadata.intervals:
        explained += " Intervals are 95% bootstrap intervals over users."
    found = verdict(metadata.evaluated, compared)
    table = _table(("split", "metric", "value", "95% interval"), rows)
    return "\n\n".join(filter(None, [explained, found and f"**{found}**", table]))


def _measured(
    split: str,
    metrics: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> list[tuple[str, ...]]:
    return [
        (split, name.upper(), f"{value:.4f}", _interval((intervals or {}).get(name)))
        for name, value in metrics.items()
    ]


def _interval(interval: tuple[float, float] | None) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""


def _is_used(column: Column) -> bool:
    return column.role != "display"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
