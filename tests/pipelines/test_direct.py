"""A direct pipeline answers as Towhee's own runtime does, in the calling thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from towhee import ops, pipe

import towhee_recsys.operators  # noqa: F401
from towhee_recsys.errors import RequestError
from towhee_recsys.pipelines import call
from towhee_recsys.pipelines.direct import DirectPipeline


def forked() -> Any:
    """A pipeline with two input and two output columns. One column is overwritten, one is not
    used."""
    return (
        pipe.input("a", "b")
        .map(("a", "b"), ("sum", "product"), lambda a, b: (a + b, a * b))
        .map("product", "a", lambda product: [product])
        .map(("sum", "a"), "out", lambda total, a: {"total": total, "a": a})
        .output("out", "b")
    )


def test_answers_equal_towhees() -> None:
    expected, direct = forked(), DirectPipeline(forked())
    assert direct(2, 3).get() == expected(2, 3).get() == [{"total": 5, "a": [6]}, 3]
    several = [(2, 3), (4, 5)]
    assert [q.get() for q in direct.batch(several)] == [q.get() for q in expected.batch(several)]
    assert direct(2, 3).to_list() == expected(2, 3).to_list()
    assert direct(2, 3).size == 1


def test_steps_run_in_the_calling_thread() -> None:
    where = pipe.input("x").map("x", "y", lambda _: threading.get_ident()).output("y")
    assert where(1).get()[0] != threading.get_ident()
    assert DirectPipeline(where)(1).get()[0] == threading.get_ident()


def test_direct_pipeline_as_a_node_of_another_one() -> None:
    inner = DirectPipeline(pipe.input("x").map("x", "y", lambda x: x + 1).output("y"))
    outer = pipe.input("x").map("x", "y", inner).map("y", "z", lambda y: y * 10).output("z")
    assert outer(1).get() == [20]


def refusing(error: Exception) -> Any:
    def refuse(_: Any) -> None:
        raise error

    return pipe.input("x").map("x", "y", refuse).output("y")


def test_errors_of_the_library_are_raised_as_they_are() -> None:
    error = RequestError("two\nlines")
    with pytest.raises(RequestError) as caught:
        DirectPipeline(refusing(error))(1)
    assert caught.value is error
    with pytest.raises(RuntimeError, match="Traceback"):  # Towhee's own words
        refusing(error)(1)
    for pipeline in (refusing(error), DirectPipeline(refusing(error))):
        with pytest.raises(RequestError, match=r"^two\nlines$"):
            call(pipeline, 1)
    outer = pipe.input("x").map("x", "y", refusing(error)).output("y")
    with pytest.raises(RequestError, match=r"^two\nlines$"):  # from a pipeline within it
        DirectPipeline(outer)(1)


def test_other_errors_name_the_step_and_have_no_traceback_in_their_text() -> None:
    for pipeline in (refusing(KeyError("key")), DirectPipeline(refusing(KeyError("key")))):
        with pytest.raises(RuntimeError, match="Node-refuse-0 runs failed, error msg: 'key'"):
            pipeline(1)
    with pytest.raises(RuntimeError) as caught:
        DirectPipeline(refusing(KeyError("key")))(1)
    assert "Traceback" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


def test_repr_names_the_steps() -> None:
    assert repr(DirectPipeline(refusing(KeyError()))) == "<pipeline refuse-0>"


def test_settings_are_checked_when_the_pipeline_is_built() -> None:
    wrong = pipe.input("x").map("x", "y", ops.recsys.redis_lookup(url="mysql://x"))
    with pytest.raises(RuntimeError, match="takes a URL that starts with redis"):
        wrong.output("y")


def test_wrong_number_of_inputs_is_refused() -> None:
    with pytest.raises(TypeError, match="this pipeline takes a, b; got 1 inputs"):
        DirectPipeline(forked())(1)


def test_rows_of_a_flat_map_stream() -> None:
    """A row goes through all steps up to the window before the next row is made."""
    log: list[str] = []

    def rows(n: int) -> Iterator[int]:
        for one in range(n):
            log.append(f"made {one}")
            yield one

    def squared(one: int) -> int:
        log.append(f"squared {one}")
        return one * one

    def flat() -> Any:
        return (
            pipe.input("n")
            .flat_map("n", "one", rows)
            .map("one", "square", squared)
            .window_all(("n", "square"), ("n", "squares"), lambda n, all_of: (n[0], list(all_of)))
            .map(("n", "squares"), "text", lambda n, squares: f"{n}: {squares}")
            .output("text")
        )

    expected = flat()(3).get()
    log.clear()
    assert DirectPipeline(flat())(3).get() == expected == ["3: [0, 1, 4]"]
    assert log == ["made 0", "squared 0", "made 1", "squared 1", "made 2", "squared 2"]


def test_other_kinds_of_nodes_are_refused() -> None:
    rows = pipe.input("x").filter("x", "y", "x", lambda x: x > 0).output("y")
    with pytest.raises(ValueError, match="is a filter; a direct pipeline has map, flat_map and"):
        DirectPipeline(rows)
