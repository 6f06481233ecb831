"""What the builders of pipelines return, as a type."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from towhee_recsys.components.resources import Resources


class Output(Protocol):
    """What a call gives: Towhee's queue of output rows."""

    def get(self) -> Any:
        """The next row, a list with a value for each output column; None after the last."""

    def to_list(self) -> list[Any]:
        """All rows."""


class Pipeline(Protocol):
    """A pipeline that owns what it opens. Threads may share it; build it once and call it often.

    Use it as a context manager, or call `close`::

        with recommend(config) as p:
            print(p(42).get()[0])
    """

    def __call__(self, *inputs: Any) -> Output:
        """Run the pipeline in the thread of the caller.

        Raises:
            RuntimeError: a step failed; `towhee_recsys.pipelines.call` raises the library's own
                error instead.
            StoreError: the pipeline is closed.
        """

    @property
    def resources(self) -> Resources:
        """The model, the index and the record store that the next call uses."""

    def batch(self, batch_inputs: Iterable[Any]) -> list[Any]:
        """One call after the other."""

    def debug(self, *inputs: Any, **options: Any) -> Any:
        """Run the pipeline by Towhee's own runtime, with its ``profiler`` and ``tracer``."""

    def replace(self, other: Pipeline) -> None:
        """Answer as `other` from the next call on.

        Calls under way end with the parts they began with, which are closed after them. `other` is
        used up: it must not be called or closed any more.
        """

    def close(self) -> None:
        """Wait for the calls under way, then close everything that the pipeline opened and nobody
        else uses. Closing twice is fine."""

    def __enter__(self) -> Pipeline: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
