"""Collect what is wrong with the tables, and what is doubtful, and report it all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from towhee_recsys.errors import DataError

EXAMPLES = 5
"""A problem names so many rows and counts the rest."""
LONGEST_VALUE = 80
"""Characters of a value that a message quotes."""


@dataclass(frozen=True)
class Problem:
    """One kind of mistake in one column of one file, or one thing in it that is doubtful."""

    file: str
    wrong: str
    remedy: str
    column: str | None = None
    examples: tuple[tuple[int | None, str | None], ...] = ()
    """The row and value of the first few. In a text file a row is a line, and the header counts;
    in a Parquet file rows count from 1, in a data frame from 0. A value is None if it would not
    help, a row if the value is that of no single row."""
    count: int = 1
    """How many rows have it."""
    quoted: bool = True
    """Whether the examples' values are those of the table, to be shown in quotation marks."""

    def __str__(self) -> str:
        examples = ", ".join(
            ": ".join(
                ([] if row is None else [f"row {row}"])
                + ([] if value is None else [_quoted(value) if self.quoted else value])
            )
            for row, value in self.examples
        )
        if self.count > len(self.examples) > 0:
            examples += f" and {self.count - len(self.examples):,} more"
        return self.short + (f" ({examples})" if examples else "") + f". {self.remedy}"

    @property
    def short(self) -> str:
        """Where and what, without examples and remedy."""
        where = self.file if self.column is None else f"{self.file}, column '{self.column}'"
        return f"{where}: {self.wrong}"


class Problems:
    """The problems found so far in a data set, and the warnings.

    A data set with a problem is refused. One with warnings is used, and they are shown.
    """

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self.warnings: list[Problem] = []

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(
        self,
        file: str,
        wrong: str,
        remedy: str,
        *,
        column: str | None = None,
        examples: Iterable[tuple[int, str | None]] = (),
        count: int = 1,
        quoted: bool = True,
    ) -> None:
        """Note a problem. The first few `examples` are kept; `count` is the number of all.

        One that is noted already, of the same column, is not noted again.
        """
        if any((p.file, p.column, p.wrong) == (file, column, wrong) for p in self._found):
            return
        kept = tuple(islice(examples, EXAMPLES))
        self._found.append(Problem(file, wrong, remedy, column, kept, count, quoted))

    def warn(
        self,
        file: str,
        wrong: str,
        remedy: str,
        *,
        column: str | None = None,
        examples: Iterable[tuple[int, str | None]] = (),
        count: int = 1,
    ) -> None:
        """Note something doubtful, with the arguments of `add`."""
        kept = tuple(islice(examples, EXAMPLES))
        self.warnings.append(Problem(file, wrong, remedy, column, kept, count))

    def raise_if_any(self, source: str) -> None:
        """Raise DataError with all problems in its message, if there are any."""
        if self._found:
            raise DataError(message(source, self._found), self._found)


def message(source: str, problems: Sequence[Problem]) -> str:
    """A message with all problems of a data set, one a line."""
    if len(problems) == 1:
        return f"{source} cannot be used: {problems[0]}"
    return "\n- ".join(
        [f"{source} cannot be used, for {len(problems)} reasons:", *map(str, problems)]
    )


def _quoted(value: str) -> str:
    text = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    return repr(text)
