"""Write files of recommendations so that an interrupted run can continue."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from filelock import FileLock, Timeout

from towhee_recsys.errors import ConfigError
from towhee_recsys.files import replace_file
from towhee_recsys.pipelines.config import PipelineConfig, RecommendConfig
from towhee_recsys.text import near
from towhee_recsys.types import (
    BECAUSE,
    CONTRIBUTION,
    ITEM_ID,
    PROBABILITY,
    RANK,
    ROUTE,
    SCORE,
    USER_ID,
    Id,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from towhee_recsys.bundle.bundle import Bundle
    from towhee_recsys.stores.forgotten import Forgotten

FORMATS = (".jsonl", ".parquet")
ROWS_AT_ONCE = 100_000


class AnswerFile:
    """A file of recommendations, and the part file that is written first.

    The part file has JSON lines in either format: a header, then a line for each user. A run can
    continue a part file only if its own header is the same.
    """

    def __init__(
        self,
        path: Path,
        config: RecommendConfig,
        bundle: Bundle,
        columns: Sequence[str] | None = None,
    ) -> None:
        """`columns`: those of the items' records to write. By default JSON lines have all, and
        Parquet none.

        Raises:
            ConfigError: the items have no such column.
        """
        if isinstance(columns, str):
            raise ConfigError(f"columns is the text {columns!r}; give a list of names")
        for name in columns or ():
            if name not in bundle.schema.items:
                raise ConfigError(
                    f"columns has '{name}', which items do not have. "
                    f"{near(name, bundle.schema.items)}"
                )
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._config, self._bundle = config, bundle
        self._columns = None if columns is None else list(dict.fromkeys(columns))

    @contextmanager
    def opened(
        self, users: Sequence[Id], forgotten: Mapping[Id, Forgotten] | None = None
    ) -> Iterator[Writer]:
        """Yield a writer that continues what an earlier run has written. At the end, the part file
        becomes the file.

        Args:
            users: in the order of the file.
            forgotten: the entries of these users in the store's list. A part file that was begun
                with another list may hold what is forgotten since.

        Raises:
            ConfigError: another process writes the file, or the part file has another header.
        """
        with _alone(self.part):
            with self._resumed(self._header(users, forgotten or {})) as file:
                yield Writer(file, self._dropped)
            self._finish()

    @property
    def _dropped(self) -> set[str]:
        """The columns of the records that are not written."""
        return set() if self._columns is None else self._bundle.schema.items.keys() - self._columns

    def _header(self, users: Sequence[Id], forgotten: Mapping[Id, Forgotten]) -> bytes:
        """Model, users and settings. The addresses of index and store may change between runs."""
        settings = self._config.model_dump(exclude=set(PipelineConfig.model_fields))
        if self._columns is not None:
            settings["columns"] = self._columns
        entries = [(user, entry.user, sorted(entry.items)) for user, entry in forgotten.items()]
        return _line(
            {
                "fingerprint": self._bundle.fingerprint,
                "users": _digest(list(users)),
                "forgotten": _digest(entries),
                # a rule's filter may contain sets and NumPy numbers
                "settings": json.loads(json.dumps(settings, default=_plain)),
            }
        )

    def _resumed(self, header: bytes) -> BinaryIO:
        """The part file without a broken last line, positioned after its header."""
        begun = self.part.exists() and self.part.stat().st_size > 0
        file = self.part.open("r+b" if begun else "w+b")
        if not begun:
            file.write(header)
        elif file.readline() != header:
            file.close()
            raise ConfigError(
                f"{self.part} was begun with another model, other settings or other users, or "
                "before something was forgotten; delete it to start again, or write to another file"
            )
        _drop_broken_line(file)
        file.seek(len(header))
        return file

    def _finish(self) -> None:
        with replace_file(self.path) as new, self._lines() as lines:
            if self.path.suffix == ".jsonl":
                with new.open("wb") as file:
                    file.writelines(lines)
            else:
                _write_parquet(map(json.loads, lines), new, self._schema())
        self.part.unlink()

    @contextmanager
    def _lines(self) -> Iterator[BinaryIO]:
        """The lines of the part file after its header."""
        with self.part.open("rb") as lines:
            lines.readline()
            yield lines

    def _schema(self) -> pa.Schema:
        """The columns of a Parquet file. Only those of the items' records depend on its rows."""
        import pyarrow as pa

        kinds = {"int": pa.int64(), "str": pa.string()}
        user, item = (kinds[self._bundle.metadata.id_types[name]] for name in (USER_ID, ITEM_ID))
        columns = {USER_ID: user, ITEM_ID: item, SCORE: pa.float64(), RANK: pa.int64()}
        columns[ROUTE] = pa.string()
        if self._config.calibrate:
            columns[PROBABILITY] = pa.float64()
        if self._config.explain:
            columns[BECAUSE] = pa.list_(pa.struct({ITEM_ID: item, CONTRIBUTION: pa.float64()}))
        return pa.schema({**columns, **self._record_types()})

    def _record_types(self) -> dict[str, pa.DataType]:
        """The types of the chosen columns. What a role leaves open, the values decide."""
        import pyarrow as pa

        roles = {name: self._bundle.schema.items[name].role for name in self._columns or ()}
        kinds: dict[str, set[type]] = {
            name: set() for name, role in roles.items() if role in ("number", "categorical")
        }
        if kinds:
            with self._lines() as lines:
                for line in lines:
                    for one in json.loads(line)["recommendations"]:
                        for name, found in kinds.items():
                            found.add(type(one.get(name)))
        fixed = {"multi_categorical": pa.list_(pa.string()), "number": pa.float64()}
        by_values = {int: pa.int64(), bool: pa.bool_(), float: pa.float64(), str: pa.string()}
        types = {}
        for name, role in roles.items():
            seen = kinds.get(name, set()) - {type(None)}
            types[name] = by_values[seen.pop()] if len(seen) == 1 else fixed.get(role, pa.string())
        return types


class Writer:
    """Writes the answers to batches of users."""

    def __init__(self, file: BinaryIO, dropped: Set[str] = frozenset()) -> None:
        """
        Args:
            file: positioned after the header.
            dropped: fields of the recommendations that are not written.
        """
        self._file, self._dropped = file, dropped
        self.done = sum(1 for _ in file)
        """How many users the file has already."""

    def write(self, users: Sequence[Id], answers: Sequence[Sequence[Mapping[str, Any]]]) -> None:
        for user, answer in zip(users, answers, strict=True):
            if self._dropped:
                answer = [
                    {name: value for name, value in one.items() if name not in self._dropped}
                    for one in answer
                ]
            self._file.write(_line({USER_ID: user, "recommendations": answer}))
        self._file.flush()


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    lock = FileLock(f"{part}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as exc:
        raise ConfigError(f"{part} is being written by another process; wait for its end") from exc
    try:
        yield
    finally:
        with suppress(OSError):  # Windows cannot remove an open file
            Path(lock.lock_file).unlink()
        lock.release()


def _drop_broken_line(file: BinaryIO) -> None:
    """Remove an incomplete last line, which an interrupted run may have left."""
    size = end = file.seek(0, os.SEEK_END)
    while end:
        file.seek(end - 1)
        if file.read(1) == b"\n":
            break
        end -= 1
    if end < size:
        file.truncate(end)


def _write_parquet(users: Iterable[Mapping[str, Any]], path: Path, schema: pa.Schema) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema) as writer:
        for rows in _tables(users, schema.names):
            writer.write_table(pa.Table.from_pylist(rows, schema))


def _tables(
    users: Iterable[Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for user in users:
        own = {USER_ID: user[USER_ID]}
        rows += [
            {**own, **{name: one.get(name) for name in columns[1:]}}
            for one in user["recommendations"]
        ]
        if len(rows) >= ROWS_AT_ONCE:
            yield rows
            rows = []
    yield rows


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    return value.tolist() if hasattr(value, "tolist") else repr(value)


def _line(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
