"""`python -m core bench`: measure on this machine."""

import argparse
from typing import Any, Final

PARTS: Final = ("rules", "store", "speed")


def add(commands: Any) -> None:
    """Declare the command."""
    bench = commands.add_parser(
        "bench", help="measure speed, memory, start-up, the store and the rules on this machine"
    )
    bench.add_argument("--only", action="append", choices=PARTS, help="measure this alone; may be repeated")
    bench.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a figure to quote")
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    chosen = options.only or PARTS
    if "rules" in chosen:
        from core.bench import rules  # noqa: PLC0415

        rules.run()
    if "store" in chosen:
        from core.bench import store  # noqa: PLC0415

        store.run((100_000,) if options.quick else store.SIZES, 3 if options.quick else store.ROUNDS)
    if "speed" in chosen:
        from core.bench import models  # noqa: PLC0415  (imports torch and transformers, which the others do without)

        models.run(quick=options.quick)
    return 0
