"""Read Parquet files into one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from towhee_recsys.datasets.readers.problems import Problems
from towhee_recsys.datasets.readers.table import Table, chunked

_FAILURES = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OSError)


class ParquetFiles:
    """One or more Parquet files. Folders called ``key=value`` are a column more."""

    def __init__(self, name: str, files: Mapping[str, Path], base: Path) -> None:
        """
        Args:
            name: how problems call them all.
            files: by name, in their order.
            base: the folder above those that are called ``key=value``.
        """
        self.name = name
        self._files = files
        self._base = base
        self._dataset: Any = None

    def header(self, problems: Problems) -> list[str] | None:
        """The columns' names; None if a file cannot be read."""
        schemas = []
        for name, path in self._files.items():
            try:
                schemas.append(pyarrow.parquet.read_schema(path))
            except _FAILURES as exc:
                problems.add(name, f"is not a Parquet file: {exc}", "Write it again.")
                return None
        try:
            self._dataset = self._opened(schemas)
        except _FAILURES as exc:
            remedy = "Write each column with one type in all files."
            problems.add(self.name, f"the files do not fit each other: {exc}", remedy)
            return None
        names: list[str] = self._dataset.schema.names
        return names

    def read(
        self, columns: Collection[str], problems: Problems, *, most: int | None = None
    ) -> Table | None:
        """Read these columns, after `header`; of the rows, as many as `most` says."""
        try:
            if most is None:
                read = self._dataset.to_table(columns=list(columns))
            else:
                read = self._dataset.head(most, columns=list(columns))
        except _FAILURES as exc:
            problems.add(self.name, f"cannot be read: {exc}", "Write it again.")
            return None
        arrays = {column: chunked(read.column(column)) for column in read.column_names}
        return Table(self.name, arrays, rows=self._rows, parts=self._parts())

    def _opened(self, schemas: Sequence[Any]) -> Any:
        paths = list(map(str, self._files.values()))
        if len(paths) == 1 and not self._has_folders(Path(paths[0])):
            return pyarrow.dataset.dataset(paths, schemas[0], format="parquet")
        folders = pyarrow.dataset.HivePartitioning.discover(infer_dictionary=False)
        found = pyarrow.dataset.dataset(
            paths, format="parquet", partitioning=folders, partition_base_dir=str(self._base)
        )
        schema = pa.unify_schemas([*schemas, found.schema], promote_options="permissive")
        return found.replace_schema(schema)

    def _has_folders(self, path: Path) -> bool:
        """Whether a file is in a folder called ``key=value``, and was not named itself."""
        if path == self._base:
            return False
        below = path.relative_to(self._base) if self._base.is_dir() else path  # else it is a glob
        return any("=" in folder for folder in below.parent.parts)

    def _parts(self) -> list[tuple[str, int]]:
        if len(self._files) == 1:
            return []
        parts = []
        start = 0
        for name, fragment in zip(self._files, self._dataset.get_fragments(), strict=True):
            parts.append((name, start))
            start += fragment.count_rows()
        return parts

    def _rows(self, at: Sequence[int]) -> list[int]:
        """The rows in their files, from 1."""
        starts = [start for _, start in self._parts()] or [0]
        return [i + 1 - max(start for start in starts if start <= i) for i in at]
