"""The command line: `python -m core score | audit | export | retain | labelled | bench`."""

import argparse
import signal
import sys

from core import packages
from core.commands import audit, bench, export, labelled, retain, score
from core.errors import AffectraError

COMMANDS = (score, audit, export, retain, labelled, bench)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 2 a problem that is named on stderr, 130 stopped by Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        with packages.needed():
            code: int = options.run(options)
    except AffectraError as error:
        print(f"affectra: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("affectra: stopped; nothing was written.", file=sys.stderr)
        return 130
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
