import csv
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.explore.selection import Selection
from core.files import neutralise
from core.predictions.record import Feedback
from core.rules.flags import Flag
from core.store import Store, export
from tests.unit.services.test_explorer import MIDNIGHT, tweet

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "  +1+1",
    "-2",
    "@ana thanks",
    "\t=1",
    "＝1+1",
    'she said "no, never"; twice\nand again',
    "'; DROP TABLE predictions; --",
    "<script>alert(1)</script>",
    "\u202ertl\u202c",
    "\u200b=1",
    "",
    "plain 💀",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store(tmp_path / "it's a store.duckdb")
    for number, text in enumerate(HOSTILE):
        flags = (Flag("threat", "urgent", 0, 1, "=why"), Flag("hate", "info", 0, 1, "so"))[: number % 3]
        at = MIDNIGHT + timedelta(seconds=number)
        opened.add(tweet(at, *["joy", "anger"][: number % 3], text=text, flags=flags, rule_version="r"), "=ana")
    return opened


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, strict=True))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return list(pq.read_table(path).to_pylist())


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_what_is_exported_is_what_was_stored(store: Store, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"it's out{suffix}"
    assert export(store, Selection(), path) == len(HOSTILE)
    rows = read(path)
    safe = neutralise if suffix == ".csv" else str
    assert [row["text"] for row in rows] == [safe(text) for text in HOSTILE]
    assert [row["emotions"] for row in rows[:3]] == ["", "joy", "anger|joy"][:3] or rows[2]["emotions"] == "anger|joy"
    assert rows[2]["flagged_for"] == "threat|hate"
    assert rows[2]["flag_reasons"] == safe("=why | so")
    assert [row["severity"] for row in rows[:2]] == ["", "urgent"]
    assert rows[0]["actor"] == safe("=ana")
    assert float(str(rows[1]["joy"])) == pytest.approx(0.9)
    assert rows[0]["moment"] == "2026-05-04T00:00:00.000Z"
    assert list(tmp_path.glob("*.partial")) == []


def test_a_selection_and_its_thumbs(store: Store, tmp_path: Path) -> None:
    made = tweet(MIDNIGHT + timedelta(days=1), "love", text="new")
    store.add(made, "ana")
    for actor, verdict in (("ana", "up"), ("ben", "down"), ("eve", "down")):
        store.add_feedback(Feedback(uuid4(), made.id, datetime.now(UTC), actor, verdict))  # type: ignore[arg-type]
    path = tmp_path / "a.csv"
    assert export(store, Selection(emotions=("love",)), path) == 1
    (row,) = read(path)
    assert (row["text"], row["thumbs_up"], row["thumbs_down"]) == ("new", "1", "2")
    assert export(store, Selection(text="nowhere"), path, overwrite=True) == 0
    assert read(path) == []


def test_bad_targets_are_refused_with_the_mend(store: Store, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    for path, said in (
        (tmp_path / "a.xlsx", r"ends in \.csv"),
        (tmp_path / "none" / "a.csv", "no folder"),
        (tmp_path / "there.csv", "--overwrite"),
    ):
        with pytest.raises(InputError, match=said):
            export(store, Selection(), path)
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_cancelled_nothing_is_left(store: Store, tmp_path: Path) -> None:
    over = threading.Event()
    over.set()
    path = tmp_path / "a.parquet"
    rows = export(store, Selection(), path, over.is_set)
    # So small an export may be done before anybody asks; then it is whole.
    assert (rows, path.exists()) in {(0, False), (len(HOSTILE), True)}
    assert list(tmp_path.glob("*.partial")) == []


@given(
    text=st.text(
        alphabet=st.sampled_from(
            "=+-@＝－ \t\r\n\x00\x0b\x1f\x7f\x85\xa0\u1680\u2003\u200b\u2028\u202f\u2060\u3000\ufeffa1.e'\""
        ),
        max_size=6,
    )
)
@example("+1")
@example("=1")
@example("+1.e1")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_python_agree_on_what_may_be_a_formula(store: Store, text: str) -> None:
    from core.store.export import _harmless  # noqa: PLC0415

    with store.reading() as cursor:
        (harmless,) = cursor.execute(f"SELECT {_harmless('$text')}", {"text": text}).fetchone()
    assert harmless == neutralise(text)
    # A signed number is no formula; anything else that begins like one is behind an apostrophe.
    assert not re.match(r"\s*[=+@]", harmless) or re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", harmless)
