"""``python -m shiftlens``: the command line."""

from .framework.cli.main import main

main()
