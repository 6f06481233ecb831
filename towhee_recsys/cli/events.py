"""Commands on users' histories: ``rate`` and ``forget``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from towhee_recsys.cli.common import Json, print_json
from towhee_recsys.errors import RequestError
from towhee_recsys.text import title_of

if TYPE_CHECKING:
    from towhee_recsys.operations.home import Home


def rate(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="A user's id; it may be new.")],
    item: Annotated[str, typer.Argument(help="An item's id.")],
    as_json: Json = False,
) -> None:
    """Add an item to a user's history. The next recommendations take it into account."""
    home: Home = ctx.obj
    user_id, item_id = home.parse_id(user, "user_id"), home.parse_id(item, "item_id")
    if not home.has_store:
        home.check_ingested()
    with home.open_store() as store:
        record = store.get_items([item_id])[0]
        if record is None:
            raise RequestError(f"there is no item {item_id!r} in the store; ingest its data first")
        new = store.add_interactions([{"user_id": user_id, "item_id": item_id}])
    if as_json:
        print_json({"user_id": user_id, "item_id": item_id, "new": bool(new)})
        return
    title = title_of(record, home.schema().titles)
    typer.echo(
        f"Added {title} to user {user_id}'s history."
        if new
        else f"{title} is already in user {user_id}'s history; nothing changed."
    )


def forget(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="A user's id.")],
    item: Annotated[
        str | None,
        typer.Argument(help="An item's id; without it, the user's record and whole history."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Remove an item from a user's history, or everything about a user."""
    home: Home = ctx.obj
    user_id = home.parse_id(user, "user_id")
    item_id = None if item is None else home.parse_id(item, "item_id")
    with home.open_store() as store:
        if item_id is None:
            removed = store.forget_users([user_id])
        else:
            removed = store.remove_interactions(user_id, [item_id])
    if as_json:
        print_json({"user_id": user_id, "item_id": item_id, "removed": bool(removed)})
    elif item_id is None:
        typer.echo(
            f"Removed user {user_id}'s record and history."
            if removed
            else f"Nothing is known about user {user_id}; nothing changed."
        )
    else:
        typer.echo(
            f"Removed item {item_id} from user {user_id}'s history."
            if removed
            else f"Item {item_id} is not in user {user_id}'s history; nothing changed."
        )
