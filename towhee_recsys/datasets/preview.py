"""Show a data set in a notebook: its size, its columns with their roles, and its first rows.

Rows of users are not shown, as notebooks are passed on with what they show.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from towhee_recsys.datasets.contents import Contents
from towhee_recsys.datasets.schema import Column

_ROWS = 5
"""Rows of each table that are shown."""


def preview(contents: Contents) -> str:
    """HTML for a notebook."""
    parts = [f"<p><b>{escape(contents.name)}</b>: {contents.counts}</p>"]
    schema = contents.schema
    parts.append(f"<p><b>users</b>{_roles(schema.users)}</p>")
    for name, table, columns in (
        ("items", contents.items, schema.items),
        ("interactions", contents.interactions, {}),
    ):
        parts.append(f"<p><b>{name}</b>{_roles(columns)}</p>")
        parts.append(table.head(_ROWS).to_html(index=False))
    return "\n".join(parts)


def _roles(columns: Mapping[str, Column]) -> str:
    named = [f"{escape(name)} ({column.role})" for name, column in columns.items()]
    return f": {', '.join(named)}" if named else ""
