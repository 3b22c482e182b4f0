import os
import random
import re
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.access.actor import Actor
from core.app import App
from core.errors import InputError, StoreError
from core.files import open_table
from core.maintenance.inbox import Inbox, Taken, inbox_path, open_inbox_writer
from core.predictions.columns import STORE_COLUMNS
from core.store import Store
from tests.builders import make_app
from tests.unit.store.test_store import prediction

ANA = Actor("ana")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")


@pytest.fixture
def keep(store: Store) -> Callable[[Path, UUID, str], int]:
    return keeper(make_app(store))


def keeper(app: App) -> Callable[[Path, UUID, str], int]:
    return lambda path, batch, name: app.intake.take_in(path, batch, name, ANA)


def drop(inbox: Inbox, texts: list[str], name: str = "tweets.parquet") -> Path:
    """Score some texts into the inbox, as another process does that has another store, or none."""
    source = inbox.folder.parent / "source.txt"
    source.write_text("\n".join(texts), encoding="utf-8")
    with open_inbox_writer(inbox.folder / name) as writer:
        make_app().scorer.score_table(open_table(source), None, writer)  # type: ignore[arg-type]
    return writer.path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_taken_in_and_moved(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    path = drop(inbox, ["love it", "https://example.com", "so sad"])
    assert inbox.waiting() == [path]
    seen: list[Taken] = []
    assert inbox.take_in(keep, seen.append) == seen == [Taken("tweets.parquet", 2)]
    assert {(row.text, row.source) for row in store.recent(9)} == {("love it", "batch"), ("so sad", "batch")}
    assert [(batch.name, batch.actor, batch.rows) for batch in store.batches("batch")] == [("tweets.parquet", "ana", 2)]
    assert (inbox.waiting(), names(inbox.folder)) == ([], ["taken"])
    assert names(inbox.folder / "taken") == ["tweets.parquet"]
    assert inbox.take_in(keep) == []


def test_an_inbox_that_is_not_there_is_empty(inbox: Inbox, keep: Callable[..., int]) -> None:
    assert (inbox.waiting(), inbox.aside(), inbox.take_in(keep)) == ([], [], [])
    assert not inbox.folder.exists()


def test_a_file_in_the_folders_place_is_named(inbox: Inbox) -> None:
    inbox.folder.write_text("")
    with pytest.raises(InputError, match=r"inbox cannot be listed.*AFFECTRA_INBOX"):
        inbox.waiting()
    with pytest.raises(InputError, match=r"inbox cannot be made.*AFFECTRA_INBOX"):
        open_inbox_writer(inbox.folder / "a.parquet")


def test_the_same_content_is_taken_in_once_under_whatever_name(
    inbox: Inbox, store: Store, keep: Callable[..., int]
) -> None:
    path = drop(inbox, ["love it"], "a.parquet")
    shutil.copy(path, inbox.folder / "b.parquet")
    assert inbox.take_in(keep) == [Taken("a.parquet", 1), Taken("b.parquet", 0)]
    shutil.copy(inbox.folder / "taken" / "a.parquet", inbox.folder / "a.parquet")
    assert inbox.take_in(keep) == [Taken("a.parquet", 0)]
    assert store.count() == 1
    assert names(inbox.folder / "taken") == ["a-2.parquet", "a.parquet", "b.parquet"]


def test_only_whole_files_wait(inbox: Inbox) -> None:
    target = drop(inbox, ["love it"], "b.parquet")
    shutil.copy(target, inbox.folder / "A.PARQUET")
    for name in (".hidden.parquet", "c.parquet.1234.partial", "notes.txt", "parquet"):
        (inbox.folder / name).write_bytes(target.read_bytes())
    (inbox.folder / "folder.parquet").mkdir()
    (inbox.folder / "link.parquet").symlink_to(target)
    with open_inbox_writer(inbox.folder / "d.parquet"):
        assert [path.name for path in inbox.waiting()] == ["A.PARQUET", "b.parquet"]


def changed(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def with_column(name: str, value: object) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.schema.names.index(name), name, pa.array([value] * table.num_rows))

    return change


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"this is no Parquet"),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes()[:200] + b"\xff" * 400 + path.read_bytes()[600:]),
        lambda path: changed(path, lambda table: table.drop(["flags"])),
        lambda path: changed(path, lambda table: table.drop(["text"])),
        lambda path: path.write_bytes(path.read_bytes().replace(b"remorse", b"rem\xafrse")),
        lambda path: changed(path, with_column("id", "number 7")),
        lambda path: changed(path, with_column("id", str(uuid4()))),
        lambda path: changed(path, with_column("joy", 1.5)),
        lambda path: changed(path, with_column("joy", "much")),
        lambda path: changed(path, with_column("text", 7)),
        lambda path: changed(path, with_column("model", None)),
        lambda path: changed(path, with_column("made_at", "yesterday")),
        lambda path: changed(path, with_column("labels", 1 << 28)),
        lambda path: changed(path, with_column("top", "bliss")),
    ],
)
def test_what_cannot_be_taken_in_is_set_aside(
    inbox: Inbox, store: Store, private: bool, spoil: Callable[[Path], object]
) -> None:
    good = drop(inbox, ["love it"], "z.parquet")
    spoil(drop(inbox, ["so sad", "damn"], "bad.parquet"))
    bad, kept = inbox.take_in(keeper(make_app(store, private=private)))
    assert (bad.name, bad.rows, kept) == ("bad.parquet", 0, Taken("z.parquet", 1))
    assert bad.problem
    assert "bad.parquet" in bad.problem
    assert inbox.aside() == [("bad.parquet", bad.problem)]
    assert "move it back" in (inbox.folder / "aside" / "bad.txt").read_text(encoding="utf-8")
    assert not good.exists()
    assert (store.count(), inbox.waiting()) == (1, [])


FLAG = '[{"category":"%s","severity":"%s","start":%s,"stop":%s,"reason":"r"}]'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flags", "{oops"),
        ("flags", FLAG % ("nonsense", "info", 0, 1)),
        ("flags", FLAG % ("threat", "boom", 0, 1)),
        ("flags", FLAG % ("threat", "info", "null", 1)),
        ("flags", FLAG % ("threat", "info", 2, 1)),
        ("severity", 4),
        ("categories", None),
        ("rule_version", "![x](http://evil.example/x.png)"),
        ("threshold_version", "=HYPERLINK(1)"),
        ("posted_at", "9999-12-31T00:00:00"),
        ("made_at", "infinity"),
    ],
)
def test_cells_that_cannot_be_are_set_aside(
    inbox: Inbox, keep: Callable[..., int], store: Store, name: str, value: object
) -> None:
    changed(drop(inbox, ["so sad"]), with_column(name, value))
    assert inbox.take_in(keep)[0].problem
    assert store.count() == 0


def test_damaged_files_never_bring_down_the_store(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    whole = drop(inbox, [f"love {number}" for number in range(40)]).read_bytes()
    # Reading this one, whose footer says that a column takes less room than it does, DuckDB gives up the database.
    worst, found = re.subn(rb"(?s)(\x06relief\x15\x02\x16.\x16..\x16)..", lambda match: match[1] + b"\x85\x01", whole)
    assert found == 1
    (inbox.folder / "worst.parquet").write_bytes(worst)
    rng = random.Random(3)  # noqa: S311
    for number in range(100):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 2, 20])):
            damaged[-1 - rng.randrange(rng.choice([9_000, len(whole)]))] = rng.randrange(256)
        (inbox.folder / f"{number}.parquet").write_bytes(damaged)
    assert len(inbox.take_in(keep)) == 102
    assert inbox.waiting() == []
    store.add(prediction(), "ana")
    store.close()
    Store(store.path).close()


def test_rows_that_are_stored_are_not_taken_in_again(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    path = drop(inbox, ["love it", "so sad"])
    again = path.with_name("z.parquet")
    changed(Path(shutil.copy(path, again)), lambda table: table.slice(1))
    first, second = inbox.take_in(keep)
    assert (first.rows, second.rows) == (2, 0)
    assert "1 of 1 rows are in the store already" in second.problem
    assert store.count() == 2


def test_what_was_mended_and_put_back_is_tried_again(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    path = drop(inbox, ["love it"])
    whole = path.read_bytes()
    for damaged in (whole[:50], whole[:60]):
        path.write_bytes(damaged)
        inbox.take_in(keep)
    assert [name for name, _ in inbox.aside()] == ["tweets-2.parquet", "tweets.parquet"]
    (inbox.folder / "aside" / "tweets-2.parquet").rename(path)
    path.write_bytes(whole)
    assert inbox.take_in(keep) == [Taken("tweets.parquet", 1)]
    assert [name for name, _ in inbox.aside()] == ["tweets.parquet"]
    (inbox.folder / "aside" / "tweets.txt").unlink()
    assert "tried again" in inbox.aside()[0].reason


def test_what_is_the_fault_of_the_store_leaves_the_file(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    first, second = drop(inbox, ["love it"], "a.parquet"), drop(inbox, ["so sad"], "b.parquet")

    def full(path: Path, batch: UUID, name: str) -> int:
        if path == second:
            raise StoreError("The disk is full.")
        return keep(path, batch, name)

    with pytest.raises(StoreError, match="disk is full"):
        inbox.take_in(full)
    assert (first.exists(), inbox.waiting(), inbox.aside()) == (False, [second], [])
    assert inbox.take_in(keep) == [Taken("b.parquet", 1)]
    assert store.count() == 2


def test_a_store_that_is_closed_leaves_the_file(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    path = drop(inbox, ["love it"])
    store.close()
    with pytest.raises(StoreError):
        inbox.take_in(keep)
    assert inbox.waiting() == [path]


def test_a_crash_between_the_record_and_the_move_takes_nothing_twice(
    inbox: Inbox, store: Store, keep: Callable[..., int]
) -> None:
    drop(inbox, ["love it"])

    def crash(path: Path, batch: UUID, name: str) -> int:
        keep(path, batch, name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inbox.take_in(crash)
    assert inbox.take_in(keep) == [Taken("tweets.parquet", 0)]
    assert (store.count(), inbox.waiting()) == (1, [])


def test_threads_take_in_each_file_once(inbox: Inbox, store: Store, keep: Callable[..., int]) -> None:
    for number in range(12):
        drop(inbox, [f"love {number}"], f"{number:02}.parquet")
    found: list[Taken] = []
    problems: list[Exception] = []

    def work() -> None:
        try:
            # Each has an inbox of its own, as each session of the app may have.
            found.extend(Inbox(inbox.folder).take_in(keep))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(found, key=lambda taken: taken.name) == [Taken(f"{number:02}.parquet", 1) for number in range(12)]
    assert store.count() == 12


def test_a_file_that_another_process_moved_is_none_of_ours(
    inbox: Inbox, store: Store, keep: Callable[..., int]
) -> None:
    paths = [drop(inbox, [f"love {number}"], f"{number}.parquet") for number in range(4)]

    def meanwhile(path: Path, batch: UUID, name: str) -> int:
        paths[1].unlink(missing_ok=True)  # before it is looked at
        if path == paths[2]:
            path.unlink()  # before it is read
        rows = keep(path, batch, name)
        if path == paths[3]:
            path.unlink()  # before it is moved
        return rows

    assert inbox.take_in(meanwhile) == [Taken("0.parquet", 1), Taken("3.parquet", 1)]
    assert (store.count(), inbox.waiting(), inbox.aside()) == (2, [], [])


def test_cancelling_stops_before_the_next_file(inbox: Inbox, keep: Callable[..., int]) -> None:
    for name in ("a.parquet", "b.parquet"):
        drop(inbox, [name], name)
    asked = iter([False, True])
    assert inbox.take_in(keep, cancelled=lambda: next(asked)) == [Taken("a.parquet", 1)]
    assert [path.name for path in inbox.waiting()] == ["b.parquet"]


@pytest.mark.parametrize("broken", ["taken", "aside"])
def test_a_file_that_cannot_be_moved_is_named(
    inbox: Inbox, store: Store, keep: Callable[..., int], broken: str
) -> None:
    path = drop(inbox, ["love it"])
    if broken == "aside":
        path.write_bytes(b"damaged")
    (inbox.folder / broken).write_text("a file in the folder's place")
    (taken,) = inbox.take_in(keep)
    assert "by hand" in taken.problem
    assert (taken.rows, store.count(), inbox.waiting()) == ((broken == "taken"), (broken == "taken"), [path])
    inbox.take_in(keep)
    assert store.count() == (broken == "taken")


@pytest.mark.parametrize("name", ["tweets[1].parquet", "t*s.parquet", "it's ?.parquet", "день 😀.parquet"])
def test_a_name_stands_for_itself(inbox: Inbox, store: Store, name: str) -> None:
    path = drop(inbox, ["love it"], name)
    for found_by_wildcard in ("tweets1", "tweets", "it's x"):
        drop(inbox, ["so sad"], f"{found_by_wildcard}.parquet")
    added = store.add_batch(path, batch=uuid4(), name=name, source="batch", actor="ana", made_at=datetime.now(UTC))
    assert (added, [row.text for row in store.recent(5)]) == (1, ["love it"])


def test_a_name_that_is_not_utf_8_is_told(inbox: Inbox, keep: Callable[..., int]) -> None:
    path = drop(inbox, ["love it"])
    path.rename(inbox.folder / os.fsdecode(b"n\xff.parquet"))
    (taken,) = inbox.take_in(keep)
    assert "not UTF-8" in taken.problem
    assert [reason for _, reason in inbox.aside()] == [taken.problem.replace("\udcff", "\ufffd")]


def test_a_folder_whose_name_looks_like_a_partition_says_nothing_of_its_files(tmp_path: Path, store: Store) -> None:
    path = drop(Inbox(tmp_path / "model=other"), ["love it"])
    store.add_batch(path, batch=uuid4(), name="a", source="batch", actor="ana", made_at=datetime.now(UTC))
    assert store.recent(1)[0].model == "fake"


def test_nothing_unmasked_is_stored_in_private_mode(inbox: Inbox, store: Store) -> None:
    texts = ["@ana, I hate that knife, call 020 7946 0000", "love it", "https://example.com", "damn ana@example.com"]
    drop(inbox, texts * 1_500)
    app = make_app(store, private=True)
    assert inbox.take_in(keeper(app)) == [Taken("tweets.parquet", 4_500)]
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        rows = connection.execute(
            "SELECT text, severity, flags, top, rule_version, folded, count(*) FROM predictions "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    (angry, swearing, happy) = rows
    assert [row[6] for row in rows] == [1_500] * 3
    assert (angry[0], angry[1], angry[3]) == ("[NAME], I hate that knife, call [PHONE]", 3, "anger")
    (flag,) = angry[2]
    assert angry[0][flag["start"] : flag["stop"]] == "knife"
    assert (swearing[0], swearing[1], happy[:3]) == ("damn [EMAIL]", 1, ("love it", 0, []))
    assert {row[4] for row in rows} == {"rules1"}
    assert not any("ana" in row[5] or "7946" in row[5] for row in rows)
    # Whoever finds it again after a crash masks nothing again, and adds nothing.
    (inbox.folder / "taken" / "tweets.parquet").rename(inbox.folder / "tweets.parquet")
    again = Store(store.path)
    assert inbox.take_in(keeper(make_app(again, private=True))) == [Taken("tweets.parquet", 0)]


@pytest.mark.parametrize("private", [False, True])
def test_a_copy_that_finds_no_room_leaves_the_file(
    inbox: Inbox, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private: bool
) -> None:
    path = drop(inbox, ["love it"])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StoreError, match=r"tweets\.parquet cannot be copied, and waits"):
        inbox.take_in(keeper(make_app(store, private=private)))
    assert inbox.waiting() == [path]


def test_paths_are_new_and_tell_their_source(tmp_path: Path) -> None:
    before = f"{datetime.now(UTC):%Y%m%d}"
    paths = {inbox_path(tmp_path, "My tweets/2026 (final) é.csv") for _ in range(50)}
    assert len(paths) == 50
    assert all(path.parent == tmp_path and path.suffix == ".parquet" for path in paths)
    assert {path.name.split("-", 2)[2].rsplit("-", 1)[0] for path in paths} == {"2026-final-é"}
    assert all(before <= path.name[:8] <= f"{datetime.now(UTC):%Y%m%d}" for path in paths)
    for odd in ("...csv", "\udcff.csv", "", "x" * 500 + ".csv", "😀😀.csv"):
        inbox_path(tmp_path, odd).write_bytes(b"")


def test_a_file_that_is_written_has_the_columns_of_the_store(inbox: Inbox) -> None:
    path = drop(inbox, ["love it"])
    assert pq.read_schema(path).names == [column.name for column in STORE_COLUMNS]
    with pytest.raises(InputError, match="exists already"):
        open_inbox_writer(path)
