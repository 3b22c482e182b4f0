"""`python -m core export`: write what a view of the explorer holds into a file of any size."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import InputError


def add(commands: Any) -> None:
    """Declare the command."""
    export = commands.add_parser("export", help="write stored predictions, with their scores and flags, into a file")
    export.add_argument("-o", "--output", type=Path, required=True, help="a .csv, .parquet or .jsonl file")
    which = export.add_mutually_exclusive_group()
    which.add_argument("--view", help="the name of a saved view")
    which.add_argument(
        "--query",
        default="period=everything",
        help="the filters as the page Audit has them in its address, such as 'period=7-days&emotion=anger&flagged=yes' "
        "(default: everything; in a query that names no period, the last 30 days)",
    )
    export.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    export.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file and return the exit code."""
    from core.clock import utc_now  # noqa: PLC0415
    from core.explore.query_string import refuse_unknown, selection_of, values_of  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415
    from core.store import Store  # noqa: PLC0415
    from core.store import export as write  # noqa: PLC0415

    chosen = settings()
    if not chosen.database.exists():
        raise InputError(f"There is no store {chosen.database} yet. Start the app once, or set AFFECTRA_DATABASE.")
    store = Store(chosen.database, chosen.memory_limit, temp_directory=chosen.temp_dir)
    try:
        query = options.query
        if options.view is not None:
            views = store.views()
            if options.view not in views:
                raise InputError(f"No view is saved as {options.view!r}. There are: {', '.join(views) or 'none'}.")
            query = views[options.view]
        else:
            refuse_unknown(query)
        rows = write(store, selection_of(values_of(query), utc_now()), options.output, overwrite=options.overwrite)
    finally:
        store.close()
    print(f"affectra: {rows:,} predictions in {options.output}.")
    return 0
