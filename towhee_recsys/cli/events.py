"""Commands on what is stored of a user: ``rate``, ``forget`` and ``export-user``."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from towhee_recsys.cli.common import Json, console, print_json
from towhee_recsys.errors import RequestError
from towhee_recsys.text import as_text, title_of
from towhee_recsys.types import ITEM_ID, MAX_HISTORY, TIMESTAMP, USER_ID

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
        entry = store.forgotten([user_id]).get(user_id)
        new = store.add_interactions([{"user_id": user_id, "item_id": item_id}])
    if new and entry is not None and item_id in entry:
        what = f"User {user_id}" if entry.user else f"Item {item_id} of user {user_id}"
        typer.echo(f"{what} was forgotten; this new interaction counts.", err=True)
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
    """Erase an item from a user's history, or everything about a user.

    What is forgotten stays away: `ingest` leaves it out, until it runs with --restore-forgotten.
    """
    home: Home = ctx.obj
    user_id = home.parse_id(user, "user_id")
    item_id = None if item is None else home.parse_id(item, "item_id")
    with home.open_store() as store:
        entry = store.forgotten([user_id]).get(user_id)
        if item_id is None:
            listed = entry is not None and entry.user
            removed = store.forget_users([user_id])
        else:
            listed = entry is not None and item_id in entry
            removed = store.remove_interactions(user_id, [item_id])
        with console().status("erasing from disk"):
            left = store.erase()
    if as_json:
        done = {"user_id": user_id, "item_id": item_id, "removed": bool(removed), "left": left}
        print_json(done)
        return
    if item_id is None:
        what, name = "the user", f"User {user_id}"
        gone = f"Removed user {user_id}'s record and history"
        unknown = f"Nothing is known about user {user_id}"
    else:
        what, name = "it", f"Item {item_id} of user {user_id}"
        gone = f"Removed item {item_id} from user {user_id}'s history"
        unknown = f"Item {item_id} is not in user {user_id}'s history"
    if removed or not listed:
        typer.echo(f"{gone if removed else unknown}. From now on `ingest` leaves {what} out.")
    else:
        typer.echo(f"{name} is forgotten already; nothing changed.")
    if left:
        typer.echo(left, err=True)


def export_user(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="A user's id.")],
    as_json: Json = False,
) -> None:
    """Show all that is stored of one user: record, history, and whether the user is forgotten."""
    home: Home = ctx.obj
    user_id = home.parse_id(user, "user_id")
    with home.open_store() as store:
        record = store.get_users([user_id])[0]
        history = store.get_interactions([user_id])[0]
        entry = store.forgotten([user_id]).get(user_id)
        if record is None and not history and entry is None:
            raise RequestError(f"nothing is known about user {user_id!r}")
        items = [] if as_json else store.get_items([one["item_id"] for one in history])
    forgotten = {"user": bool(entry and entry.user), "items": len(entry.items) if entry else 0}
    if as_json:
        seen = [{ITEM_ID: one[ITEM_ID], TIMESTAMP: _time(one.get(TIMESTAMP))} for one in history]
        found = {"user_id": user_id, "user": record, "interactions": seen, "forgotten": forgotten}
        print_json(found)
        return
    about = "; ".join(f"{k} {as_text(v)}" for k, v in (record or {}).items() if k != USER_ID)
    typer.echo(f"User {user_id}: {about or 'no record'}")
    titles = home.schema().titles
    times = [_time(one.get(TIMESTAMP)) for one in history]
    in_order = home.metadata().order != "unknown" or any(time is not None for time in times)
    more = {0: "s", 1: ":"}.get(len(history), "s, oldest first:" if in_order else "s:")
    typer.echo(f"{len(history):,} interaction{more}")
    for one, time, item in zip(history, times, items, strict=True):
        title = title_of(item or {}, titles) if item else f"item {one['item_id']}"
        typer.echo(f"  {_moment(time)}{one['item_id']}  {title}")
    if forgotten["user"]:
        typer.echo("The user is on the list of the forgotten; `ingest` leaves the user out.")
    elif forgotten["items"]:
        typer.echo(f"Items that are forgotten for this user: {forgotten['items']:,}.")


def _time(timestamp: float | None) -> float | None:
    """A stored time; None for a place in the history (0, 1, 2, …), which is stored where the data
    has no timestamps."""
    return None if timestamp is None or 0 <= timestamp < MAX_HISTORY else timestamp


def _moment(time: float | None) -> str:
    """A time for people, and the gap behind it."""
    if time is None:
        return ""
    try:
        moment = datetime.fromtimestamp(time, timezone.utc)
    except (ValueError, OverflowError, OSError):  # a year beyond 9999
        return f"{time:g}  "
    return f"{moment.isoformat(sep=' ', timespec='seconds')}  "
