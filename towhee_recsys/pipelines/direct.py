"""A pipeline of maps → the same pipeline, which runs a call in the thread that made it.

Towhee gives every node of every call a thread and a queue. Where one item passes through, the nodes
only wait for each other, and on a busy machine that takes longer than some of them do.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from towhee.runtime.data_queue import DataQueue
from towhee.runtime.runtime_pipeline import RuntimePipeline

from towhee_recsys.pipelines.calling import unblocked

INPUT, OUTPUT = "_input", "_output"


class Step(NamedTuple):
    """A node: its operator, and the columns that it takes and gives."""

    name: str
    operator: Callable[..., Any]
    inputs: Sequence[str]
    outputs: Sequence[str]


class DirectPipeline(RuntimePipeline):  # type: ignore[misc]
    """Towhee's own in all but how it is called: an operator after the other, without threads.

    Answers and errors are the same, but that a None is an input like any other, where Towhee drops
    it. ``debug`` runs it Towhee's way, and so does a pipeline that it is made a part of.
    """

    def __init__(self, pipeline: RuntimePipeline) -> None:
        """
        Args:
            pipeline: made of ``map`` alone, of operators that threads may share.

        Raises:
            ValueError: there are nodes of another kind.
        """
        super().__init__(pipeline.dag_repr)
        self._operator_pool = pipeline._operator_pool  # which has built the operators
        unblocked(self)
        self._steps = [
            Step(node.name, self._operator(node), node.inputs, node.outputs)
            for uid in self.dag_repr.top_sort
            for node in [self.dag_repr.nodes[uid]]
            if uid not in (INPUT, OUTPUT)
        ]

    def _operator(self, node: Any) -> Callable[..., Any]:
        of, pool = node.op_info, self._operator_pool
        if node.iter_info.type != "map":
            raise ValueError(f"{node.name} is a {node.iter_info.type}; a direct pipeline has maps")
        operator: Callable[..., Any] = of.operator
        if isinstance(of.operator, str):
            settings = (of.init_args, of.init_kws, of.tag, of.latest)
            operator = pool.acquire_op(node.uid, of.operator, *settings)
        return operator

    def __call__(self, *inputs: Any) -> DataQueue:
        columns = self.dag_repr.nodes[INPUT].outputs
        if len(inputs) != len(columns):
            raise TypeError(f"this pipeline takes {', '.join(columns)}; got {len(inputs)} inputs")
        values = dict(zip(columns, inputs, strict=True))
        for step in self._steps:
            try:
                outputs = step.operator(*(values[column] for column in step.inputs))
            except Exception as exc:
                raise RuntimeError(_text(step, exc)) from exc
            one = len(step.outputs) == 1
            values.update(zip(step.outputs, [outputs] if one else outputs, strict=True))
        output = self.dag_repr.nodes[OUTPUT]
        queue = DataQueue(self.dag_repr.edges[output.out_edges[0]]["data"])
        queue.put([values[column] for column in output.inputs])
        queue.seal()
        return queue

    def batch(self, batch_inputs: Iterable[Any]) -> list[DataQueue]:
        several = len(self.dag_repr.nodes[INPUT].outputs) > 1
        return [self(*(one if several else (one,))) for one in batch_inputs]


def _text(step: Step, exc: Exception) -> str:
    """As Towhee words it."""
    return f"Node-{step.name} runs failed, error msg: {exc}, {traceback.format_exc()}"
