"""`python -m core score`: read the emotions of every text in a file."""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from core.commands.file_options import FORMATS_READ, add_reading, read_options
from core.errors import InputError
from core.files import FORMATS, append, open_writer


def add(commands: Any) -> None:
    """Declare the command."""
    score = commands.add_parser("score", help="read the emotions of every text in a file")
    score.add_argument("file", type=Path, help=f"the texts ({FORMATS_READ})")
    score.add_argument(
        "-o",
        "--output",
        type=Path,
        help=f"where the results go ({', '.join(FORMATS)}; .txt: the emotions alone, line by line)",
    )
    score.add_argument(
        "--inbox",
        type=Path,
        nargs="?",
        const=True,
        help="leave the results for the app to take in: in its inbox, or in the folder that is named",
    )
    add_reading(score)
    score.add_argument(
        "--plain",
        action="store_true",
        help="CSV for programs: nothing is put before what spreadsheets take for formulas",
    )
    score.add_argument(
        "--read-all-languages",
        action="store_true",
        help="read texts in other languages than English, too, whatever their results are worth",
    )
    score.add_argument("--model", help="a model folder's name or path (default: the serving model)")
    score.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    score.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Score the file and return the exit code."""
    from tqdm import tqdm  # noqa: PLC0415

    from core.app import App  # noqa: PLC0415
    from core.files.origins import EXTRAS_BYTES  # noqa: PLC0415
    from core.inference.serving import choices  # noqa: PLC0415
    from core.maintenance.inbox import open_inbox_writer  # noqa: PLC0415
    from core.predictions.columns import RESULT_COLUMNS  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415

    chosen = settings()
    output, inbox = _places(options, chosen.inbox)
    table, surveyed = read_options(options.file, options)
    with ExitStack() as open_files:
        results = for_inbox = None
        # Opened first, so closed last: nothing is handed over if the results cannot be kept.
        if inbox is not None:
            for_inbox = open_files.enter_context(
                open_inbox_writer(inbox, source=options.file, overwrite=options.overwrite)
            )
        if output is not None:
            # A .txt file holds one line a text: its emotions.
            columns = append(table.columns, RESULT_COLUMNS)
            emotions = columns[len(table.columns)].name
            results = open_files.enter_context(
                open_writer(
                    output,
                    columns,
                    source=options.file,
                    overwrite=options.overwrite,
                    line=emotions,
                    plain=options.plain,
                )
            )
        model = chosen.model_folder(options.model) if options.model else choices(chosen)[0].folder
        app = App(chosen)
        scorer = app.scorer_of(app.predictor_of(model))
        with tqdm(total=table.rows, unit="tweet", unit_scale=True, file=sys.stderr) as bar:
            try:
                summary = scorer.score_table(
                    table,
                    results,
                    for_inbox,
                    on_rows=lambda rows: bar.update(rows - bar.n),
                    posted=surveyed.times,
                    every_language=options.read_all_languages,
                )
            except KeyboardInterrupt:
                if results is None or not results.rows:
                    raise
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not spoil what the first one keeps
                kept = results.keep_partial()
                bar.close()
                print(
                    f"affectra: stopped after {results.rows:,} of {table.rows:,} rows. They are whole and in {kept}.",
                    file=sys.stderr,
                )
                if for_inbox is not None:
                    for_inbox.discard()  # nothing half goes into the inbox
                return 130
    unread = f", {summary.unreadable:,} of them with nothing to read" if summary.unreadable else ""
    other = f", {summary.not_read.total():,} not read ({summary.languages})" if summary.not_read else ""
    timed = surveyed.times is not None  # without such a column, the survey has said that all are undated
    undated = f", {summary.undated:,} without a time that can be read" if timed and summary.undated else ""
    if for_inbox is not None and summary.cut_extras:
        print(
            f"affectra: Of {summary.cut_extras:,} rows, the other columns are too long to be kept whole "
            f"({EXTRAS_BYTES:,} bytes a row).",
            file=sys.stderr,
        )
    if for_inbox is not None and summary.not_read:
        print("affectra: Rows that are not read have no emotions, and the store leaves them out.", file=sys.stderr)
    places = [writer.path for writer in (results, for_inbox) if writer is not None]
    print(
        f"affectra: {summary.rows:,} rows{unread}{other}{undated}, read by {scorer.predictor.classifier.info.label}, "
        f"in {' and '.join(map(str, places))}."
    )
    return 0


def _places(options: argparse.Namespace, inbox: Path) -> tuple[Path | None, Path | None]:
    """Return the file for the results, and the one for an inbox.

    Raises:
        InputError: neither is named, or two inboxes are.
    """
    from core.maintenance.inbox import inbox_path  # noqa: PLC0415

    output: Path | None = options.output
    folder: Path | None = inbox if options.inbox is True else options.inbox
    if output is None and folder is None:
        raise InputError("Nothing says where the results go. Name a file with -o, or --inbox, or both.")
    if output is not None and output.suffix.lower() == ".parquet" and _same(output.parent, inbox):
        # The app would set results aside: what is written there is what it can take in.
        if folder is not None and not _same(folder, inbox):
            raise InputError(f"{output} is in one inbox, {folder} is another. Name one of them, or another output.")
        return None, output
    return output, None if folder is None else inbox_path(folder, options.file.name)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
