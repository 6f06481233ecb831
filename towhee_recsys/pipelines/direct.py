"""Run a Towhee pipeline in the calling thread, and close what it opened.

Towhee gives every node of every call a thread and a queue. With one item the nodes only wait for
each other, and on a busy machine the waiting takes longer than the work of some nodes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias

from towhee.runtime.data_queue import DataQueue
from towhee.runtime.runtime_pipeline import RuntimePipeline

import towhee_recsys.operators  # noqa: F401  registers ops.recsys.*
from towhee_recsys.components.resources import Deployment, Resources
from towhee_recsys.errors import RecsysError, StoreError
from towhee_recsys.pipelines.calling import own_error

INPUT, OUTPUT = "_input", "_output"

Row: TypeAlias = dict[str, Any]
"""The values of one item in the pipeline, by column."""


@contextmanager
def building(deployment: Deployment) -> Iterator[Resources]:
    """The resources of a pipeline that is being built. They are closed if that fails, and an error
    of this library is raised as it is, not in Towhee's words."""
    resources = Resources(deployment)
    try:
        yield resources
    except BaseException as exc:
        resources.close()
        if isinstance(exc, RuntimeError) and (own := own_error(exc)):  # from an operator's settings
            raise own from exc
        raise


class Step(NamedTuple):
    """A node: its operator, how it is applied to rows, and its input and output columns."""

    name: str
    kind: str
    operator: Callable[..., Any]
    inputs: Sequence[str]
    outputs: Sequence[str]

    def map(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            yield {**row, **self._named(self._run(*(row[column] for column in self.inputs)))}

    def flat_map(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            for one in self._run(*(row[column] for column in self.inputs)):
                yield {**row, **self._named(one)}

    def window_all(self, rows: Iterable[Row]) -> Iterator[Row]:
        columns: list[list[Any]] = [[] for _ in self.inputs]
        for row in rows:
            for values, column in zip(columns, self.inputs, strict=True):
                values.append(row[column])
        yield self._named(self._run(*columns))

    def _run(self, *values: Any) -> Any:
        try:
            return self.operator(*values)
        except RecsysError:  # its text stands alone
            raise
        except Exception as exc:
            if own := own_error(exc):  # the node is a pipeline that Towhee runs
                raise own from exc
            raise RuntimeError(f"Node-{self.name} runs failed, error msg: {exc}") from exc

    def _named(self, outputs: Any) -> Row:
        values = [outputs] if len(self.outputs) == 1 else outputs
        return dict(zip(self.outputs, values, strict=True))


class Graph(NamedTuple):
    """A pipeline's nodes with their operators, and the resources that they use."""

    dag: Any
    pool: Any
    """Towhee's operator pool, which has built the operators."""
    steps: list[Step]
    resources: Resources

    @classmethod
    def of(cls, pipeline: RuntimePipeline, resources: Resources) -> Graph:
        dag, pool = pipeline.dag_repr, pipeline._operator_pool
        # The nodes of a failed call are garbage-collected late, because the exception refers to
        # them, and only then return their operators. That can happen in a thread that holds the
        # pool's lock. It must be able to take the lock again, or it waits for itself.
        pool._lock = threading.RLock()
        names = [uid for uid in dag.top_sort if uid not in (INPUT, OUTPUT)]
        return cls(dag, pool, [_step(dag.nodes[uid], pool) for uid in names], resources)

    def run(self, inputs: Sequence[Any]) -> DataQueue:
        columns = self.dag.nodes[INPUT].outputs
        if len(inputs) != len(columns):
            raise TypeError(f"this pipeline takes {', '.join(columns)}; got {len(inputs)} inputs")
        rows: Iterable[Row] = [dict(zip(columns, inputs, strict=True))]
        for step in self.steps:
            rows = getattr(step, step.kind)(rows)
        output = self.dag.nodes[OUTPUT]
        queue = DataQueue(self.dag.edges[output.out_edges[0]]["data"])
        for row in rows:
            queue.put([row[column] for column in output.inputs])
        queue.seal()
        return queue

    def close(self) -> None:
        self.resources.close()  # waits for the calls under way
        for step in self.steps:
            if close := getattr(step.operator, "close", None):
                close()


def _step(node: Any, pool: Any) -> Step:
    of, kind = node.op_info, node.iter_info.type
    if kind not in ("map", "flat_map", "window_all"):
        raise ValueError(
            f"{node.name} is a {kind}; a direct pipeline has map, flat_map and window_all"
        )
    operator: Callable[..., Any] = of.operator
    if isinstance(of.operator, str):
        settings = (of.init_args, of.init_kws, of.tag, of.latest)
        operator = pool.acquire_op(node.uid, of.operator, *settings)
    return Step(node.name, kind, operator, node.inputs, node.outputs)


class DirectPipeline(RuntimePipeline):  # type: ignore[misc]
    """A Towhee pipeline whose calls run one operator after the other, without threads.

    Answers are those of Towhee, with one exception: Towhee drops None, and this pipeline passes it
    on. An error of this library is raised as it is, where Towhee raises a RuntimeError with a
    traceback as its text; other errors are the cause of a RuntimeError that names the node. Rows
    stream: a row of a ``flat_map`` goes through all steps up to the next ``window_all`` before the
    next row is made. ``debug`` runs the pipeline in Towhee's own runtime. See
    `towhee_recsys.pipelines.pipeline.Pipeline`.
    """

    def __init__(self, pipeline: RuntimePipeline, resources: Resources | None = None) -> None:
        """
        Args:
            pipeline: a pipeline of ``map``, ``flat_map`` and ``window_all`` nodes, whose operators
                threads may share. `close` closes them.
            resources: further resources that `close` closes.

        Raises:
            ValueError: the pipeline has a node of another kind.
        """
        self._graph = Graph.of(pipeline, resources or Resources(Deployment()))
        self._thread_pool = ThreadPoolExecutor()  # for `debug`; its threads start when needed

    def __repr__(self) -> str:
        steps = " → ".join(step.name.removeprefix("recsys/") for step in self._graph.steps)
        return f"<pipeline {steps}>"

    @property
    def _dag_repr(self) -> Any:  # what Towhee's own methods read
        return self._graph.dag

    @property
    def _operator_pool(self) -> Any:
        return self._graph.pool

    @property
    def resources(self) -> Resources:
        return self._graph.resources

    def __call__(self, *inputs: Any) -> DataQueue:
        with self._in_use() as graph:
            return graph.run(inputs)

    def batch(self, batch_inputs: Iterable[Any]) -> list[DataQueue]:
        several = len(self.dag_repr.nodes[INPUT].outputs) > 1
        return [self(*(one if several else (one,))) for one in batch_inputs]

    def debug(self, *inputs: Any, **options: Any) -> Any:
        with self._in_use():
            return super().debug(*inputs, **options)

    def replace(self, other: DirectPipeline) -> None:
        old, self._graph = self._graph, other._graph
        old.close()

    def close(self) -> None:
        self._graph.close()
        self._thread_pool.shutdown()

    def __enter__(self) -> DirectPipeline:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _in_use(self) -> Iterator[Graph]:
        """Yield the graph. Its resources stay open until the end of the call."""
        with ExitStack() as call:
            while True:
                graph = self._graph
                try:
                    call.enter_context(graph.resources.in_use())
                    break
                except StoreError:
                    if graph is self._graph:  # it was closed, not replaced
                        raise
            yield graph
