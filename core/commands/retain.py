"""`python -m core retain`: delete what was recorded long ago."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.store import Store


def add(commands: Any) -> None:
    """Declare the command."""
    retain = commands.add_parser("retain", help="delete the predictions that were made more than some days ago")
    retain.add_argument(
        "--days", type=_days, required=True, metavar="N", help="how old a prediction may be, at least 1"
    )
    retain.add_argument("--dry-run", action="store_true", help="only say how many would be deleted")
    retain.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Delete, say how many, and return the exit code."""
    from core.errors import StoreError  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415
    from core.store import Store, StoreHeldError  # noqa: PLC0415

    chosen = settings()
    if not chosen.database.exists():
        print(f"affectra: there is no store at {chosen.database}, so there is nothing to delete.")
        return 0
    try:
        store = Store(chosen.database, chosen.memory_limit, temp_directory=chosen.temp_dir)
    except StoreHeldError as error:
        raise StoreError(
            f"{error} If it is the app that holds it, stop the app for this, or start it with "
            f"AFFECTRA_RETAIN_DAYS={options.days}: then it deletes what is older by itself."
        ) from error
    try:
        print(f"affectra: {retain(store, options.days, datetime.now(UTC), dry_run=options.dry_run)}")
    finally:
        store.close()
    return 0


def retain(store: "Store", days: int, now: datetime, *, dry_run: bool = False) -> str:
    """Delete the predictions made more than `days` days before `now`, and return what is to be said of it.

    Raises:
        StoreError: the store cannot be read or written.
    """
    limit = now - timedelta(days=days)
    stored = store.count()
    gone = store.count(before=limit) if dry_run else store.forget_before(limit)
    return (
        f"{gone:,} of {stored:,} predictions were made more than {days:,} {'day' if days == 1 else 'days'} ago and "
        f"{'would be' if dry_run else 'are'} deleted with their texts. The feedback that was given on them stays."
        f" So do copies outside of the store: files in the inbox's folder taken, and the folders of audits."
    )


def _days(written: str) -> int:
    try:
        days = int(written)
    except ValueError:
        days = 0
    # The calendar of Python ends a million days back.
    if not 1 <= days <= 100_000:
        raise argparse.ArgumentTypeError(f"{written!r} is not a whole number of days from 1 to 100,000")
    return days
