"""`python -m core audit`: audit the typical tweets, or a file, and leave a folder with the report."""

import argparse
import secrets
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.file_options import FORMATS_READ, add_reading, read_options
from core.errors import InputError

if TYPE_CHECKING:
    from core.audit import Audit


def add(commands: Any) -> None:
    """Declare the command."""
    audit = commands.add_parser("audit", help="score the typical tweets or a file, flag, and write a report")
    audit.add_argument(
        "file", type=Path, nargs="?", help=f"the texts ({FORMATS_READ}); the project's sample tweets otherwise"
    )
    audit.add_argument("--out", type=Path, help="the folder in which the audit gets a folder of its own")
    add_reading(audit)
    audit.add_argument(
        "--expected", help="the column with the emotions that are expected (guessed otherwise; '' for none)"
    )
    audit.add_argument("--model", help="a model folder's name or path (default: the serving model)")
    audit.add_argument("--no-store", action="store_true", help="do not leave the rows for the app to take in")
    audit.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Audit the file and return the exit code."""
    from tqdm import tqdm  # noqa: PLC0415

    from core.app import App  # noqa: PLC0415
    from core.audit import AuditSource, audit, guess_expected_column, scored_rows  # noqa: PLC0415
    from core.inference.serving import choices  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415

    chosen = settings()
    out = options.out or chosen.audits
    table, surveyed = read_options(options.file or chosen.sample_tweets, options)
    source = AuditSource(
        table,
        table.path.name,
        expected=guess_expected_column(table) if options.expected is None else options.expected or None,
        posted=None if surveyed.times is None else surveyed.times.name,
        times=surveyed.times,
    )
    if source.expected:
        _tell(f"Column {source.expected!r} holds the expected emotions.")
    model = chosen.model_folder(options.model) if options.model else choices(chosen)[0].folder
    app = App(chosen)
    scorer = app.scorer_of(app.predictor_of(model))
    with tqdm(total=table.rows, unit="tweet", unit_scale=True, file=sys.stderr) as bar:
        try:
            done = audit(scorer, source, out, on_rows=lambda rows: bar.update(rows - bar.n))
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not hide what is said of the first
            bar.close()
            kept = scored_rows(scorer, source, out)
            _tell(f"stopped after {kept:,} of {table.rows:,} rows. The next run of this audit goes on from there.")
            return 130
    print(done.summary)
    if done.reused:
        print("This audit was made before, of the same content by the same versions: nothing was computed again.")
    print(f"The report is {done.report}, with the tables beside it.")
    if not options.no_store:
        print(_hand_over(done, chosen.inbox))
    return 0


def _tell(sentence: str) -> None:
    print(f"affectra: {sentence}", file=sys.stderr)


def _hand_over(audit: "Audit", inbox: Path) -> str:
    """Leave the rows in the app's inbox, once, and say so.

    The app may hold the store, which only one process can open; it takes in by itself what lies in its inbox.

    Raises:
        InputError: the disk refused.
    """
    target = inbox / f"audit-{audit.id}.parquet"
    taken = inbox / "taken" / target.name
    if audit.reused and taken.exists():
        return "The app has taken its rows into its store already."
    if not (audit.reused and target.exists()):
        scratch = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
        try:
            inbox.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(audit.predictions, scratch)
            scratch.replace(target)
        except OSError as error:
            raise InputError(
                f"{target} cannot be written: {error.strerror or error}. Check your rights and the room on the disk, "
                f"or leave the store alone (--no-store)."
            ) from error
        finally:
            scratch.unlink(missing_ok=True)
    return f"The app takes its rows into its store by itself: they wait in {target}."
