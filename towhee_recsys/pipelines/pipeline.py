"""The type of the pipelines that the builders return."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from towhee_recsys.components.resources import Resources


class Output(Protocol):
    """The result of a call: Towhee's queue of output rows."""

    def get(self) -> Any:
        """The next row as a list of values, one for each output column. None after the last row."""

    def to_list(self) -> list[Any]:
        """All rows."""


class Pipeline(Protocol):
    """A pipeline that closes what it opened. Build it once and call it often, from any thread.

    Use it as a context manager, or call `close`::

        with recommend(config) as p:
            print(p(42).get()[0])
    """

    def __call__(self, *inputs: Any) -> Output:
        """Run the pipeline in the calling thread.

        Raises:
            RecsysError: a step raised it: a `RequestError` if the request is wrong, say.
            RuntimeError: a step raised another error, which is its cause.
            StoreError: the pipeline is closed.
        """

    @property
    def resources(self) -> Resources:
        """The model, the index and the record store that the next call uses."""

    def batch(self, batch_inputs: Iterable[Any]) -> list[Any]:
        """Call the pipeline with each input, one after the other."""

    def debug(self, *inputs: Any, **options: Any) -> Any:
        """Run the pipeline in Towhee's own runtime, with its ``profiler`` and ``tracer``."""

    def replace(self, other: Pipeline) -> None:
        """Answer as `other` does from the next call on.

        Running calls finish with the old model and stores, which are closed after them. This
        pipeline takes over the parts of `other`, so `other` must not be called or closed any more.
        """

    def close(self) -> None:
        """Wait for running calls, then close everything that this pipeline opened and no other one
        uses. Closing twice does no harm."""

    def __enter__(self) -> Pipeline: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
