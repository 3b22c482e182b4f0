import csv
import threading
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest

from core.actor import Actor
from core.classifier import Classifier
from core.emotions import Scores
from core.errors import InputError, ModelError, StoreError
from core.files import open_table, open_writer
from core.jobs import Job
from core.service import MAX_COMMENT, RESULT_COLUMNS, ROWS_AT_ONCE, Service
from core.store import Store
from tests.fakes import WordEngine, fake_classifier, ticking

ANA, BEN = Actor("ana"), Actor("ben", "tester")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def service(store: Store) -> Service:
    return make_service(store)


def make_service(store: Store, classifier: Classifier | None = None) -> Service:
    return Service(
        classifier or fake_classifier(), lambda: fake_classifier("base"), lambda: store, now=ticking(), timer=Timer()
    )


class Timer:
    """Goes on by 2 ms each time it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.002
        return self.seconds


def test_reading_says_everything_and_records_nothing(service: Service) -> None:
    read = service.read("I love this, thanks @bob")
    assert read.clean.text == "I love this, thanks [NAME]"
    assert read.labels == ("gratitude", "love")
    assert (read.top, read.sentiment) == ("gratitude", "positive")
    assert (read.model, read.model_version, read.normaliser_version) == ("fake", "1", "1")
    assert read.latency_ms == pytest.approx(2)
    assert len(read.probabilities) == 28
    assert service.count() == 0


@pytest.mark.parametrize(("version", "reads"), [("1", "bus is late frowning face"), ("2", "bus is late (sad)")])
def test_each_model_reads_by_its_own_normaliser(store: Store, version: str, reads: str) -> None:
    engine = WordEngine()
    service = make_service(store, fake_classifier(engine=engine, normaliser_version=version))
    read = service.read("bus is late ☹")
    assert (read.clean.text, read.normaliser_version) == (reads, version)
    service.read_batch(["bus is late ☹"])
    service.explain(read)
    service.classifier.read(["bus is late ☹"])
    assert engine.seen.count(reads) == 4


def test_a_prediction_is_explained_as_the_serving_model_reads_it(store: Store) -> None:
    older = fake_classifier()
    service = make_service(store, fake_classifier(normaliser_version="2"))
    read = service.read("sad ☹", classifier=older)
    assert read.clean.text == "sad frowning face"
    assert [part.text for part in service.explain(read).parts] == ["sad", "(sad)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no text"), ("  \n", "no text"), ("https://example.com", "only links"), ("\u200b", "only links")],
)
def test_nothing_to_read_is_said(service: Service, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        service.read(text)


def test_a_long_text_is_said_to_be_read_in_part(store: Store, tmp_path: Path) -> None:
    engine = WordEngine()
    engine.max_words = 4
    service = make_service(store, fake_classifier(engine=engine))
    assert not service.read("i love it").truncated
    assert service.read("i love it very much").truncated
    scored = service.score_file(open_table(write_csv(tmp_path / "i.csv", ["one two", "a b c d e"])), tmp_path, "i")
    assert scored.summary.truncated == 1
    service.keep_file(scored, ANA)
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        assert connection.execute("SELECT text FROM predictions WHERE truncated").fetchall() == [("a b c d e",)]


def test_a_model_that_gives_no_number_is_named(store: Store) -> None:
    class Broken(WordEngine):
        def score(self, texts: Sequence[str]) -> Scores:
            return np.full((len(texts), 28), np.nan, np.float32)

    with pytest.raises(ModelError, match="fake 1 gave no number"):
        make_service(store, fake_classifier(engine=Broken())).read("fine")


def test_recording_twice_keeps_one(service: Service) -> None:
    read = service.read("so happy")
    service.record(read, ANA)
    service.record(read, ANA)
    service.give_feedback(read.id, "up", ANA)
    assert [(row.id, row.ups) for row in service.recent()] == [(read.id, 1)]


def test_a_kept_file_lies_in_its_order(service: Service, tmp_path: Path) -> None:
    texts = [f"love {number}" for number in range(ROWS_AT_ONCE + 50)]
    service.keep_file(service.score_file(open_table(write_csv(tmp_path / "i.csv", texts)), tmp_path, "i"), ANA)
    assert [row.text for row in service.recent(len(texts))] == texts[::-1]


def test_recording_and_thumbs(service: Service) -> None:
    read = service.read("so happy")
    service.record(read, ANA)
    service.give_feedback(read.id, "up", ANA)
    service.give_feedback(read.id, "down", BEN, ["love"], "x" * 5_000)
    said = service.feedback(read.id, BEN)
    assert said is not None
    assert (said.verdict, said.suggested, len(said.comment)) == ("down", ("love",), MAX_COMMENT)
    service.give_feedback(read.id, "retracted", BEN)
    assert service.feedback(read.id, BEN) is None
    assert service.feedback(read.id, ANA) is not None
    (row,) = service.recent()
    assert (row.text, row.ups, row.downs) == ("so happy", 1, 0)


def test_feedback_is_checked(service: Service) -> None:
    read = service.read("so happy")
    service.record(read, ANA)
    with pytest.raises(InputError, match="'bliss'"):
        service.give_feedback(read.id, "down", ANA, ["bliss"])
    with pytest.raises(InputError, match="thumb down"):
        service.give_feedback(read.id, "up", ANA, ["joy"])


def test_a_prediction_can_be_read_by_the_baseline(service: Service) -> None:
    assert service.read("wow", classifier=service.baseline).model == "base"


def test_explaining(service: Service) -> None:
    explanation = service.explain(service.read("i love mondays"), "love")
    assert max(explanation.parts, key=lambda part: part.contribution).text == "love"


def write_csv(path: Path, texts: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([[str(number), text] for number, text in enumerate(texts)])
    return path


def test_a_scored_file_has_the_rows_of_its_source_in_their_order(service: Service, tmp_path: Path) -> None:
    texts = [
        f"{'love' if number % 3 else 'sad'} {number} {'word ' * (number % 17)}" for number in range(ROWS_AT_ONCE + 10)
    ]
    texts[5] = "https://example.com"
    texts[6] = "long " * 2_000
    source = write_csv(tmp_path / "in.csv", texts)
    table = open_table(source)
    with open_writer(tmp_path / "out.csv", [*table.columns, *RESULT_COLUMNS], source=source) as writer:
        seen: list[int] = []
        summary = service.score_table(table, writer, on_rows=seen.append)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == texts
    assert [row["id"] for row in rows] == [str(number) for number in range(len(texts))]
    assert rows[0]["emotions"] == rows[0]["top_emotion"] == "sadness"
    assert float(rows[1]["top_probability"]) == pytest.approx(0.9)
    assert (rows[5]["emotions"], rows[5]["top_emotion"], rows[5]["joy"]) == ("", "", "")
    assert seen == [ROWS_AT_ONCE, len(texts)]
    assert (summary.rows, summary.unreadable, summary.truncated, summary.stopped) == (len(texts), 1, 1, False)
    assert summary.counts["sentiment"].sum() == len(texts) - 1


def test_a_file_is_kept_once_without_what_could_not_be_read(service: Service, store: Store, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["I love it", "www.example.com", "so sad \x00 '; DROP"])
    scored = service.score_file(open_table(source), tmp_path, "in.csv")
    assert service.keep_file(scored, ANA) == 2
    assert service.keep_file(scored, ANA) == 0
    kept = {row.text: row for row in service.recent()}
    assert set(kept) == {"I love it", "so sad \x00 '; DROP"}
    assert kept["I love it"].labels == ("love",)
    assert kept["I love it"].source == "batch"
    service.give_feedback(kept["I love it"].id, "up", ANA)


def test_scores_survive_the_way_into_the_store(service: Service, store: Store, tmp_path: Path) -> None:
    read = service.read("I love it")
    service.record(read, ANA)
    service.keep_file(service.score_file(open_table(write_csv(tmp_path / "i.csv", ["I love it"])), tmp_path, "i"), ANA)
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        one, other = connection.execute(
            "SELECT love, neutral, labels, top, sentiment, model, threshold_version FROM predictions"
        ).fetchall()
    assert one == other


def test_the_samples_fill_an_empty_store_once(service: Service, store: Store, tmp_path: Path) -> None:
    samples = write_csv(tmp_path / "samples.csv", ["I love it", "so sad"])
    assert service.add_samples(store, samples) == 2
    assert service.add_samples(store, samples) == 0
    assert {row.source for row in service.recent()} == {"sample"}


def test_cancelling_keeps_whole_batches(service: Service, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["love"] * (3 * ROWS_AT_ONCE))
    asked = iter([False, True])
    scored = service.score_file(open_table(source), tmp_path, "in.csv", cancelled=lambda: next(asked))
    assert (scored.summary.rows, scored.summary.stopped) == (ROWS_AT_ONCE, True)
    assert open_table(scored.results, "text").rows == ROWS_AT_ONCE


def test_a_job_reports_cancels_and_ends(store: Store, tmp_path: Path) -> None:
    engine = WordEngine()
    service = make_service(store, fake_classifier(engine=engine))
    source = write_csv(tmp_path / "in.csv", ["love"] * (4 * ROWS_AT_ONCE))
    table = open_table(source)
    first_batch = threading.Event()

    def work(report, cancelled):  # type: ignore[no-untyped-def]
        def noted(rows: int) -> None:
            report(rows)
            engine.pause.clear()
            first_batch.set()

        return service.score_file(table, tmp_path, "in.csv", noted, cancelled)

    job = Job(work, table.rows)
    assert first_batch.wait(30)
    assert job.running
    assert job.done == ROWS_AT_ONCE
    assert job.seconds_left is not None
    job.cancel()
    engine.pause.set()
    job.wait(30)
    assert not job.running
    assert job.error is None
    assert job.result is not None
    assert job.result.summary.stopped
    assert job.result.summary.rows < table.rows


def test_a_job_that_fails_says_why() -> None:
    def work(report, cancelled):  # type: ignore[no-untyped-def]
        raise InputError("bad row")

    job = Job(work, 1)
    job.wait(10)
    assert isinstance(job.error, InputError)


def test_flips_count_what_another_threshold_would_change(service: Service) -> None:
    for text in ("love it", "love you", "hate it", "so sad", "what"):
        service.record(service.read(text), ANA)
    service.record(service.read("love"), ANA)
    # Love is 0.9 in three of six, 0.05 in the others.
    higher = service.flips("fake", "1", "love", "emotion", old=0.5, new=0.95)
    assert (higher.stored, higher.gain, higher.lose) == (6, 0, 3)
    lower = service.flips("fake", "1", "love", "emotion", old=0.5, new=0.01)
    assert (lower.stored, lower.gain, lower.lose) == (6, 3, 0)
    same = service.flips("fake", "1", "love", "emotion", old=0.9, new=0.9)
    assert (same.gain, same.lose) == (0, 0)
    assert service.flips("fake", "2", "love", "emotion", old=0.5, new=0.01).stored == 0


def test_a_group_flips_where_its_most_probable_member_does(service: Service) -> None:
    for text in ("hate it", "so sad", "love it"):
        service.record(service.read(text), ANA)
    # Negative holds for hate (anger 0.9) and sad (sadness 0.9), each by a member of its own.
    found = service.flips("fake", "1", "negative", "sentiment", old=0.5, new=0.95)
    assert (found.stored, found.gain, found.lose) == (3, 0, 2)


def test_flips_at_the_threshold_itself(service: Service, store: Store) -> None:
    service.record(service.read("love it"), ANA)
    # A score that equals a threshold reaches it, as everywhere: 0.9 as float32.
    assert store.flips("fake", "1", ["love"], 0.5, 0.9).lose == 0
    with pytest.raises(StoreError, match="No emotion named 'love; DROP TABLE predictions'"):
        store.flips("fake", "1", ["love; DROP TABLE predictions"], 0.5, 0.9)
