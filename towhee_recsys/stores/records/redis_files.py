"""Make a Redis server write its files anew, without what was deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import redis

REWRITE_SECONDS = 600.0
"""A server may take so long to write its files."""

_BUSY = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")


def rewritten(server: redis.Redis, where: str) -> str | None:
    """Rewrite the append-only file and the snapshot, if the server has them, and wait for it.

    Returns None if nothing that was deleted is left in them, else what may be, in sentences.

    Args:
        server: a client of one server; of a cluster, of one node.
        where: what messages call it, without a password.
    """
    left: list[str | None] = []
    try:
        if server.info("persistence").get("aof_enabled"):
            left.append(_wait_for(server, server.bgrewriteaof, "aof_last_bgrewrite_status"))
        if server.config_get("save").get("save"):
            snapshot = partial(server.bgsave, schedule=False)
            left.append(_wait_for(server, snapshot, "rdb_last_bgsave_status"))
        if replicas := server.info("replication").get("connected_slaves"):
            left.append(f"its replicas ({replicas}) have files of their own")
    except redis.ResponseError as exc:  # the account may not, or the command has been disabled
        left.append(f"this account may not have them written anew ({exc})")
    reasons = "; ".join(filter(None, left))
    if not reasons:
        return None
    return (
        f"The files of Redis at {where} may still hold what was removed: {reasons}. Let its "
        "administrator run BGREWRITEAOF, and BGSAVE if it keeps snapshots."
    )


def _wait_for(server: redis.Redis, start: Callable[[], Any], status: str) -> str | None:
    """Start one kind of rewriting and wait for its end; what went wrong, if anything did. One that
    is under way does not count, as it may have begun before the removal."""
    end = time.monotonic() + REWRITE_SECONDS
    started = False
    while time.monotonic() < end:
        state: dict[str, Any] = server.info("persistence")
        if not any(state.get(one) for one in _BUSY):
            if started:
                return None if state[status] == "ok" else "writing them anew failed; see its log"
            try:
                start()
                started = True
            except redis.ResponseError as exc:  # another process began in between
                if "in progress" not in str(exc) and "child process" not in str(exc):
                    raise
        time.sleep(0.01)
    return f"writing them anew takes more than {REWRITE_SECONDS:.0f} seconds"
