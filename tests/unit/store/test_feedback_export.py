"""The feedback log as a file: each event once, what holds, what was decided, and nothing that a spreadsheet runs."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from core.access.actor import Actor, Reviewer
from core.emotions import LABELS
from core.errors import InputError
from core.explore.selection import Selection
from core.files import neutralise
from core.ids import new_id
from core.predictions.record import Feedback, Prediction, Verdict
from core.store import EXPORTS, Store
from core.store.feedback_export import LOG_NAME, export_feedback
from core.store.reviews import Act, Reviews
from tests.unit.services.test_explorer import MIDNIGHT, tweet

COLUMNS = [
    *("event_id", "prediction_id", "made_at", "actor", "verdict", "holds"),
    *("tweet_id", "author", "link", "language", "extras", "text", "emotions", "suggested", "comment"),
    *("decision", "decided_emotions", "decided_by", "decided_at", "decision_note", "model", "model_version", "source"),
]
DAY = timedelta(days=1)


class Log:
    """A store, and a pen that writes events into it, a minute apart."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "a.duckdb")
        self.now = MIDNIGHT + DAY

    def tweet(self, *labels: str, **more: object) -> Prediction:
        self.now += timedelta(minutes=1)
        made = tweet(self.now, *labels, **more)
        self.store.add(made, "ana")
        return made

    def thumb(
        self, of: Prediction, verdict: Verdict, actor: str = "ana", suggested: tuple[str, ...] = (), comment: str = ""
    ) -> UUID:
        self.now += timedelta(minutes=1)
        event = Feedback(new_id(self.now), of.id, self.now, actor, verdict, suggested, comment)
        self.store.add_feedback(event)
        return event.id

    def decide(
        self, of: Prediction, kind: str, emotions: tuple[str, ...] | None = None, by: str = "mod", note: str = ""
    ) -> UUID:
        self.now += timedelta(minutes=1)
        reviews, act = Reviews(self.store), new_id(self.now)
        seen = reviews.standing(of.id).seen
        reviews.act(Act(act, of.id, self.now, Reviewer(Actor(by), by), kind, seen, emotions, note))  # type: ignore[arg-type]
        return act

    def undo(self, act: UUID, by: str = "mod") -> None:
        self.now += timedelta(minutes=1)
        Reviews(self.store).undo({act: new_id(self.now)}, Reviewer(Actor(by), by), self.now)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def read(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, strict=True))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return list(pq.read_table(path).to_pylist())


def written(
    log: Log, folder: Path, selection: Selection | None = None, suffix: str = ".jsonl"
) -> list[dict[str, object]]:
    path = folder / f"{LOG_NAME}{suffix}"
    rows = export_feedback(log.store, selection, path, overwrite=True)
    found = read(path)
    assert rows == len(found)
    return found


@pytest.mark.parametrize("suffix", EXPORTS)
def test_each_event_is_a_row_with_what_it_is_of_and_what_came_of_it(log: Log, tmp_path: Path, suffix: str) -> None:
    one = log.tweet("anger", text="no, =never")
    first = log.thumb(one, "up")
    second = log.thumb(one, "down", suggested=("fear", "annoyance"), comment='not "angry", afraid')
    log.decide(one, "correct", ("fear", "joy"), note="ana is right")
    found = written(log, tmp_path, suffix=suffix)
    assert [list(row) for row in found] == [COLUMNS] * 2
    truth = {".csv": ("false", "true")}.get(suffix, (False, True))
    assert [(row["event_id"], row["verdict"], row["holds"]) for row in found] == [
        (str(first), "up", truth[0]),
        (str(second), "down", truth[1]),
    ]
    last = found[1]
    assert last["prediction_id"] == str(one.id)
    assert last["made_at"] == "2026-05-05T00:03:00.000Z"
    assert (last["actor"], last["text"], last["emotions"]) == ("ana", "no, =never", "anger")
    assert (last["suggested"], last["comment"]) == ("annoyance|fear", 'not "angry", afraid')
    assert (last["decision"], last["decided_emotions"], last["decided_by"]) == ("correct", "fear|joy", "mod")
    assert (last["decided_at"], last["decision_note"]) == ("2026-05-05T00:04:00.000Z", "ana is right")
    assert (last["model"], last["model_version"], last["source"]) == ("fake", "1", "live")
    assert list(tmp_path.glob("*.partial")) == []


def test_what_was_taken_back_is_there_and_holds_no_longer(log: Log, tmp_path: Path) -> None:
    one, other = log.tweet("joy"), log.tweet("love")
    log.thumb(one, "down")
    log.thumb(one, "up", "bo")
    log.thumb(one, "retracted")
    log.thumb(other, "up")
    log.thumb(other, "retracted")
    log.thumb(other, "down")
    assert [(row["actor"], row["verdict"], row["holds"]) for row in written(log, tmp_path)] == [
        ("ana", "down", False),
        ("bo", "up", True),
        ("ana", "retracted", False),
        ("ana", "up", False),
        ("ana", "retracted", False),
        ("ana", "down", True),
    ]


def test_only_the_decision_that_holds_is_told(log: Log, tmp_path: Path) -> None:
    one, other, third = log.tweet("joy"), log.tweet("love"), log.tweet("fear")
    for of in (one, other, third):
        log.thumb(of, "down")
    log.decide(one, "correct", ("love",))
    log.decide(one, "escalate", by="bo")
    log.undo(log.decide(other, "confirm"))
    log.decide(third, "confirm")
    found = written(log, tmp_path)
    assert [(row["decision"], row["decided_emotions"], row["decided_by"]) for row in found] == [
        ("escalate", "", "bo"),
        ("", "", ""),
        ("confirm", "fear", "mod"),
    ]
    assert found[1]["decided_at"] is None


def test_a_text_that_is_gone_is_empty_and_in_the_whole_log_alone(log: Log, tmp_path: Path) -> None:
    old, new = log.tweet("joy", text="forget me"), log.tweet("love", text="keep me")
    log.thumb(old, "down", comment="wrong")
    log.thumb(new, "up")
    assert log.store.forget_before(new.made_at) == 1
    whole = written(log, tmp_path)
    assert [(row["text"], row["emotions"], row["comment"], row["source"]) for row in whole] == [
        ("", "", "wrong", ""),
        ("keep me", "love", "", "live"),
    ]
    assert [row["text"] for row in written(log, tmp_path, Selection())] == ["keep me"]
    assert written(log, tmp_path, Selection(emotions=("joy",))) == []


def test_a_selection_is_of_what_was_read(log: Log, tmp_path: Path) -> None:
    for label in ("joy", "anger"):
        log.thumb(log.tweet(label), "up")
    selected = Selection(emotions=("anger",), since=MIDNIGHT, until=log.now + DAY, text="goes")
    assert [row["emotions"] for row in written(log, tmp_path, selected)] == ["anger"]
    assert len(written(log, tmp_path, Selection(feedback=True))) == 2


def test_what_a_spreadsheet_would_run_is_made_harmless(log: Log, tmp_path: Path) -> None:
    hostile = ("=1+1", "@sum", "\t=2", "-2", "plain")
    for text in hostile:
        made = log.tweet("joy", text=text, model=text)
        log.thumb(made, "down", f"={text}", comment=text)
        log.decide(made, "escalate", by=f"+{text}", note=text)
    for suffix, safe in ((".csv", neutralise), (".parquet", str)):
        found = written(log, tmp_path, suffix=suffix)
        for column in ("text", "comment", "decision_note", "model"):
            assert [row[column] for row in found] == [safe(text) for text in hostile]
        assert [row["actor"] for row in found] == [safe(f"={text}") for text in hostile]
        assert [row["decided_by"] for row in found] == [safe(f"+{text}") for text in hostile]


def test_every_emotion_is_named(log: Log, tmp_path: Path) -> None:
    log.thumb(log.tweet("joy"), "down", suggested=LABELS)
    assert written(log, tmp_path)[0]["suggested"] == "|".join(LABELS)


def test_an_empty_log_has_a_header_and_bad_targets_are_refused(log: Log, tmp_path: Path) -> None:
    assert export_feedback(log.store, None, tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").strip().replace('"', "") == ",".join(COLUMNS)
    for path, said in ((tmp_path / "a.xlsx", "ends in"), (tmp_path / "a.csv", "exists already")):
        with pytest.raises(InputError, match=said):
            export_feedback(log.store, None, path)
    with pytest.raises(InputError, match="No emotion named 'bliss'"):
        export_feedback(log.store, Selection(emotions=("bliss",)), tmp_path / "b.csv")


def test_a_cancelled_export_leaves_nothing(log: Log, tmp_path: Path) -> None:
    log.thumb(log.tweet("joy"), "up")
    path = tmp_path / "a.parquet"
    rows = export_feedback(log.store, None, path, lambda: True)
    # So small an export may be done before anybody asks; then it is whole.
    assert (rows, path.exists()) in {(0, False), (1, True)}
