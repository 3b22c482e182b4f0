"""The command line: `python -m core score | bench`."""

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from core.errors import AffectraError
from core.files import FORMATS, append, open_table, open_writer


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 2 a problem that is named on stderr, 130 stopped by Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    score = commands.add_parser("score", help="read the emotions of every text in a file")
    score.add_argument("file", type=Path, help=f"the texts ({', '.join(FORMATS)})")
    score.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="where the results go, in any of these formats (.txt: the emotions alone, line by line)",
    )
    score.add_argument("--column", help="the column with the texts (guessed from its name otherwise)")
    score.add_argument("--model", help="a model folder's name or path (default: the serving model)")
    score.add_argument("--overwrite", action="store_true", help="replace the output if it exists")
    score.set_defaults(run=_score)

    bench = commands.add_parser("bench", help="measure speed, memory and start-up on this machine")
    bench.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a figure to quote")
    bench.set_defaults(run=_bench)

    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except AffectraError as error:
        print(f"affectra: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("affectra: stopped; nothing was written.", file=sys.stderr)
        return 130
    return code


def _score(options: argparse.Namespace) -> int:
    # Imported here, where Ctrl-C is answered already.
    from tqdm import tqdm  # noqa: PLC0415

    from core.classifier import load  # noqa: PLC0415
    from core.service import RESULT_COLUMNS, Service  # noqa: PLC0415
    from core.serving import choices  # noqa: PLC0415
    from core.settings import settings  # noqa: PLC0415

    chosen = settings()
    table = open_table(options.file, options.column)
    for notice in table.notices:
        print(f"affectra: {notice}", file=sys.stderr)
    # A .txt file holds one line a text: its emotions.
    columns = append(table.columns, RESULT_COLUMNS)
    emotions = columns[len(table.columns)].name
    writer = open_writer(options.output, columns, source=options.file, overwrite=options.overwrite, line=emotions)
    with writer:
        folder = chosen.model_folder(options.model) if options.model else choices(chosen)[0].folder
        service = Service(load(folder, chosen.threads), _none, _none)
        with tqdm(total=table.rows, unit="tweet", unit_scale=True, file=sys.stderr) as bar:
            try:
                summary = service.score_table(table, writer, on_rows=lambda rows: bar.update(rows - bar.n))
            except KeyboardInterrupt:
                if not writer.rows:
                    raise
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not spoil what the first one keeps
                kept = writer.keep_partial()
                bar.close()
                print(
                    f"affectra: stopped after {writer.rows:,} of {table.rows:,} rows. They are whole and in {kept}.",
                    file=sys.stderr,
                )
                return 130
    unread = f", {summary.unreadable:,} of them with nothing to read" if summary.unreadable else ""
    print(f"affectra: {summary.rows:,} rows{unread}, read by {service.classifier.info.label}, in {options.output}.")
    return 0


def _none() -> NoReturn:
    raise AssertionError("scoring a file opens no store and no second model")


def _bench(options: argparse.Namespace) -> int:
    from core import bench  # noqa: PLC0415  (imports torch and transformers, which scoring does without)

    bench.run(quick=options.quick)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
