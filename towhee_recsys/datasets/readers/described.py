"""Read your own tables, which a YAML file describes.

    interactions: {path: plays.csv, user_id: listener, item_id: track, timestamp: played_at}
    users:        {path: listeners.csv, user_id: listener, columns: {country: categorical}}
    items:        {path: tracks.parquet, item_id: track, columns: {title: text, year: number}}

Paths are relative to that file. `items`, `users`, `timestamp` and `rating` may be absent. A column
with a usual name (``user_id``, ``userId``, ``item``, …) need not be named.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from towhee_recsys.datasets.contents import Source
from towhee_recsys.datasets.readers.assemble import Parts
from towhee_recsys.datasets.readers.dataset_yaml import read_description
from towhee_recsys.datasets.readers.date_parts import with_dates
from towhee_recsys.datasets.readers.description import (
    Description,
    Entities,
    Entity,
    Interactions,
)
from towhee_recsys.datasets.readers.naming import Wanted
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.references import listed_ids, with_unknown, without_unknown
from towhee_recsys.datasets.readers.side_tables import with_side_table
from towhee_recsys.datasets.readers.sources import read_source
from towhee_recsys.datasets.readers.table import Table
from towhee_recsys.datasets.schema import Column, Schema
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID


def read_tables(path: Path, problems: Problems) -> Parts | None:
    """The tables that the YAML file at `path` describes; None if it describes none."""
    description = read_description(path, problems)
    if description is None:
        return None
    digest = hashlib.sha256(path.read_bytes())
    interactions = _interactions(path, description.interactions, problems, digest)
    items, item_columns = _entities(
        path, "items", ITEM_ID, description, interactions, problems, digest
    )
    users, user_columns = _entities(
        path, "users", USER_ID, description, interactions, problems, digest
    )
    said = description.interactions
    if said is not None:
        if said.unknown_items == "drop":
            interactions = _without_unknown(interactions, items, ITEM_ID, problems)
        if said.unknown_users == "drop":
            interactions = _without_unknown(interactions, users, USER_ID, problems)
    return Parts(
        name=description.name or path.resolve().parent.name,
        schema=Schema(users=user_columns, items=item_columns),
        interactions=interactions,
        items=items,
        users=users,
        source=Source("tables", str(path.resolve()), digest.hexdigest()),
        file_order=said is not None and said.order == "file",
    )


def _interactions(
    yaml: Path, described: Interactions | None, problems: Problems, digest: Any
) -> Table | None:
    if described is None:
        return None
    time = described.timestamp
    named = {
        USER_ID: described.user_id,
        ITEM_ID: described.item_id,
        TIMESTAMP: time.column if time else None,
        RATING: described.rating,
    }
    given = {name: column for name, column in named.items() if column is not None}
    optional = (RATING,) if time else (TIMESTAMP, RATING)
    parts = time.parts if time else {}
    times = tuple(parts) or (TIMESTAMP,) if time else ()
    wanted = Wanted((USER_ID, ITEM_ID, *times), optional, {**given, **parts})
    table = read_source(yaml, "interactions", described, wanted, problems, digest)
    if table is not None and parts:
        return with_dates(table, parts)
    return table and replace(table, time_format=time.format if time else None)


def _entities(
    yaml: Path,
    what: str,
    id_name: str,
    description: Description,
    interactions: Table | None,
    problems: Problems,
    digest: Any,
) -> tuple[Table | None, dict[str, Column]]:
    """The table of users or items with the columns of all tables about them."""
    entities: Entities | None = getattr(description, what)
    if entities is None:
        absent = what == "items" and what not in description.wrong
        return listed_ids(interactions, id_name) if absent else None, {}
    columns: dict[str, Column] = {}
    if entities.main is None:
        table = listed_ids(interactions, id_name)
    else:
        table = _entity(yaml, what, id_name, entities.main, problems, digest)
        columns |= entities.main.columns
        said = description.interactions
        keep = said is not None and getattr(said, f"unknown_{what}") == "keep"
        if keep and table is not None and interactions is not None:
            table = with_unknown(interactions, table, id_name, problems)
    for side in entities.also:
        further = _entity(yaml, f"{what}, also", id_name, side, problems, digest)
        columns |= side.columns
        if table is not None and further is not None:
            table = with_side_table(table, further, id_name, side.columns, problems)
    return table, columns


def _entity(
    yaml: Path, what: str, id_name: str, entity: Entity, problems: Problems, digest: Any
) -> Table | None:
    column = entity.table.id_column
    given = {} if column is None else {id_name: column}
    private = id_name == USER_ID
    wanted = Wanted((id_name,), (), given, list(entity.columns), entity.called, private)
    return read_source(yaml, what, entity.table, wanted, problems, digest)


def _without_unknown(
    interactions: Table | None, own: Table | None, id_name: str, problems: Problems
) -> Table | None:
    if interactions is None or own is None:
        return interactions
    return without_unknown(interactions, own, id_name, problems)
