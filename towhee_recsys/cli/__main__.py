"""Run the command line as ``python -m towhee_recsys.cli``."""

from towhee_recsys.cli.app import main

main()
