"""Show a data set in a notebook: its size, its columns with their roles, and its first rows."""

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
    for name, table, columns in (
        ("users", contents.users, schema.users),
        ("items", contents.items, schema.items),
        ("interactions", contents.interactions, {}),
    ):
        parts.append(f"<p><b>{name}</b>{_roles(columns)}</p>")
        parts.append(table.head(_ROWS).to_html(index=False))
    return "\n".join(parts)


def _roles(columns: Mapping[str, Column]) -> str:
    named = [f"{escape(name)} ({column.role})" for name, column in columns.items()]
    return f": {', '.join(named)}" if named else ""
