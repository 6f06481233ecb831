"""What is known of a model → its model card: Markdown in the order that Hugging Face gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from towhee_recsys.bundle.metadata import Metadata
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.model.config import ModelConfig
from towhee_recsys.text import duration, listed


def model_card(metadata: Metadata, schema: Schema, config: ModelConfig, fingerprint: str) -> str:
    """The card of one bundle. It says nothing that the bundle does not: no license, no author.

    Args:
        metadata: what it was trained on, how, and with which result.
        schema: the columns that its data has.
        config: the shape of its towers.
        fingerprint: of the bundle.
    """
    parts = [
        _FRONT_MATTER,
        f"# Model card of {escape(metadata.data)} · {fingerprint}",
        "Two towers for recommendation: one makes a vector of a user's record and history, the "
        f"other one of an item. Each vector has {config.embedding_size} numbers, and the inner "
        "product of two is the score.",
        "## Model Details",
        _table(
            ("", ""),
            [
                ("Fingerprint", f"`{fingerprint}`"),
                ("Created", escape(metadata.created)),
                ("Task", "the next item of a user, from the whole catalogue"),
                ("Files", "safetensors, JSON and this card; nothing is pickled"),
                *((f"Version of `{k}`", escape(v)) for k, v in metadata.versions.items()),
            ],
        ),
        "## Uses",
        "### Direct Use",
        "Recommend items to the users of the data it was trained on, or to new users of the same "
        "items; find items that are alike.",
        "### Out-of-Scope Use",
        "Decisions that matter to people, such as who gets credit, work or housing; conclusions "
        "about a person. A score orders the items for one user, and means nothing by itself.",
        "## Bias, Risks, and Limitations",
        _bullets(_limits(metadata, schema)),
        "## How to Get Started with the Model",
        _getting_started(metadata, config),
        "## Training Details",
        "### Training Data",
        _training_data(metadata),
        _table(("column", "of", "role", "used"), _columns(schema)),
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
    """Any text as one line of Markdown that means itself, within a table too."""
    line = " ".join(str(text).split())
    return re.sub(r"([\\`*_{}\[\]<>|#~&$!])", r"\\\1", line)


_FRONT_MATTER = """\
---
library_name: towhee_recsys
tags:
- recommendation
- recommender-system
- two-tower
- sequential-recommendation
- paddlepaddle
---"""


def _limits(metadata: Metadata, schema: Schema) -> list[str]:
    people = [escape(name) for name, column in schema.users.items() if _is_used(column)]
    described = [escape(name) for name, column in schema.items.items() if _is_used(column)]
    seen = (
        "It was trained on all interactions, so that no figure on this data can say how good it is."
        if metadata.holdout == "none"
        else "The last two interactions of each user with three or more were kept back from "
        "training. Everything older was seen."
    )
    return [
        f"**New users.** Without a history, the answer rests on {listed(people)} of the user's "
        "record alone; without these too, the answer is what is popular."
        if people
        else "**New users.** Users have no columns here: without a history, the answer is what is "
        "popular.",
        f"**New items.** An item that nobody met in training is known by {listed(described)} "
        "alone, and is found less well than others."
        if described
        else "**New items.** Items have no columns here, so that nothing is known of an item that "
        "nobody met in training.",
        "**Popularity.** What many people met tends to be recommended more often still, at the "
        "cost of what few met. Recommendations that become training data make this stronger.",
        f"**About people.** The user's vector is computed from {listed(people)}. See that your "
        "use of these is fair and allowed; leave them out of the data where it is not."
        if people
        else "**About people.** The user's vector is computed from the history alone; a history "
        "may tell more of a person than it seems to.",
        f"**Data.** {seen} It knows nothing of what happened since the data was collected.",
        "**Figures.** They say how often the model foretold what people did next, not what people "
        "would do with its recommendations: that, only a test with real users can tell.",
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
    kept = (
        "Nothing was kept back."
        if metadata.holdout == "none"
        else "The last two interactions of each user with three or more were kept back: the last "
        "to test, the one before it to validate."
    )
    return (
        f"The data set {escape(metadata.data)}: {metadata.interactions:,} interactions to train "
        f"on, {metadata.users:,} users, {metadata.items:,} items. {kept}{checksum}"
    )


def _columns(schema: Schema) -> list[tuple[str, ...]]:
    return [
        (escape(name), table, column.role.replace("_", "-"), "yes" if _is_used(column) else "no")
        for table, columns in (("users", schema.users), ("items", schema.items))
        for name, column in columns.items()
    ] or [("none", "", "", "")]


def _procedure(metadata: Metadata, config: ModelConfig) -> str:
    sentence = (
        f"Trained for {metadata.epochs:.1f} epochs in {duration(metadata.seconds)}, with the seed "
        f"{metadata.seed}"
    )
    if metadata.preset:
        sentence += f" and the preset {escape(metadata.preset)}"
    if config.members > 1:
        sentence += (
            f"; {config.members} pairs of towers were trained side by side, and the vector is "
            "theirs one after another"
        )
    return f"{sentence}."


def _settings(metadata: Metadata, config: ModelConfig) -> list[tuple[str, ...]]:
    every = {**config.model_dump(), **metadata.training}
    return [(f"`{name}`", escape(value)) for name, value in sorted(every.items())]


def _evaluation(metadata: Metadata) -> str:
    rows = [
        *_measured("test", metadata.test, metadata.intervals),
        *_measured("validation", metadata.validation),
        *_measured("validation, by popularity alone", metadata.popularity),
    ]
    if not rows:
        return "Not evaluated: no interactions were kept back."
    explained = (
        "All items are ranked for each user, less those that the user has seen. HR@10 is the share "
        "of users whose next item is among the first ten; NDCG@10 weighs it by its rank. Intervals "
        "are 95% bootstrap intervals over users."
    )
    return f"{explained}\n\n{_table(('items', 'metric', 'value', '95% interval'), rows)}"


def _measured(
    which: str,
    metrics: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> list[tuple[str, ...]]:
    return [
        (which, name.upper(), f"{value:.4f}", _interval((intervals or {}).get(name)))
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
