"""Paddle, imported once and with its settings: all of the library takes `paddle` from here."""

from __future__ import annotations

import logging
import os

# On AMD processors the MKL inside Paddle picks its slowest kernels unless told otherwise, at half
# the speed. It reads this when it is loaded; on other processors it means nothing.
os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")

# Paddle sets the root logger to INFO, for all libraries, unless that has a handler.
_root, _any = logging.getLogger(), logging.NullHandler()
_root.addHandler(_any)

import paddle  # noqa: E402
from paddle import nn  # noqa: E402
from paddle.nn import functional  # noqa: E402

_root.removeHandler(_any)

__all__ = ["functional", "nn", "paddle"]
