import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pytest

from core.emotions import LABELS
from core.errors import StoreError
from core.ids import new_id
from core.predictions.masks import from_mask, to_mask
from core.predictions.record import Feedback, Prediction
from core.review.twins import twin_number
from core.store import MIGRATIONS, Database, Store
from core.store.review_queue import ReviewQueue
from tests.builders import make_prediction

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def prediction(text: str = "I love it", at: datetime = NOON) -> Prediction:
    probabilities = tuple(number / 100 for number in range(28))
    return make_prediction(
        text, "love", "joy", at=at, probabilities=probabilities, sentiment="positive", margin=0.2, latency_ms=2.5
    )


def feedback(to: Prediction, verdict: str, actor: str = "ana", **more: object) -> Feedback:
    return Feedback(uuid4(), to.id, NOON, actor, verdict, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runtime" / "affectra.duckdb")


def test_what_is_recorded_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    first = Store(path)
    made = prediction()
    first.add(made, "ana")
    first.close()
    (stored,) = Store(path).recent(5)
    assert (stored.id, stored.text, stored.made_at) == (made.id, made.text, NOON)
    assert set(stored.labels) == {"love", "joy"}


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE predictions; --",
        "NUL \x00 inside",
        "lone \ud800 surrogate",
        "\u202ertl\u202c مرحبا",
        "x" * 100_000,
        "=cmd()",
    ],
)
def test_any_text_is_kept_as_data(store: Store, text: str) -> None:
    store.add(prediction(text), "ana")
    (stored,) = store.recent(1)
    assert stored.text == text.replace("\ud800", "\ufffd")
    assert store.count() == 1


def test_recent_is_newest_first_and_counts_current_thumbs(store: Store) -> None:
    old, new = prediction("old"), prediction("new", NOON + timedelta(seconds=1))
    for one in (old, new):
        store.add(one, "ana")
    for actor, verdict in (("ana", "up"), ("ben", "down"), ("ben", "up"), ("eve", "down")):
        store.add_feedback(feedback(old, verdict, actor))
    assert [(p.text, p.ups, p.downs) for p in store.recent(10)] == [("new", 0, 0), ("old", 2, 1)]
    assert [p.text for p in store.recent(1)] == ["new"]


def test_a_change_of_mind_and_a_retraction_are_kept(store: Store) -> None:
    made = prediction()
    store.add(made, "ana")
    store.add_feedback(feedback(made, "up"))
    store.add_feedback(feedback(made, "down", suggested=("anger", "grief"), comment="no 'joy' here"))
    (now,) = store.feedback(made.id)
    assert (now.verdict, now.suggested, now.comment) == ("down", ("anger", "grief"), "no 'joy' here")
    store.add_feedback(feedback(made, "retracted"))
    assert store.feedback(made.id) == []
    assert [event.verdict for event in store.feedback(made.id, current=False)] == ["up", "down", "retracted"]


def test_the_last_word_holds_even_if_the_clock_went_back(store: Store) -> None:
    made = prediction()
    store.add(made, "ana")
    store.add_feedback(feedback(made, "up"))
    store.add_feedback(replace(feedback(made, "down"), made_at=NOON - timedelta(days=1)))
    assert [event.verdict for event in store.feedback(made.id)] == ["down"]


def test_feedback_on_nothing_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        store.add_feedback(feedback(prediction(), "up"))


def test_threads_write_and_read_at_once(store: Store) -> None:
    made = [prediction(f"tweet {number}") for number in range(40)]
    problems: list[Exception] = []

    def work(own: list[Prediction]) -> None:
        try:
            for one in own:
                store.add(one, "ana")
                store.add_feedback(feedback(one, "up"))
                store.recent(5)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(made[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert store.count() == 40
    assert sum(stored.ups for stored in store.recent(100)) == 40


def test_another_process_that_holds_the_file_is_named_as_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(StoreError, match=r"held by another process.*AFFECTRA_DATABASE"):
            Store(path)
    finally:
        holder.communicate("")
    Store(path).close()


@pytest.mark.parametrize("content", [b"", b"this is no database " * 500, b"SQLite format 3\x00" + b"\x00" * 5000])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.duckdb"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a usable DuckDB database"):
        Store(path)
    assert path.read_bytes() == content


def test_a_damaged_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "damaged.duckdb"
    store = Store(path)
    for number in range(50):
        store.add(prediction(f"tweet {number}"), "ana")
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content) // 2] = b"\xaa" * (len(content) // 2 - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a usable DuckDB database"):
        Store(path).recent(50)
    assert path.read_bytes() == bytes(content)


def test_a_file_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "locked" / "a.duckdb"
    Store(path).close()
    path.chmod(0o444)
    path.parent.chmod(0o555)
    tmp_path.chmod(0o755)
    # Root may write anywhere, so the attempt is made as somebody else, who may only pass through the folders above.
    code = (
        "import os, sys; from pathlib import Path; from core.store import Store; from core.errors import StoreError\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: Store(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)"
    )
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    path.parent.chmod(0o755)
    assert "cannot be written" in done.stdout, done.stderr
    assert "AFFECTRA_DATABASE" in done.stdout


def test_a_folder_in_the_files_place_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a file"):
        Store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a file"):
        Store(tmp_path / "file" / "a.duckdb")


def test_a_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    Store(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (99, 'later', now()::TIMESTAMP)")
    with pytest.raises(StoreError, match="newer Affectra"):
        Store(path)


def test_migrations_run_once_and_a_failing_one_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    Store(path).close()
    broken = (*MIGRATIONS, ("broken", "CREATE TABLE half (a INTEGER); SELECT no_such_function();"))
    with pytest.raises(StoreError):
        Store(path, migrations=broken)
    again = Store(path)
    assert again.version() == len(MIGRATIONS)
    again.close()
    with duckdb.connect(str(path)) as connection:
        tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    assert "half" not in tables


def test_the_revision_is_the_files_own(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    first = Store(path)
    begun = first.revision()
    first.add(prediction(), "ana")
    written = first.revision()
    assert written > begun
    first.recent(5)
    with pytest.raises(StoreError):
        first.add_feedback(feedback(prediction(), "up"))
    assert first.revision() == written, "what was rolled back and what was read change nothing"
    first.close()
    second = Store(path)
    assert second.revision() == written, "the same state has the same number, whoever opened the file"
    second.add(prediction("more"), "ana")
    assert second.revision() > written, "and another state has another one"
    second.close()


def test_a_store_of_before_the_one_definition_of_twins_finds_them_out_in_the_background(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    Database(path, migrations=MIGRATIONS[:3]).close()
    texts = {uuid4(): text for text in ("@ana so happy", "@bob so happy", "so sad")}
    with duckdb.connect(str(path)) as connection:
        for item, text in texts.items():
            row = {
                "folded": f"fold('{text}')",
                "labels": "1",
                "truncated": "false",
                "top": "'joy'",
                "id": f"'{item}'",
                "made_at": "TIMESTAMP '2026-05-01'",
                "moment": "TIMESTAMP '2026-05-01'",
                "text": f"'{text}'",
                "twin": f"twin_of(fold('{text}'))",
                **dict.fromkeys(("source", "actor", "sentiment", "model", "model_version"), "'x'"),
                **dict.fromkeys(("normaliser_version", "threshold_version"), "'1'"),
                **dict.fromkeys(LABELS, "0.1"),
            }
            connection.execute(f"INSERT INTO predictions ({', '.join(row)}) SELECT {', '.join(row.values())}")
    store = Store(path)
    queue = ReviewQueue(store)
    assert store.count() == queue.count_without_twin() == 3
    queue.refresh()
    ids, found = queue.without_twin(10)
    assert dict(zip(ids, found, strict=True)) == texts
    queue.set_twins(ids, [twin_number(text) for text in found])
    assert queue.count_without_twin() == 0
    with store.reading() as cursor:
        assert cursor.execute("SELECT count(DISTINCT twin) FROM predictions").fetchone() == (2,)
    store.close()


def test_masks_round_trip() -> None:
    assert from_mask(to_mask(("joy", "neutral", "admiration"))) == ("admiration", "joy", "neutral")
    assert to_mask(()) == 0


def test_ids_are_uuid7_and_sort_by_time() -> None:
    ids = [new_id(NOON + timedelta(milliseconds=number)) for number in range(5)]
    assert ids == sorted(ids)
    assert all(isinstance(one, UUID) and one.version == 7 and one.variant == "specified in RFC 4122" for one in ids)
