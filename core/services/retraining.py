"""Retraining on the labelled set: `python -m models refit` in a process of its own, followed from here."""

import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Final, Literal

from core.errors import JobError
from core.settings import ROOT

Part = Literal["thresholds", "tfidf", "electra"]

PARTS: Final[dict[Part, str]] = {
    "thresholds": "Thresholds of the serving model, tuned again (the quickest)",
    "tfidf": "TF-IDF with the reviews among its texts",
    "electra": "ELECTRA, trained a little further (takes longest)",
}
STEPS: Final = 1_000
"""What `refit` reports as done, of which the whole is as many."""

_PROGRESS: Final = re.compile(r"progress: ([01](?:\.\d+)?)")
_KEPT: Final = 60


def refit(
    labelled: Path,
    part: Part,
    report: Callable[[int], None] = lambda done: None,
    cancelled: Callable[[], bool] = lambda: False,
    command: tuple[str, ...] = (sys.executable, "-m", "models", "refit"),
) -> str:
    """Make a candidate from a labelled set; return what the command said, "" if it was cancelled.

    Args:
        labelled: as `LabelledSet.write` leaves it.
        report: called with how many of `STEPS` are done.

    Raises:
        JobError: the command failed; the message is its own.
    """
    said, complained = deque[str](maxlen=_KEPT), deque[str](maxlen=_KEPT)
    with subprocess.Popen(  # noqa: S603  (our own program, with no word of a user's in it)
        [*command, "--reviews", str(labelled), "--only", part, "--progress"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        readers = [
            Thread(target=_follow, args=(process.stdout, said, report), daemon=True),
            Thread(target=_follow, args=(process.stderr, complained, report), daemon=True),
        ]
        for reader in readers:
            reader.start()
        while process.poll() is None:
            if cancelled():
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        for reader in readers:
            reader.join()
    if cancelled():
        return ""
    if process.returncode:
        last = complained[-1] if complained else f"it ended with exit code {process.returncode}"
        raise JobError(f"No candidate was made: {last}")
    return "\n".join(said)


def _follow(stream: IO[str] | None, lines: deque[str], report: Callable[[int], None]) -> None:
    for line in stream or ():
        told = _PROGRESS.match(line)
        if told:
            report(round(STEPS * float(told[1])))
        elif line.strip():
            lines.append(line.rstrip())
