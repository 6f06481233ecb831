"""Paddle, imported once and with its settings: all of the library takes `paddle` from here."""

from __future__ import annotations

import os

# On AMD processors the MKL inside Paddle picks its slowest kernels unless told otherwise, at half
# the speed. It reads this when it is loaded; on other processors it means nothing.
os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")

import paddle
from paddle import nn
from paddle.nn import functional

__all__ = ["functional", "nn", "paddle"]
