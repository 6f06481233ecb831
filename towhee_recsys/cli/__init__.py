"""The command ``towhee-recsys``."""

from towhee_recsys.cli.app import app, main

__all__ = ["app", "main"]
