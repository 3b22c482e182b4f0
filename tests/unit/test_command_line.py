import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def write_tweets(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "tweet"])
        writer.writerows([[number, f"thank you for number {number}"] for number in range(rows)])
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("model", ["electra_model", "tfidf_model"])
def test_scoring_a_file_with_the_shipped_models(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_tweets(tmp_path / "in.csv", 50)
    assert main(["score", str(source), "-o", str(tmp_path / "out.csv"), "--model", model]) == 0
    rows = read_rows(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == [str(number) for number in range(50)]
    assert {row["top_emotion"] for row in rows} == {"gratitude"}
    assert "50 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "-o", "out.csv"], "no file"),
        (["in.csv", "-o", "in.csv"], "is the file that is read"),
        (["in.csv", "-o", "out.xls"], "suffix"),
        (["in.csv", "-o", "out.csv", "--column", "twet"], "tweet"),
        (["in.csv", "-o", "out.csv", "--model", "no_such_model"], "no_such_model"),
    ],
)
def test_a_problem_is_named_without_a_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tweets(tmp_path / "in.csv", 3)
    assert main(["score", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out.csv").exists()
    assert list(tmp_path.glob("*.partial*")) == []


def test_a_txt_result_is_one_line_of_emotions_a_row(tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("Thank you so much!\nhttps://example.com\nThe shop opens at nine.\n")
    assert main(["score", str(source), "-o", str(tmp_path / "out.txt"), "--model", "tfidf_model"]) == 0
    assert (tmp_path / "out.txt").read_text().splitlines() == ["gratitude", "", "neutral"]


def test_ctrl_c_before_anything_is_scored_ends_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.classifier.load", interrupted)
    source = write_tweets(tmp_path / "in.csv", 3)
    assert main(["score", str(source), "-o", str(tmp_path / "out.csv")]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_ctrl_c_leaves_a_usable_partial_file_and_says_so(tmp_path: Path) -> None:
    source = write_tweets(tmp_path / "in.csv", 200_000)
    # What runs the tests in the background may have Ctrl-C ignored, and a child inherits that.
    here = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(
        [sys.executable, "-m", "core", "score", str(source), "-o", str(tmp_path / "out.csv")],
        cwd=ROOT,
        env=os.environ | {"AFFECTRA_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, here)
    for _ in range(600):
        if any(scratch.stat().st_size > 100_000 for scratch in tmp_path.glob("out.csv.*.partial")):
            break
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "stopped after" in said
    assert "Traceback" not in said
    rows = read_rows(tmp_path / "out.partial.csv")
    assert 0 < len(rows) < 200_000
    assert [row["id"] for row in rows] == [str(number) for number in range(len(rows))]
    assert f"stopped after {len(rows):,} of 200,000 rows" in said
    assert rows[-1]["top_emotion"] == "gratitude"
    assert not (tmp_path / "out.csv").exists()
    assert list(tmp_path.glob("*.partial")) == []
