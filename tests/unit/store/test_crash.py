"""What a kill, a full disk or a greedy query leave of the store: all that was recorded, once, and it goes on."""

import itertools
import random
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.access.actor import Actor
from core.errors import StoreError
from core.files import open_table
from core.ids import batch_ids
from core.maintenance.inbox import Inbox, open_inbox_writer
from core.store import MIGRATIONS, Database, Store
from tests.builders import make_app

ROOT = Path(__file__).resolve().parents[3]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROWS, OLD_ROWS, FILE_ROWS, FILES = 60_000, 40_000, 4_000, 5
BATCH = UUID(int=7)
# Where in the work the process is killed: seeded, and spread over all of it.
MOMENTS = [round((number + random.Random(number).random()) / 4, 2) for number in range(4)]  # noqa: S311

CHILD = """
import os, resource, signal, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from core.access.actor import Actor
from core.errors import StoreError
from core.maintenance.inbox import Inbox
from core.store import Store
from tests.builders import make_app

ANA, PATH, FILES = Actor("ana"), Path(sys.argv[1]), Path(sys.argv[2])

def say(words):
    sys.stdout.write(f"{words}\\n")  # in one piece, whichever thread says it
    sys.stdout.flush()

def opened():
    store = Store(PATH)
    return store, make_app(store)

def append(store):
    now = datetime.now(UTC)
    return store.add_batch(FILES, batch=UUID(int=7), name="many", source="batch", actor="ana", made_at=now)
"""


def child(code: str, store: Path, files: Path = Path()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, str(store), str(files)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def killed(code: str, store: Path, files: Path = Path(), *, after: float) -> list[str]:
    """Run some code, kill it (SIGKILL) so many seconds after it said "go", and return what else it said."""
    running = child(code, store, files)
    assert running.stdout is not None
    said = list(itertools.takewhile(lambda line: line != "go\n", running.stdout))
    time.sleep(after)
    running.kill()
    return "".join([*said, running.communicate()[0]]).splitlines()


def append(store: Store, parquet: Path) -> int:
    return store.add_batch(parquet, batch=BATCH, name="many", source="batch", actor="ana", made_at=NOON)


def asked(store: Database, sql: str, *values: object) -> Any:
    with store.reading() as cursor:
        return cursor.execute(sql, values).fetchone()


def assert_sound(store: Store) -> None:
    """The schema is whole and nothing is there twice."""
    assert store.version() == len(MIGRATIONS)
    n, ids, folded = asked(
        store,
        "SELECT count(*), count(DISTINCT id), count(*) FILTER (folded = fold(text)) FROM predictions",
    )
    assert n == ids == folded


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored file of 60,000 rows."""
    folder = tmp_path_factory.mktemp("scored")
    texts = folder / "texts.txt"
    texts.write_text("\n".join(f"I love number {number} of them" for number in range(2_000)), encoding="utf-8")
    with open_inbox_writer(folder / "few.parquet") as writer:
        make_app().scorer.score_table(open_table(texts), None, writer)  # type: ignore[arg-type]
    few = pq.read_table(writer.path)
    many = pa.concat_tables([few] * (ROWS // few.num_rows))
    ids = pa.array(map(str, batch_ids(NOON, 0, ROWS)))
    pq.write_table(many.set_column(0, "id", ids), folder / "many.parquet")
    return folder / "many.parquet"


@pytest.fixture(scope="module")
def seconds(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long the append takes when nothing disturbs it."""
    store = Store(tmp_path_factory.mktemp("measured") / "a.duckdb")
    started = time.perf_counter()
    append(store, scored)
    taken = time.perf_counter() - started
    store.close()
    return taken


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_during_an_append_and_live_adds(tmp_path: Path, scored: Path, seconds: float, moment: float) -> None:
    path = tmp_path / "a.duckdb"
    said = killed(
        """
store, app = opened()

def add():
    read = app.predictor.predict("I love it")
    app.intake.record(read, ANA)
    say(read.id)

def add_more():
    while True:
        add()
        time.sleep(0.002)

for _ in range(20):
    add()
say("go")
threading.Thread(target=add_more, daemon=True).start()
append(store)
say("appended")
time.sleep(60)
""",
        path,
        scored,
        after=seconds * moment,
    )
    store = Store(path)
    assert_sound(store)
    assert len(said) >= 20
    live, appended = asked(
        store, "SELECT count(*) FILTER (source = 'live'), count(*) FILTER (source = 'batch') FROM predictions"
    )
    ids = [one for one in said if one != "appended"]
    told = asked(store, "SELECT count(*) FROM predictions WHERE list_contains(?::UUID[], id)", ids)
    assert told == (len(ids),)
    assert live in (len(ids), len(ids) + 1)  # the last one may have been recorded without being told
    assert appended == (ROWS if store.has_batch(BATCH) else 0)
    assert store.has_batch(BATCH) or "appended" not in said
    assert append(store, scored) == ROWS - appended
    assert store.count() == live + ROWS
    store.close()


@pytest.fixture(scope="module")
def old_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the first schema."""
    path = tmp_path_factory.mktemp("old") / "old.duckdb"
    Database(path, migrations=MIGRATIONS[:1]).close()
    with duckdb.connect(str(path)) as cursor:
        names = [row[0] for row in cursor.execute("SELECT column_name FROM (DESCRIBE predictions)").fetchall()]
        known = {
            "id": "uuid()",
            "made_at": "TIMESTAMP '2026-05-01 12:00:00'",
            "text": "'Café number ' || range || ' of them'",
            "labels": "1",
            "truncated": "false",
            "batch": "NULL",
        }
        texts = {"source", "actor", "top", "sentiment", "model", "model_version"}
        texts |= {"normaliser_version", "threshold_version", "rule_version"}
        cells = ", ".join(known.get(name, "'x'" if name in texts else "0.1") for name in names)
        cursor.execute(f"INSERT INTO predictions SELECT {cells} FROM range({OLD_ROWS})")  # noqa: S608
    return path


@pytest.fixture(scope="module")
def migrating_seconds(old_store: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    path = Path(shutil.copy(old_store, tmp_path_factory.mktemp("measured")))
    started = time.perf_counter()
    Store(path).close()
    return time.perf_counter() - started


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_during_a_migration(tmp_path: Path, old_store: Path, migrating_seconds: float, moment: float) -> None:
    path = Path(shutil.copy(old_store, tmp_path))
    killed('say("go"); Store(PATH); say("open"); time.sleep(60)', path, after=migrating_seconds * moment)
    store = Store(path)
    assert_sound(store)
    assert asked(store, "SELECT count(*), count(*) FILTER (contains(folded, ' cafe number ')) FROM predictions") == (
        OLD_ROWS,
        OLD_ROWS,
    )
    app = make_app(store)
    app.intake.record(app.predictor.predict("I love it"), Actor("ana"))
    assert store.count() == OLD_ROWS + 1
    store.close()


@pytest.fixture
def inbox(tmp_path: Path, scored: Path) -> Inbox:
    """An inbox in which five files wait."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    table = pq.read_table(scored)
    for number in range(FILES):
        pq.write_table(table.slice(number * FILE_ROWS, FILE_ROWS), folder / f"{number}.parquet")
    return Inbox(folder)


def assert_all_is_taken_in_once(inbox: Inbox, path: Path) -> None:
    store = Store(path)
    assert_sound(store)
    # What was moved away is in the store; what waits is there wholly or not at all.
    before, moved = store.count(), FILES - len(inbox.waiting())
    assert before in (moved * FILE_ROWS, (moved + 1) * FILE_ROWS)
    app = make_app(store)
    taken = inbox.take_in(lambda path, batch, name: app.intake.take_in(path, batch, name, Actor("ana")))
    assert [one.problem for one in taken] == [""] * (FILES - moved)
    assert before + sum(one.rows for one in taken) == store.count() == FILES * FILE_ROWS
    assert_sound(store)
    store.close()
    assert sorted(path.name for path in inbox.folder.iterdir()) == ["taken"]
    assert len(list((inbox.folder / "taken").iterdir())) == FILES


TAKE_IN = """
store, app = opened()

def keep(path, batch, name):
    rows = app.intake.take_in(path, batch, name, ANA)
    {between}
    return rows

say("go")
Inbox(FILES).take_in(keep)
time.sleep(60)
"""


def test_a_kill_between_the_commit_and_the_move(tmp_path: Path, inbox: Inbox) -> None:
    path = tmp_path / "a.duckdb"
    for taken in range(2):  # at the second start, the first file adds nothing, and the second is the one
        between = f"if name == '{taken}.parquet': os.kill(os.getpid(), signal.SIGKILL)"
        running = child(TAKE_IN.format(between=between), path, inbox.folder)
        assert running.wait(60) == -9
        running.communicate()
        assert len(inbox.waiting()) == FILES - taken
    assert_all_is_taken_in_once(inbox, path)


@pytest.mark.parametrize("moment", MOMENTS[1:])
def test_a_kill_while_files_are_taken_in(tmp_path: Path, inbox: Inbox, seconds: float, moment: float) -> None:
    path = tmp_path / "a.duckdb"
    killed(TAKE_IN.format(between=""), path, inbox.folder, after=seconds * moment)
    assert_all_is_taken_in_once(inbox, path)


def test_a_full_disk_keeps_what_was_recorded_and_goes_on_once_there_is_room(tmp_path: Path, scored: Path) -> None:
    path = tmp_path / "a.duckdb"
    running = child(
        """
store, app = opened()
app.intake.record(app.predictor.predict("I love it"), ANA)
store.close()
store, app = opened()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (PATH.stat().st_size + 100_000, most))
try:
    append(store)
except StoreError as error:
    say(error)
say(store.count())
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
app.intake.record(app.predictor.predict("so happy"), ANA)
say(store.count())
os.kill(os.getpid(), signal.SIGKILL)
""",
        path,
        scored,
    )
    message, within, after = running.communicate()[0].splitlines()
    assert "a.duckdb is full. This was not kept; what was recorded before is safe" in message
    assert (within, after) == ("1", "2")
    store = Store(path)
    assert_sound(store)
    assert {row.text for row in store.recent(5)} == {"I love it", "so happy"}
    assert append(store, scored) == ROWS
    store.close()


def test_a_reader_sees_all_of_an_append_or_nothing(tmp_path: Path, scored: Path) -> None:
    store = Store(tmp_path / "a.duckdb")
    appending = threading.Thread(target=append, args=(store, scored))
    seen = {store.count()}
    appending.start()
    while appending.is_alive():
        seen.add(store.count())
        assert len(store.recent(5)) in (0, 5)
    appending.join()
    assert seen <= {0, ROWS}
    assert store.count() == ROWS
    store.close()


def test_a_query_that_takes_too_long_is_stopped_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.duckdb", query_seconds=0.2)
    with pytest.raises(StoreError, match=r"took too long.*shorter period or fewer conditions"):
        asked(store, "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range * b.range % 7 = 3")
    assert store.count() == 0
    app = make_app(store)
    app.intake.record(app.predictor.predict("I love it"), Actor("ana"))
    assert store.count() == 1
    store.close()


def test_a_store_that_is_held_names_the_inbox(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    holder = child('store, _ = opened(); say("go"); time.sleep(60)', path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "go\n"
    try:
        with pytest.raises(StoreError, match=r"held by another process.*python -m core score FILE --inbox"):
            Store(path)
    finally:
        holder.kill()
        holder.communicate()
    Store(path).close()
