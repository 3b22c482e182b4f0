import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.__main__ import main
from core.access.actor import Actor
from core.maintenance.inbox import Inbox
from core.settings import settings
from core.store import Store
from tests.builders import make_app
from tests.workbooks import write_xlsx

ROOT = Path(__file__).resolve().parents[3]


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
        (["in.csv", "-o", "out.csv", "--posted", "when"], "no column 'when'. Its columns are id, tweet"),
        (["in.csv"], "Name a file with -o, or --inbox, or both"),
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


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """The inbox that is configured; it is not there yet."""
    monkeypatch.setenv("AFFECTRA_INBOX", str(tmp_path / "inbox"))
    settings.cache_clear()
    yield Inbox(tmp_path / "inbox")
    settings.cache_clear()


def score(source: Path, *arguments: object) -> int:
    return main(["score", str(source), "--model", "tfidf_model", *map(str, arguments)])


def taken_texts(inbox: Inbox, tmp_path: Path) -> list[str]:
    """Take in what waits, as the app does, and return what is stored."""
    store = Store(tmp_path / "a.duckdb")
    app = make_app(store)
    taken = inbox.take_in(lambda path, batch, name: app.intake.take_in(path, batch, name, Actor("affectra")))
    assert [one.problem for one in taken] == [""] * len(taken)
    texts = [row.text for row in store.recent(100)]
    store.close()
    return texts


def test_results_are_left_in_the_inbox(tmp_path: Path, inbox: Inbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(write_tweets(tmp_path / "May tweets.csv", 3), "--inbox") == 0
    (path,) = inbox.waiting()
    assert "May-tweets" in path.name
    assert "3 rows, read by" in (said := capsys.readouterr().out)
    assert str(path) in said
    assert sorted(taken_texts(inbox, tmp_path)) == [f"thank you for number {number}" for number in range(3)]


def test_results_are_left_in_another_folder_and_in_a_file(tmp_path: Path, inbox: Inbox) -> None:
    source, other = write_tweets(tmp_path / "in.csv", 3), Inbox(tmp_path / "to" / "send")
    assert score(source, "-o", tmp_path / "out.csv", "--inbox", other.folder) == 0
    assert len(read_rows(tmp_path / "out.csv")) == len(taken_texts(other, tmp_path)) == 3
    assert not inbox.folder.exists()


@pytest.mark.parametrize("more", [[], ["--inbox"]])
def test_an_output_in_the_inbox_is_one_that_can_be_taken_in(tmp_path: Path, inbox: Inbox, more: list[str]) -> None:
    source, output = write_tweets(tmp_path / "in.csv", 3), inbox.folder / ".." / "inbox" / "mine.parquet"
    assert score(source, "-o", output, *more) == 0
    assert [path.name for path in inbox.waiting()] == ["mine.parquet"]
    assert score(source, "-o", output, *more) == 2
    assert score(source, "-o", output, *more, "--overwrite") == 0
    assert len(taken_texts(inbox, tmp_path)) == 3


def test_an_output_in_one_inbox_beside_another_is_refused(
    tmp_path: Path, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_tweets(tmp_path / "in.csv", 3)
    assert score(source, "-o", inbox.folder / "a.parquet", "--inbox", tmp_path / "other") == 2
    assert "Name one of them" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_an_output_that_cannot_be_written_leaves_nothing_in_the_inbox(tmp_path: Path, inbox: Inbox) -> None:
    source = write_tweets(tmp_path / "in.csv", 3)
    assert score(source, "-o", tmp_path / "nowhere" / "out.csv", "--inbox") == 2
    assert list(inbox.folder.iterdir()) == []


def test_times_that_cannot_be_read_are_counted(
    tmp_path: Path, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,when\nthank you,2026-05-01\nso sad,soon\nI am happy,\n", encoding="utf-8")
    assert score(source, "--inbox", "--posted", "when") == 0
    said = capsys.readouterr()
    assert "Column 'when' says when each text was posted" in said.err
    assert "3 rows, 2 without a time that can be read" in said.out


def test_the_summary_is_one_and_says_what_was_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "tweets.js"
    tweet = {"id_str": "1701000000000000001", "full_text": "I am so angry &amp; sad", "lang": "en"}
    source.write_text(f"window.YTD.tweets.part0 = {json.dumps([{'tweet': tweet}, {'tweet': tweet}])}", encoding="utf-8")
    assert score(source, "-o", tmp_path / "out.csv") == 0
    said = capsys.readouterr().err
    assert "Texts: column 'tweet.full_text', because of its name" in said
    assert "1 of 2 rows with an id that an earlier row has." in said
    assert "No column says when the texts were posted: they are undated." in said
    assert {row["tweet.id_str"] for row in read_rows(tmp_path / "out.csv")} == {"1701000000000000001"}


def test_texts_in_other_languages_are_said_to_be_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text,lang\nJe suis heureux,fr\nso happy,en\nodio este lugar,es\n", encoding="utf-8")
    assert score(source, "-o", tmp_path / "out.csv") == 0
    assert "2 of 3 rows not read: French 1, Spanish 1." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said", "answer"),
    [
        (
            "question,answer\n"
            + "".join(f"what do you say to this {n},I am so happy about it {n}\n" for n in range(9)),
            "Several columns may hold the texts: 'question', 'answer'. Which one? Say so with --column NAME.",
            ["--column", "answer"],
        ),
        (
            "text,date\nso happy,1/2/2015\nso sad,3/4/2015\n",
            "is '1/2/2015' the day before the month, or the month before the day? Say so with --dates day or --dates",
            ["--dates", "day"],
        ),
        (
            "a,b\n" + ",7\n" * 9 + "so happy,8\n",
            "No column has something to read in most of its cells; 'a' has the most. Is it that? Say so with --column",
            ["--column", "a"],
        ),
    ],
)
@pytest.mark.parametrize("command", ["score", "audit"])
def test_what_only_a_person_can_say_stops_the_command_and_is_answered_by_an_option(
    tmp_path: Path,
    inbox: Inbox,
    capsys: pytest.CaptureFixture[str],
    command: str,
    content: str,
    said: str,
    answer: list[str],
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(content, encoding="utf-8")
    place = (
        ["-o", str(tmp_path / "out.csv")] if command == "score" else ["--out", str(tmp_path / "audits"), "--no-store"]
    )
    arguments = [command, str(source), *place, "--model", "tfidf_model"]
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    assert main([*arguments, *answer]) == 0


@pytest.mark.parametrize(("more", "said"), [([], "'@ana I am so happy"), (["--plain"], "@ana I am so happy")])
def test_csv_is_for_spreadsheets_or_plain(tmp_path: Path, more: list[str], said: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n1701000000000000001,@ana I am so happy\n", encoding="utf-8")
    assert score(source, "-o", tmp_path / "out.csv", *more) == 0
    (row,) = read_rows(tmp_path / "out.csv")
    assert (row["id"], row["text"]) == ("1701000000000000001", said)


def test_a_sheet_is_named_and_mojibake_is_mended(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "in.xlsx", [["text"], ["other"]], May=[["text"], ["Iâ€™m so happy"], ["never mind"]])
    assert score(tmp_path / "in.xlsx", "-o", tmp_path / "out.jsonl", "--part", "May", "--mend") == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == ["Iâ€™m so happy", "never mind"]
    assert rows[0]["top_emotion"] == "joy"


@pytest.mark.parametrize("where", [["--inbox"], ["-o", "inbox/a.parquet"], ["-o", "out.csv", "--inbox"]])
def test_ctrl_c_leaves_nothing_in_the_inbox(
    tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: list[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.app.load", interrupted)
    monkeypatch.chdir(tmp_path)
    assert score(write_tweets(tmp_path / "in.csv", 3), *where) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert list(inbox.folder.iterdir()) == []
    assert not (tmp_path / "out.csv").exists()


def test_ctrl_c_before_anything_is_scored_ends_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.app.load", interrupted)
    source = write_tweets(tmp_path / "in.csv", 3)
    assert main(["score", str(source), "-o", str(tmp_path / "out.csv")]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_ctrl_c_leaves_a_usable_partial_file_and_says_so(tmp_path: Path) -> None:
    source = write_tweets(tmp_path / "in.csv", 200_000)
    # What runs the tests in the background may have Ctrl-C ignored, and a child inherits that.
    here = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(
        [sys.executable, "-m", "core", "score", source, "-o", tmp_path / "out.csv", "--inbox", tmp_path / "inbox"],
        cwd=ROOT,
        env=os.environ | {"AFFECTRA_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, here)
    for _ in range(600):
        if any(scratch.stat().st_size > 100_000 for scratch in tmp_path.glob("out.csv.*.partial")):
            break
        assert running.poll() is None, running.communicate()
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
    assert list((tmp_path / "inbox").iterdir()) == []


def test_what_is_not_read_is_told_apart_from_neutral(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.csv"
    source.write_text("lang,text\nen,thank you all\nes,odio este lugar\nes,\n", encoding="utf-8")
    command = ["score", str(source), "-o", str(tmp_path / "out.csv"), "--model", "tfidf_model"]
    assert main(command) == 0
    assert "3 rows, 1 of them with nothing to read, 1 not read (Spanish 1), read by" in capsys.readouterr().out
    rows = read_rows(tmp_path / "out.csv")
    assert [row["note"] for row in rows] == ["", "not read: Spanish", "nothing to read"]
    assert [row["top_emotion"] for row in rows] == ["gratitude", "", ""]
    assert [row["truncated"] for row in rows] == ["false"] * 3
    assert main([*command, "--overwrite", "--read-all-languages"]) == 0
    said = capsys.readouterr()
    assert "not read" not in said.out + said.err
    assert [bool(row["top_emotion"]) for row in read_rows(tmp_path / "out.csv")] == [True, True, False]
