"""A refit in a process of its own: its progress, its words, its failure, and its end when it is cancelled."""

import sys
import time
from pathlib import Path

import pytest

from core.errors import JobError
from core.services.retraining import STEPS, refit

SAYS = """
import sys
print("progress: 0.25 begun")
print("a sentence")
print("progress: 1.0 done", flush=True)
print("given", *sys.argv[1:])
"""


def command(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_progress_and_words_are_passed_on(tmp_path: Path) -> None:
    told: list[int] = []
    said = refit(tmp_path / "a.parquet", "tfidf", told.append, command=command(SAYS))
    assert told == [STEPS // 4, STEPS]
    assert said == f"a sentence\ngiven --reviews {tmp_path / 'a.parquet'} --only tfidf --progress"


def test_its_last_complaint_is_the_message(tmp_path: Path) -> None:
    code = "import sys; print('noise', file=sys.stderr); print('No corpus named.', file=sys.stderr); sys.exit(2)"
    with pytest.raises(JobError, match=r"No candidate was made: No corpus named\."):
        refit(tmp_path / "a.parquet", "tfidf", command=command(code))


def test_cancelling_ends_the_process(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import time, pathlib; time.sleep(30); pathlib.Path({str(mark)!r}).touch()"
    started = time.monotonic()
    assert refit(tmp_path / "a.parquet", "electra", cancelled=lambda: True, command=command(code)) == ""
    assert time.monotonic() - started < 25, "it did not wait for the end"
    assert not mark.exists()
