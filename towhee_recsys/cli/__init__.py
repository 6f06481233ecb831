"""Run the command ``towhee-recsys``.

- `app`: the application: global options, and all commands in order
- `data`, `train`, `recommend`, `events`, `operate`, `demo`, `hub`: the commands
- `common`: what they share: errors and exit codes, option types, parsing
- `process`: signals, warnings and logging of the process
- `tables`: answers and figures for the terminal
"""

from towhee_recsys.cli.app import app, main

__all__ = ["app", "main"]
