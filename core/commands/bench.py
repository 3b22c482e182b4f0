"""`python -m core bench`: measure on this machine."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    bench = commands.add_parser(
        "bench", help="measure speed, memory, start-up, the store and the rules on this machine"
    )
    bench.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a figure to quote")
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    from core import bench  # noqa: PLC0415  (imports torch and transformers, which scoring does without)

    bench.run(quick=options.quick)
    return 0
