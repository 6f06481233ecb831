"""Paddle, imported once and with its settings: all of the library takes `paddle` from here."""

from __future__ import annotations

import logging
import os
import warnings

# On AMD processors the MKL inside Paddle picks its slowest kernels unless told otherwise, at half
# the speed. It reads this when it is loaded; on other processors it means nothing.
os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")

# Paddle sets the root logger to INFO, for all libraries, unless that has a handler.
_root, _any = logging.getLogger(), logging.NullHandler()
_root.addHandler(_any)

with warnings.catch_warnings():  # about a compiler's cache, of which nothing here has need
    warnings.filterwarnings("ignore", message="No ccache found")
    import paddle
    from paddle import nn
    from paddle.nn import functional

_root.removeHandler(_any)

__all__ = ["functional", "nn", "paddle"]
