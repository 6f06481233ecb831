"""Read from a hub README what it says about the code: constructor, settings and inputs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

HEADINGS = {
    "operator": ["Description", "Code Example", "Factory Constructor", "Interface"],
    "pipeline": ["Description", "Code Example", "Configuration", "Interface"],
}
"""The sections of a README, in this order. ``# More Resources`` follows them."""

_SECTION = re.compile(r"^##? (.+)\n((?:(?!^##? ).*\n?)*)", re.M)
_PARAMETER = re.compile(r"^\*\*\*(\w+):\*\*\* \*(.+)\*$", re.M)
_CONSTRUCTOR = re.compile(r"^\*\*\*([\w.]+\(.*\))\*\*\*$", re.M)


@dataclass(frozen=True)
class Readme:
    """The parts of a README that can be compared with code."""

    title: str
    headings: list[str]
    examples: list[str]
    """Blocks of Python. Each continues the one before."""
    constructor: str
    """A line such as ``recsys.item_encoder(bundle, fingerprint=None)``; empty if there is none."""
    settings: list[tuple[str, str]]
    """Names and types of the constructor's parameters."""
    inputs: list[str]
    """Names of the inputs that the operator or pipeline is called with."""
    returns: str
    """The type of the output; empty if there is none."""

    @classmethod
    def read(cls, text: str) -> Readme:
        """Parse a README. Parts that it lacks are empty."""
        sections: dict[str, str] = dict(
            re.findall(r"^##? (.+)\n((?:(?!^##? ).*\n?)*)", _plain(text), re.M)
        )
        constructor = sections.get("Factory Constructor", sections.get("Configuration", ""))
        interface = sections.get("Interface", "")
        called = _CONSTRUCTOR.search(constructor)
        returns = re.search(r"^\*\*Returns:\*\* \*(.+)\*$", interface, re.M)
        return cls(
            title=next(iter(sections), ""),
            headings=list(sections)[1:],
            examples=re.findall(r"^```python\n(.*?)^```", text, re.M | re.S),
            constructor=called[1] if called else "",
            settings=_PARAMETER.findall(constructor),
            inputs=[name for name, _ in _PARAMETER.findall(interface)],
            returns=returns[1] if returns else "",
        )

    def arguments(self, name: str) -> dict[str, Any] | None:
        """The keyword arguments of the first ``ops.recsys.<name>(…)`` in the examples. A value that
        is not a literal becomes the text ``computed``. None if no example has such a call.

        Raises:
            SyntaxError: the examples are not Python.
        """
        for node in ast.walk(ast.parse("\n".join(self.examples))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == f"ops.recsys.{name}"
                and not node.args
            ):
                return {k.arg: _value(k.value) for k in node.keywords if k.arg}
        return None


def _plain(text: str) -> str:
    """The text without its code blocks, in which a comment looks like a heading."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return "computed"
