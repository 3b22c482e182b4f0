"""`python -m core labelled`: write the labelled set that reviews make, for `python -m models refit`."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import InputError


def add(commands: Any) -> None:
    """Declare the command."""
    labelled = commands.add_parser("labelled", help="write the texts that were reviewed, with what persons decided")
    labelled.add_argument("-o", "--output", type=Path, required=True, help="a .parquet file")
    labelled.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file, list the conflicts, and return the exit code."""
    from core.review.labelled_set import Decision, resolve  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415
    from core.store import Store  # noqa: PLC0415
    from core.store.reviews import Reviews  # noqa: PLC0415

    chosen = settings()
    if not chosen.database.exists():
        raise InputError(f"There is no store {chosen.database} yet. Start the app once, or set AFFECTRA_DATABASE.")
    store = Store(chosen.database, chosen.memory_limit, temp_directory=chosen.temp_dir)
    try:
        made = resolve([Decision(*row) for row in Reviews(store).labelled()])
    finally:
        store.close()
    if not made.rows:
        raise InputError("Nothing was confirmed or corrected yet. Decide some items on the page Feedback first.")
    made.write(options.output)
    for conflict in made.conflicts:
        said = "; ".join(f"{one.actor}: {', '.join(one.labels) or 'none'}" for one in conflict.decisions)
        print(f"affectra: differs, {said}; holds {', '.join(conflict.held) or 'none'} ({conflict.rule})")
    print(
        f"affectra: {len(made.rows):,} texts in {options.output}, version {made.version}: "
        f"{len(made.share('learn')):,} to learn from, {len(made.share('held back')):,} held back."
    )
    return 0
