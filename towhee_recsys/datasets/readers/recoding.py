"""Turn a text in any encoding, with any delimiter, into what Arrow reads."""

from __future__ import annotations

import io
from typing import Any


class Recoded(io.RawIOBase):
    """A text as bytes of UTF-8, with `separator` in place of `delimiter`."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, separator: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._separator = separator
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            # A block ends with a line, so it cuts no delimiter in two.
            block = self._text.read(1 << 20) + self._text.readline()
            text = block.replace(self._delimiter, self._separator)
            self._left = memoryview(text.encode(errors="replace"))
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        self._text.close()
        super().close()
