import csv
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.__main__ import main
from core.access.actor import Actor
from core.audit import Audit, AuditSource, audit, audit_id, guess_expected_column, read_audit, scored_rows
from core.audit.folder import publish
from core.audit.parts import PART_BATCHES
from core.audit.source import parse_emotions
from core.audit.words import shown
from core.emotions import INDEX, LABELS, Scores
from core.errors import InputError
from core.explore.selection import UNCERTAIN
from core.files import open_table
from core.files.times import time_column
from core.inference.classifier import Classifier
from core.jobs import Job
from core.predictions.columns import ROWS_AT_ONCE, STORE_COLUMNS
from core.rules.flags import Judge
from core.services.scoring import Scorer
from core.settings import Settings, settings
from core.store import Store
from tests.builders import make_app
from tests.fakes import WordEngine, WordRules, fake_classifier, ticking
from tests.workbooks import write_xlsx

ROOT = Path(__file__).resolve().parents[3]
PART = PART_BATCHES * ROWS_AT_ONCE


class GivenScores:
    """Scores the text of `numbered` with the row of its number. (Of 1111, the normaliser would leave 111.)"""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores

    def score(self, texts: Sequence[str]) -> Scores:
        return self.scores[[int(text.split()[1]) * 64 + int(text.split()[2]) for text in texts]]

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        return [False] * len(texts)


def numbered(number: int) -> str:
    return f"row {number // 64} {number % 64}"


class FailingEngine(WordEngine):
    """Raises what it is given instead of reading its batch number `at`, counted from 0, once."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        super().__init__()
        self.at = at
        self.error = error

    def score(self, texts: Sequence[str]) -> Scores:
        if len(self.batches) == self.at:
            self.at = -1
            raise self.error
        return super().score(texts)


def none() -> Store:
    raise AssertionError("an audit opens no store")


def make_scorer(
    engine: WordEngine | GivenScores | None = None, rules: Judge | None = None, *, private: bool = False
) -> Scorer:
    classifier: Classifier = fake_classifier(engine=engine)  # type: ignore[arg-type]
    return make_app(None, classifier, rules=rules, private=private).scorer


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def source_of(path: Path, texts: Sequence[str], **more: str) -> AuditSource:
    return AuditSource(open_table(write_csv(path, [{"text": text} for text in texts])), path.name, **more)


def many(count: int) -> list[str]:
    words = ("love", "hate", "sad", "fine", "love sad", "damn")
    return [f"{words[number % len(words)]} {number // 64} {number % 64}" for number in range(count)]


def without_ids(path: Path) -> list[dict[str, str]]:
    """The ids hold the moment and random bits; all else follows from the content."""
    return [{name: cell for name, cell in row.items() if name != "id"} for row in read_csv(path)]


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def small(tmp_path: Path) -> AuditSource:
    texts = ["I love it", "hate this knife", "https://example.com", "fine", "damn, so sad"]
    expected = ["love|joy", "joy", "anger", "", "Sadness, grief"]
    rows = [{"text": text, "label": label} for text, label in zip(texts, expected, strict=True)]
    return AuditSource(open_table(write_csv(tmp_path / "in.csv", rows)), "in.csv", expected="label")


@pytest.fixture
def made(small: AuditSource, tmp_path: Path) -> Audit:
    return audit(make_scorer(), small, tmp_path / "out", now=ticking())


# What is counted


def test_the_statistics_agree_with_a_naive_count(tmp_path: Path) -> None:
    generator = np.random.default_rng(7)
    n = ROWS_AT_ONCE + 300
    scores = generator.beta(0.3, 1.2, (n, 28)).astype(np.float32)
    scores[5] = np.nan
    labels = ["|".join(generator.choice(LABELS, generator.integers(0, 3), replace=False)) for _ in range(n)]
    rows = [{"text": numbered(number), "emotion": label} for number, label in enumerate(labels)]
    source = AuditSource(open_table(write_csv(tmp_path / "in.csv", rows)), "in.csv", expected="emotion")
    done = audit(make_scorer(GivenScores(scores)), source, tmp_path / "out")

    known = [row for row in range(n) if row != 5]
    carried = {row: {label for label in LABELS if scores[row, INDEX[label]] >= 0.5} for row in known}
    wanted = {row: set(labels[row].split("|")) - {""} for row in known}
    stats = read_csv(done.stats)
    assert [line["emotion"] for line in stats] == list(LABELS)
    for line in stats:
        label = line["emotion"]
        count = sum(label in carried[row] for row in known)
        together = Counter(other for row in known if label in carried[row] for other in carried[row])
        assert int(line["count"]) == count
        assert float(line["share"]) == pytest.approx(count / len(known), abs=1e-6)
        mean = sum(float(scores[row, INDEX[label]]) for row in known) / len(known)
        assert float(line["mean_probability"]) == pytest.approx(mean, abs=1e-5)
        assert float(line["threshold"]) == 0.5
        assert {other: int(line[f"with_{other}"]) for other in LABELS} == {o: together[o] for o in LABELS}
        assert together[line["most_often_with"]] == max(times for o, times in together.items() if o != label)

    uncertain = {row for row in known if scores[row].max() - np.float32(0.5) < UNCERTAIN}
    against = {row for row in known if wanted[row] and not wanted[row] & carried[row]}
    assert (done.rows, done.unreadable, done.uncertain) == (n, 1, len(uncertain))
    assert done.against_expected == len(against)
    assert {int(line["row"]) - 1 for line in read_csv(done.errors)} == uncertain | against
    asked = sum(map(bool, wanted.values()))
    met, exact = asked - len(against), sum(bool(wanted[row]) and wanted[row] == carried[row] for row in known)
    assert f"{asked:,} rows that could be read have expected emotions" in done.summary
    assert f"found in {met:,} ({met / asked * 100:.1f} %), exactly these in {exact:,}" in done.summary
    missed = Counter(label for row in known for label in wanted[row] - carried[row])
    label, times = max(missed.items(), key=lambda pair: (pair[1], -INDEX[pair[0]]))
    assert f"Most often missed: {label} {times:,} of {sum(label in wanted[row] for row in known):,}" in done.summary


def test_the_rows_to_look_at(made: Audit) -> None:
    lines = read_csv(made.errors)
    assert [(line["row"], line["why"]) for line in lines] == [("2", "flagged|against the expected"), ("5", "flagged")]
    first = lines[0]
    assert (first["text"], first["emotions"], first["top_emotion"]) == ("hate this knife", "anger", "anger")
    assert (first["top_probability"], first["margin"], first["expected"]) == ("0.9", "0.4", "joy")
    assert (first["severity"], first["flagged_for"]) == ("urgent", "threat")
    assert "is a weapon" in first["flag_reasons"]
    assert lines[1]["expected"] == "grief|sadness"
    stored = pq.read_table(made.predictions)
    assert stored.column_names == [column.name for column in STORE_COLUMNS]
    assert [line["id"] for line in lines] == [stored["id"][row].as_py() for row in (1, 4)]


def test_what_a_page_shows_of_an_audit(made: Audit) -> None:
    assert (made.rows, made.unreadable, made.uncertain, made.against_expected) == (5, 1, 0, 1)
    assert made.flagged == {"info": 1, "watch": 0, "urgent": 1}
    assert {name: count for name, count in made.categories.items() if count} == {"threat": 1, "profanity": 1}
    assert not made.reused
    assert not made.stopped
    assert all(path.is_file() for path in made.files.values())
    for said in (
        "5 rows of in.csv",
        "fake 1",
        "1 May 2026, 12:00 UTC",
        "1 row had nothing to read",
        "1 urgent, 1 info",
        "3 rows that could be read have expected emotions",
        "found in 2 (66.7 %), exactly these in 0 (0.0 %)",
        "Most often missed: joy 2 of 2, grief 1 of 1",
    ):
        assert said in made.summary


def test_the_manifest_names_source_versions_and_files(made: Audit, small: AuditSource) -> None:
    told = json.loads((made.folder / "audit.json").read_bytes())
    assert (told["id"], told["source"]) == (str(made.id), "in.csv")
    assert told["made_at"].startswith("2026-05-01T12:00:00")
    basis = told["basis"]
    assert basis["sha256"] == hashlib.sha256(small.table.path.read_bytes()).hexdigest()
    assert (basis["text_column"], basis["expected_column"], basis["posted_column"]) == ("text", "label", None)
    assert (basis["model"], basis["model_version"], basis["rule_version"]) == ("fake", "1", "rules1")
    assert {name: fact["sha256"] for name, fact in told["files"].items()} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in made.files.items()
        if name in told["files"]
    }
    assert set(told["files"]) | {"audit.json"} == left_in(made.folder)


def test_nothing_readable_makes_a_whole_audit(tmp_path: Path) -> None:
    done = audit(make_scorer(), source_of(tmp_path / "in.csv", ["https://example.com", "\u200b"]), tmp_path / "out")
    assert (done.rows, done.unreadable) == (2, 2)
    assert "No row could be read" in done.summary
    assert {(line["count"], line["share"], line["mean_probability"]) for line in read_csv(done.stats)} == {
        ("0", "", "")
    }
    assert read_csv(done.errors) == []
    assert "<script>" not in done.report.read_text(encoding="utf-8")


def test_a_file_without_flags(tmp_path: Path) -> None:
    done = audit(make_scorer(), source_of(tmp_path / "in.csv", ["love it", "so sad"]), tmp_path / "out")
    assert "Nothing is flagged (n = 2)." in done.summary
    assert read_csv(done.errors) == []
    assert done.against_expected is None
    assert "Expected emotions" not in done.summary


def test_times_of_posting_are_kept(tmp_path: Path) -> None:
    rows = [{"text": "love", "day": "2026-04-01"}, {"text": "sad", "day": "soon"}]
    source = AuditSource(open_table(write_csv(tmp_path / "in.csv", rows)), "in.csv", posted="day")
    done = audit(make_scorer(), source, tmp_path / "out")
    assert pq.read_table(done.predictions)["posted_at"].to_pylist() == ["2026-04-01T00:00:00", None]
    assert "1 row had no time of posting" in done.summary


def test_private_texts_are_masked_everywhere(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in.csv", ["hate you @marlow and your knife"])
    open_one = audit(make_scorer(), source, tmp_path / "out")
    masked = audit(make_scorer(private=True), source, tmp_path / "out")
    assert masked.id != open_one.id
    for name, path in masked.files.items():
        assert b"marlow" not in path.read_bytes(), name


# Expected emotions


@pytest.mark.parametrize(
    ("name", "cells", "guessed"),
    [
        ("Emotions", ["joy|love", ""], True),
        (" label", ["Joy , love", "neutral"], True),
        ("labels", ["0", "1"], False),
        ("emotion", ["joy", "bliss"], False),
        ("expected", ["", ""], False),
        ("mood", ["joy", "love"], False),
    ],
)
def test_guessing_the_expected_column(tmp_path: Path, name: str, cells: list[str], guessed: bool) -> None:
    table = open_table(write_csv(tmp_path / "in.csv", [{"text": "so fine", name: cell} for cell in cells]))
    assert guess_expected_column(table) == (name if guessed else None)


def test_an_unknown_emotion_is_named_with_its_row_before_anything_is_scored(tmp_path: Path) -> None:
    rows = [{"text": "love", "label": label} for label in ("joy", "joy|angr")]
    source = AuditSource(open_table(write_csv(tmp_path / "in.csv", rows)), "in.csv", expected="label")
    engine = WordEngine()
    with pytest.raises(InputError, match=r"row 2, column 'label': 'angr' is none of the 28.*'anger'"):
        audit(make_scorer(engine), source, tmp_path / "out")
    assert engine.seen == []
    assert not (tmp_path / "out").exists()


def test_a_column_that_does_not_exist_is_named(small: AuditSource) -> None:
    with pytest.raises(InputError, match=r"no column 'labl'.*'label'"):
        AuditSource(small.table, "in.csv", expected="labl")
    with pytest.raises(InputError, match="no column 'when'"):
        AuditSource(small.table, "in.csv", posted="when")


def test_parsing_emotions() -> None:
    assert parse_emotions(" Neutral | joy,") == 1 << INDEX["neutral"] | 1 << INDEX["joy"]


# Once, and whole or not at all


def test_the_id_follows_from_what_was_read_of_the_file(tmp_path: Path) -> None:
    scorer = make_scorer()
    rows = [["text", "posted"], ["I love it", "03/04/2015"], ["so sad", "05/06/2015"]]
    book = write_xlsx(tmp_path / "a.xlsx", rows, June=[*rows, ["I hate it", "05/06/2015"]])
    first, second = (open_table(book, "text", part=part) for part in ("Sheet1", "June"))
    sources = [
        AuditSource(first, "a"),
        AuditSource(second, "a"),
        AuditSource(open_table(book, "text", mend=True), "a"),
        *(AuditSource(first, "a", None, "posted", time_column(first, "posted", day)) for day in (True, False)),
    ]
    assert len({audit_id(scorer, source) for source in sources}) == len(sources)
    assert audit_id(scorer, sources[0]) == audit_id(scorer, AuditSource(open_table(book, "text"), "a"))


def test_a_second_run_reads_nothing_again(small: AuditSource, made: Audit, tmp_path: Path) -> None:
    engine = WordEngine()
    told: list[int] = []
    again = audit(make_scorer(engine), small, tmp_path / "out", told.append)
    assert engine.seen == []
    assert again.reused
    assert told == [5]
    assert (again.id, again.facts, again.summary) == (made.id, made.facts, made.summary)
    assert again.id == audit_id(make_scorer(), small)
    assert left_in(tmp_path / "out") == {made.folder.name}


def test_the_id_follows_from_content_columns_and_versions(tmp_path: Path, small: AuditSource) -> None:
    def with_classifier(**more: str) -> Scorer:
        return make_app(None, fake_classifier(**more)).scorer  # type: ignore[arg-type]

    other = write_csv(tmp_path / "copy.csv", [{"text": "I love it", "label": "love"}])
    lines = tmp_path / "in.txt"
    lines.write_bytes(small.table.path.read_bytes())
    ids = [
        audit_id(make_scorer(), small),
        audit_id(make_scorer(), AuditSource(small.table, "in.csv")),
        audit_id(make_scorer(), AuditSource(small.table.of("label"), "in.csv", expected="label")),
        audit_id(make_scorer(), AuditSource(small.table, "in.csv", expected="label", posted="label")),
        audit_id(make_scorer(), AuditSource(open_table(other), "in.csv", expected="label")),
        audit_id(make_scorer(), AuditSource(open_table(lines), "in.csv")),
        audit_id(make_scorer(rules=WordRules("rules2")), small),
        audit_id(with_classifier(version="2"), small),
        audit_id(with_classifier(name="other"), small),
    ]
    assert len(set(ids)) == len(ids)
    moved = shutil.copy(small.table.path, tmp_path / "renamed.csv")
    assert audit_id(make_scorer(), AuditSource(open_table(moved), "renamed.csv", expected="label")) == ids[0]


@pytest.mark.parametrize(
    ("damage", "how"),
    [
        ("emotion_stats.csv", "changed"),
        ("predictions.parquet", "gone"),
        ("audit.json", "changed"),
        ("audit.json", "gone"),
    ],
)
def test_a_damaged_folder_is_made_anew(small: AuditSource, made: Audit, tmp_path: Path, damage: str, how: str) -> None:
    path = made.folder / damage
    before = made.stats.read_bytes()
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:-9] + b"!")
    with pytest.raises(InputError, match=damage):
        read_audit(made.folder)
    again = audit(make_scorer(), small, tmp_path / "out")
    assert not again.reused
    assert read_audit(made.folder).stats.read_bytes() == before
    assert left_in(tmp_path / "out") == {made.folder.name}


def test_an_interrupted_audit_goes_on_where_it_was(tmp_path: Path) -> None:
    texts = many(PART + ROWS_AT_ONCE + 10)
    source, out = source_of(tmp_path / "in.csv", texts), tmp_path / "out"
    engine = FailingEngine(PART_BATCHES, KeyboardInterrupt)
    scorer = make_scorer(engine)
    with pytest.raises(KeyboardInterrupt):
        audit(scorer, source, out)
    assert scored_rows(scorer, source, out) == PART
    assert list(out.glob("audit-*")) == []
    told: list[int] = []
    done = audit(scorer, source, out, told.append)
    assert engine.seen == texts
    assert told[0] == PART
    assert told == sorted(told)
    assert done.rows == told[-1] == len(texts)
    assert left_in(out) == {done.folder.name}
    stored = pq.read_table(done.predictions)
    assert stored["text"].to_pylist() == texts
    ids = stored["id"].to_pylist()
    assert ids == sorted(set(ids))


def test_a_damaged_part_is_scored_again(tmp_path: Path) -> None:
    texts = many(PART + 10)
    source, out = source_of(tmp_path / "in.csv", texts), tmp_path / "out"
    engine = FailingEngine(PART_BATCHES, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        audit(make_scorer(engine), source, out)
    (part,) = out.glob(".audit-*.parts/*.parquet")
    part.write_bytes(part.read_bytes()[:1_000])
    done = audit(make_scorer(engine), source, out)
    assert (done.rows, len(engine.seen)) == (len(texts), len(texts) + PART)


def test_a_cancelled_job_keeps_its_rows_and_shows_nothing(tmp_path: Path) -> None:
    texts = many(PART + 3 * ROWS_AT_ONCE)
    source, out = source_of(tmp_path / "in.csv", texts), tmp_path / "out"
    engine = WordEngine()
    scorer = make_scorer(engine)
    one_part = threading.Event()

    def work(report: Callable[[int], None], cancelled: Callable[[], bool]) -> Audit:
        def noted(rows: int) -> None:
            report(rows)
            if rows > PART and not one_part.is_set():
                engine.pause.clear()
                one_part.set()

        return audit(scorer, source, out, noted, cancelled)

    job = Job(work, len(texts))
    assert one_part.wait(30)
    job.cancel()
    engine.pause.set()
    job.wait(30)
    assert job.result is not None
    assert (job.result.stopped, job.result.rows) == (True, PART)
    assert not job.result.folder.exists()
    assert audit(scorer, source, out).rows == len(texts)


def test_cancelling_while_the_files_are_made(small: AuditSource, tmp_path: Path) -> None:
    answers = iter([False, True])
    stopped = audit(make_scorer(), small, tmp_path / "out", cancelled=lambda: next(answers))
    assert (stopped.stopped, stopped.rows) == (True, 5)
    assert left_in(tmp_path / "out") == {f".audit-{stopped.id}.parts"}


def test_a_failing_model_leaves_no_folder(small: AuditSource, tmp_path: Path) -> None:
    scorer = make_scorer(FailingEngine(0, RuntimeError))
    with pytest.raises(RuntimeError):
        audit(scorer, small, tmp_path / "out")
    assert list((tmp_path / "out").glob("audit-*")) == []
    assert list((tmp_path / "out").rglob("*.partial")) == []


def test_what_another_run_finished_meanwhile_is_taken(small: AuditSource, tmp_path: Path) -> None:
    """The other run finishes, and sweeps, when this one has scored its rows: at the worst of times."""
    others: list[Audit] = []

    def finish_first(rows: int) -> None:
        if not others:
            others.append(audit(make_scorer(), small, tmp_path / "out"))

    done = audit(make_scorer(), small, tmp_path / "out", finish_first)
    assert done.reused
    assert done.made_at == others[0].made_at
    assert left_in(tmp_path / "out") == {done.folder.name}


def test_a_whole_folder_is_never_replaced(made: Audit) -> None:
    staged = made.folder.with_name(".staged.partial")
    staged.mkdir()
    (staged / "summary.txt").write_text("later")
    assert not publish(staged, made.folder)
    assert read_audit(made.folder).summary == made.summary


def test_a_file_that_changes_meanwhile_is_not_told_of(small: AuditSource, tmp_path: Path) -> None:
    def change(rows: int) -> None:
        write_csv(small.table.path, [{"text": "so happy", "label": "joy"}] * 5)

    with pytest.raises(InputError, match="changed while it was audited"):
        audit(make_scorer(), small, tmp_path / "out", change)
    assert left_in(tmp_path / "out") == set()


def test_a_place_that_cannot_be_written_is_named(small: AuditSource, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match=r"taken cannot be written"):
        audit(make_scorer(), small, tmp_path / "taken")


KILLED = """
import os, signal, sys
from pathlib import Path
from core.audit import AuditSource, audit
from core.files import open_table
from tests.unit.audit.test_audit import make_scorer

source = AuditSource(open_table(Path(sys.argv[1])), "in.csv")
moment, seen = None, 0

def count(event, arguments):
    # A moment is a step in the audit's folders, or in its progress.
    global seen
    steps = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")
    ours = event == "os.remove" or (event in steps and str(arguments[0]).startswith(sys.argv[2]))
    if moment is not None and (ours or event == "progress"):
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
for argument in sys.argv[3:]:
    child = os.fork()
    if not child:
        moment = int(argument)
        audit(make_scorer(), source, Path(sys.argv[2]) / argument, lambda rows: sys.audit("progress"))
        print(seen, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_killed_at_any_moment_the_next_run_ends_as_if_nothing_had_been(tmp_path: Path) -> None:
    source = source_of(tmp_path / "in.csv", many(PART + 100))

    def run(*moments: int) -> str:
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KILLED, source.table.path, tmp_path, *map(str, moments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    last = int(run(0))
    straight = read_audit(next((tmp_path / "0").glob("audit-*")))
    moments = sorted(random.Random(54).sample(range(2, last), 4))  # noqa: S311
    assert run(*moments) == ""
    for moment in moments:
        out = tmp_path / str(moment)
        for folder in out.glob("audit-*"):
            read_audit(folder)
        done = audit(make_scorer(), source, out)
        assert left_in(out) == {done.folder.name}
        assert done.stats.read_bytes() == straight.stats.read_bytes()
        assert without_ids(done.errors) == without_ids(straight.errors)


# The report


HOSTILE = (
    "<script>alert(1)</script><img src=https://evil.example onerror=alert(1)> knife",
    "=cmd|' /C calc'!A0 knife",
    "**bold** [link](https://evil.example) `code` $x$ knife",
    "abc \u202eevil\u202c \u2066x\u2069 knife \x1b[31m\x00",
    "knife " + "x" * 10_000,
    "</td></table>\ud83d knife \u05d0\u05d1",
)


class Elements(HTMLParser):
    """What is in a page: elements with their attributes, and all text outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "in.jsonl"
    path.write_text("".join(json.dumps({"<b>text": text}) + "\n" for text in HOSTILE))
    name = "<i>in</i>\u202e\nsecond line.jsonl"
    return audit(make_scorer(), AuditSource(open_table(path, "<b>text"), name), folder / "out")


def test_the_report_asks_no_network_for_anything(hostile: Audit) -> None:
    page = Elements(hostile.report.read_text(encoding="utf-8"))
    for tag, attributes in page.elements:
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes), (tag, attributes)
    assert not {"link", "iframe", "object", "embed", "base", "img", "form"} & {tag for tag, _ in page.elements}
    (policy,) = [meta["content"] for meta in page.of("meta") if "http-equiv" in meta]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_the_report_shows_hostile_texts_as_texts(hostile: Audit) -> None:
    page = Elements(hostile.report.read_text(encoding="utf-8"))
    assert len(page.of("script")) == 2
    assert "<script>alert(1)</script><img src=https://evil.example onerror=alert(1)> knife" in page.text
    assert "abc evil x knife [31m" in page.text
    assert "</td></table>" in page.text
    assert "Emotions in <i>in</i> second line.jsonl" in page.text
    assert "x" * 281 not in page.text
    assert not set("\u202e\u202c\u2066\u2069\x1b\x00\ud83d") & set(page.text)


def test_the_report_can_be_read_without_seeing_it(hostile: Audit) -> None:
    page = Elements(hostile.report.read_text(encoding="utf-8"))
    assert page.of("html") == [{"lang": "en"}]
    assert len(page.of("title")) == len(page.of("h1")) == 1
    assert len(page.of("table")) == len(page.of("caption")) == 2
    assert {head["scope"] for head in page.of("th")} == {"col", "row"}
    charts = [div for div in page.of("div") if div.get("role") == "img"]
    assert len(charts) == len(page.of("figure")) == 2
    assert all((chart["aria-label"] or "").startswith("Bar chart") for chart in charts)


def test_hostile_texts_in_the_tables(hostile: Audit) -> None:
    texts = [row["text"] for row in read_csv(hostile.errors)]
    assert texts[0] == HOSTILE[0]
    assert texts[1] == "'" + HOSTILE[1]
    assert texts[4] == HOSTILE[4]
    assert texts[5] == HOSTILE[5].replace("\ud83d", "\ufffd")
    assert "\u202e" not in hostile.summary
    assert "rows of <i>in</i> second line.jsonl" in hostile.summary


def test_texts_for_showing() -> None:
    assert shown("a\u202eb\n\tc\x07 \ud800d") == "ab c d"
    assert shown("x" * 300) == "x" * 279 + "…"
    assert shown("👩\u200d👩\u200d👧 fine") == "👩\u200d👩\u200d👧 fine"


def test_the_gravest_flags_come_first_and_not_without_end(tmp_path: Path) -> None:
    texts = [f"damn {number}" for number in range(60)] + ["hate this knife", "fine knife"]
    done = audit(make_scorer(), source_of(tmp_path / "in.csv", texts), tmp_path / "out")
    page = done.report.read_text(encoding="utf-8")
    assert page.index("hate this knife") < page.index("fine knife") < page.index("damn 0<")
    assert "damn 47<" in page
    assert "damn 48<" not in page
    assert len(read_csv(done.errors)) == 62


# The store and the command line


def test_keeping_an_audit_records_its_rows_once(made: Audit, tmp_path: Path) -> None:
    store = Store(tmp_path / "a.duckdb")
    app = make_app(store)
    assert app.intake.take_in(made.predictions, made.id, made.source, Actor("ana"), "audit") == 4
    assert app.intake.take_in(made.predictions, made.id, made.source, Actor("ana"), "audit") == 0
    (batch,) = store.batches("audit")
    assert (batch.id, batch.name, batch.actor, batch.rows) == (made.id, "in.csv", "ana", 4)
    assert {row.source for row in app.explorer.recent()} == {"audit"}
    store.close()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings of a command that runs in a folder of its own."""
    for name, value in {
        "DATABASE": tmp_path / "data" / "a.duckdb",
        "INBOX": tmp_path / "inbox",
        "MODEL": "electra_model",
        "THREADS": 1,
    }.items():
        monkeypatch.setenv(f"AFFECTRA_{name}", str(value))
    settings.cache_clear()
    yield settings()
    settings.cache_clear()


@pytest.mark.slow
def test_the_command_audits_the_sample_tweets_with_the_shipped_model(
    places: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit"]) == 0
    said = capsys.readouterr()
    (folder,) = places.audits.iterdir()
    done = read_audit(folder)
    # Ten of them are German, French and Spanish.
    assert (done.source, done.rows, done.unreadable) == ("sample_tweets.csv", 360, 10)
    assert done.basis.expected_column == "emotions"
    assert done.basis.model == "electra"
    assert done.flagged["urgent"]
    lines = read_csv(done.errors)
    assert any("flagged" in line["why"] and line["severity"] == "urgent" for line in lines)
    assert sum("against" in line["why"] for line in lines) == done.against_expected
    assert done.summary in said.out
    assert str(done.report) in said.out
    assert "'emotions' holds the expected emotions" in said.err
    (waiting,) = places.inbox.iterdir()
    assert waiting.name == f"audit-{done.id}.parquet"
    assert waiting.read_bytes() == done.predictions.read_bytes()
    assert not places.database.exists()

    assert main(["audit"]) == 0
    assert "nothing was computed again" in capsys.readouterr().out
    (places.inbox / "taken").mkdir()
    waiting.rename(places.inbox / "taken" / waiting.name)
    assert main(["audit"]) == 0
    assert "has taken its rows" in capsys.readouterr().out
    assert left_in(places.inbox) == {"taken"}


def test_the_command_can_leave_the_store_alone(
    places: Settings, small: AuditSource, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "here"
    assert main(["audit", str(small.table.path), "--out", str(out), "--expected", "", "--no-store"]) == 0
    (folder,) = out.iterdir()
    assert read_audit(folder).basis.expected_column is None
    assert UUID(folder.name.removeprefix("audit-")) == read_audit(folder).id
    assert not places.inbox.exists()
    assert "store" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "no file"),
        (["in.csv", "--column", "txt"], "'text'"),
        (["in.csv", "--expected", "text"], "row 1, column 'text': 'I love it'"),
        (["in.csv", "--posted", "when"], "no column 'when'"),
        (["in.csv", "--model", "no_such_model"], "no_such_model"),
        (["in.csv", "--out", "in.csv"], "cannot be written"),
    ],
)
def test_a_problem_is_named_without_a_traceback(
    places: Settings,
    small: AuditSource,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(small.table.path.parent)
    assert main(["audit", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not places.inbox.exists()


def test_a_stopped_command_says_where_the_next_one_goes_on(
    places: Settings, small: AuditSource, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.app.load", lambda *_: fake_classifier(engine=FailingEngine(1, KeyboardInterrupt)))
    here = signal.getsignal(signal.SIGINT)
    try:
        assert main(["audit", str(small.table.path)]) == 130
    finally:
        signal.signal(signal.SIGINT, here)
    assert "stopped after 0 of 5 rows. The next run of this audit goes on from there." in capsys.readouterr().err
    assert list(places.audits.glob("audit-*")) == []
