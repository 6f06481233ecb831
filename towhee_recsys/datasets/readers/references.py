"""Decide what becomes of ids that the interactions have and no other table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from towhee_recsys.datasets.readers.ids import ids
from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, mask, one_chunk
from towhee_recsys.types import USER_ID


def listed_ids(interactions: Table | None, id_name: str) -> Table | None:
    """A table of the ids in the interactions, in order of appearance. None if one of them will not
    do: whoever checks the interactions tells."""
    if interactions is None or id_name not in interactions.columns or not len(interactions):
        return None
    problems = Problems()
    (found,) = ids([(interactions, id_name)], problems)
    if len(problems):
        return None
    names = {id_name: interactions.called(id_name)}
    columns = {id_name: pa.chunked_array([found.unique()])}
    return Table(interactions.file, columns, names, private=id_name == USER_ID)


def without_unknown(
    interactions: Table, own: Table, id_name: str, problems: Problems
) -> Table | None:
    """The interactions whose ids are in their own table; None if there are none."""
    unknown = _unknown(interactions, own, id_name)
    if unknown is None:
        return interactions
    if pc.all(unknown).as_py():
        remedy = "Check that both call them the same."
        wrong = f"none of these ids is in {own.file}"
        problems.add(interactions.file, wrong, remedy, column=interactions.called(id_name))
        return None
    wrong = f"is not in {own.file}: these interactions are left out"
    remedy = "Add the ids there if they should count."
    interactions.report(problems, id_name, mask(unknown), wrong, remedy, doubtful=True)
    return interactions.taken(~mask(unknown))


def with_unknown(interactions: Table, own: Table, id_name: str, problems: Problems) -> Table:
    """The ids' own table, and a row without values for each id that is in the interactions only."""
    unknown = _unknown(interactions, own, id_name)
    if unknown is None:
        return own
    wrong = f"is not in {own.file}: nothing is known of these but their ids"
    remedy = "Add the ids there, with their values."
    interactions.report(problems, id_name, mask(unknown), wrong, remedy, doubtful=True)
    mine, theirs = ids([(own, id_name), (interactions, id_name)], Problems())
    new = theirs.filter(unknown).unique()
    columns = {
        name: pa.chunked_array([*column.chunks, pa.nulls(len(new), column.type)])
        for name, column in own.columns.items()
    }
    columns[id_name] = pa.chunked_array([one_chunk(mine), new])
    return replace(own, columns=columns)


def _unknown(interactions: Table, own: Table, id_name: str) -> Any:
    """Which interactions have an id that their own table lacks; None if none has, or if the ids
    will not do."""
    if own.partial or id_name not in own.columns or id_name not in interactions.columns:
        return None
    problems = Problems()
    mine, theirs = ids([(own, id_name), (interactions, id_name)], problems)
    if len(problems):
        return None
    unknown = pc.invert(pc.is_in(theirs, value_set=one_chunk(mine)))
    return unknown if pc.any(unknown, min_count=0).as_py() else None
