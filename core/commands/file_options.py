"""What `score` and `audit` ask of a file alike: options, questions, and the summary of what was found in it."""

import argparse
import sys
from pathlib import Path
from typing import Final

from core.files import READABLE, QuestionKind, Surveyed, Table, ask, open_table, survey
from core.files.times import refuse_unknown

_WAYS: Final = {
    QuestionKind.TEXT_COLUMN: "with --column NAME",
    QuestionKind.DAY_ORDER: "with --dates day or --dates month (or leave times out with --posted '')",
}
_DOES: Final = {"--part NAME": "Another sheet is read", "--mend": "Texts decoded by the wrong codec are mended"}
FORMATS_READ: Final = f"{', '.join(READABLE)}; each as .gz, .zst or .zip too"


def add_reading(command: argparse.ArgumentParser) -> None:
    """Declare the options that say how a file is read."""
    command.add_argument("--column", help="the column with the texts (found by its cells otherwise)")
    command.add_argument(
        "--posted", help="the column that says when each text was posted (found by its cells otherwise; '' for none)"
    )
    command.add_argument(
        "--dates", choices=("day", "month"), help="which comes first in dates such as 5/1/2026, where both may"
    )
    command.add_argument("--part", metavar="NAME", help="the sheet of a workbook, or the file in an archive")
    command.add_argument("--mend", action="store_true", help="mend texts that were decoded by the wrong codec")


def read_options(path: Path, options: argparse.Namespace) -> tuple[Table, Surveyed]:
    """Open the file as the options say, and tell on stderr what was found in it.

    Raises:
        InputError: it cannot be read, or something is open that only a person can say; the message says how.
    """
    table = open_table(path, options.column, part=options.part, mend=options.mend)
    ask(table.questions, _WAYS)
    if options.posted:
        refuse_unknown(table, options.posted)
    surveyed = survey(
        table,
        options.posted,
        day_first=None if options.dates is None else options.dates == "day",
        languages=not getattr(options, "read_all_languages", False),
    )
    for sentence in surveyed.facts.sentences():
        print(f"affectra: {sentence}", file=sys.stderr)
    facts = surveyed.facts
    for option, matters in (("--part NAME", len(facts.sheets) > 1), ("--mend", facts.mojibake and not facts.mended)):
        if matters:
            print(f"affectra: {_DOES[option]} with {option}.", file=sys.stderr)
    ask(surveyed.facts.questions, _WAYS)
    return table, surveyed
