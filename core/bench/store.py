"""What questions to a large store cost, beside the same questions to pandas, which holds everything in memory."""

import functools
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import pandas as pd

from core.access.actor import Actor
from core.app import App
from core.clock import utc_now
from core.emotions import LABELS, Level
from core.explore.selection import Selection
from core.explore.time_buckets import bucket_for
from core.machine import machine_kind
from core.services.explorer import counted
from core.settings import settings
from core.stats.drift import psi
from core.store import Store
from core.store.explorer import ExplorerQueries
from core.store.synthetic import add_copies

ROUNDS: Final = 9
SIZES: Final = (1_000_000, 10_000_000)
_MILLISECONDS: Final = 1e3


@dataclass(frozen=True)
class Question:
    """One question of the explorer, and the same in pandas, None where pandas has no like of it."""

    name: str
    ours: Callable[[], Any]
    theirs: Callable[[pd.DataFrame], Any] | None = None


def run(sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> None:
    """Measure at each size and print.

    Raises:
        InputError: the sample tweets or the rules are missing.
        ModelError: the serving model cannot be loaded.
    """
    chosen = settings()
    print(f"\nThe store, {machine_kind()}; predictions are copies of the sample tweets' own, spread over a year")
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            app = App(chosen.model_copy(update={"database": Path(scratch) / "bench.duckdb", "query_seconds": 600}))
            try:
                store = app.store()
                started = time.perf_counter()
                add_copies(store, size, utc_now())
                seconds = time.perf_counter() - started
                print(f"{size:,} rows: made in {seconds:.0f} s, {store.path.stat().st_size / 1e6:,.0f} MB on disk")
                _ask(store, rounds, ours, theirs)
                _append(app, Path(scratch), 100_000)
            finally:
                app.close()
    _print(sizes, ours, theirs, rounds)


def _ask(store: Store, rounds: int, ours: dict[str, list[float]], theirs: dict[str, list[float]]) -> None:
    questions = _questions(ExplorerQueries(store))
    frame = _in_memory(store)
    for question in questions:
        ours.setdefault(question.name, []).append(_median(question.ours, rounds))
        ask = question.theirs
        theirs.setdefault(question.name, []).append(
            _median(functools.partial(ask, frame), max(3, rounds // 5)) if ask else np.nan
        )


def _median(ask: Callable[[], Any], rounds: int) -> float:
    ask()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * _MILLISECONDS


def _questions(explorer: ExplorerQueries) -> list[Question]:
    facets = explorer.facets()
    assert facets.first  # noqa: S101  (it was just filled)
    assert facets.last  # noqa: S101
    everything = Selection()
    month = Selection(since=facets.last - timedelta(days=30), until=facets.last)
    angry = Selection(emotions=("anger", "annoyance"), flagged=True)
    reference = Selection(until=facets.first + timedelta(days=182))
    bucket = bucket_for(facets.first, facets.last)
    newest = explorer.page(everything, "newest", 1)[0]
    detail = explorer.detail(newest.id)
    assert detail  # noqa: S101

    def over_time(bucket: timedelta, level: Level) -> pd.DataFrame:
        return counted(explorer.over_time(everything, bucket), level)

    return [
        Question("what there is to choose from", explorer.facets, _facets),
        Question("key figures, a year", lambda: explorer.totals(everything), _totals),
        Question("key figures, 30 days", lambda: explorer.totals(month)),
        Question("28 emotions over time", lambda: over_time(bucket, "emotion"), _over_time(bucket)),
        Question("Ekman groups over time", lambda: over_time(bucket, "ekman")),
        Question("28 emotions a day (calendar)", lambda: over_time(timedelta(days=1), "emotion")),
        Question("severity by category", lambda: explorer.severities(everything), _severities),
        Question(
            "sample of both sides (drift)",
            lambda: (explorer.sample(everything, 20_000), explorer.sample(reference, 20_000)),
            _drift,
        ),
        Question(
            "words of a day",
            lambda: explorer.words(month.within(month.since, month.since and month.since + timedelta(days=1))),
        ),
        Question("words of four weeks", lambda: explorer.words(month)),
        Question("text search, one word", lambda: explorer.count(Selection(text="never")), _search(" never ")),
        Question("text search, a phrase", lambda: explorer.count(Selection(text='"on hold"')), _search(" on hold ")),
        Question("filtered: angry and flagged", lambda: explorer.totals(angry)),
        Question("table page, newest first", lambda: explorer.page(everything, "newest", 100), _page("moment")),
        Question("table page, by anger", lambda: explorer.page(everything, "anger", 100), _page("anger")),
        Question("table page, gravest first", lambda: explorer.page(everything, "gravest", 100), _page("severity")),
        Question("table page 1,000 of a search", lambda: explorer.page(Selection(text="the"), "newest", 100, 99_900)),
        Question("one tweet in full", lambda: explorer.detail(newest.id)),
        Question("texts like it", lambda: explorer.near(detail)),
    ]


def _in_memory(store: Store) -> pd.DataFrame:
    """Return what the questions need as pandas holds it."""
    columns = "moment, source, model, model_version, labels, sentiment, margin, severity, categories, folded"
    with store.reading(600) as cursor:
        return cursor.execute(f"SELECT {columns}, {', '.join(LABELS)} FROM predictions").df()  # type: ignore[no-any-return]  # noqa: S608


def _facets(frame: pd.DataFrame) -> Any:
    return (
        frame["source"].unique(),
        frame.groupby(["model", "model_version"]).size(),
        frame["moment"].agg(["min", "max"]),
    )


def _totals(frame: pd.DataFrame) -> Any:
    return (
        len(frame),
        (frame["severity"] > 0).sum(),
        (frame["severity"] == 3).sum(),
        (frame["margin"] < 0.05).sum(),
        (frame["sentiment"] == "positive").sum(),
        (frame["sentiment"] == "negative").sum(),
    )


def _over_time(bucket: timedelta) -> Callable[[pd.DataFrame], Any]:
    def ask(frame: pd.DataFrame) -> Any:
        labels = frame["labels"].to_numpy()
        bits = pd.DataFrame({f"g{one}": labels >> np.uint32(one) & 1 for one in range(len(LABELS))})
        return bits.groupby(frame["moment"].dt.floor(bucket)).sum()

    return ask


def _severities(frame: pd.DataFrame) -> Any:
    return frame[frame["severity"] > 0].groupby(["severity", "categories"]).size()


def _drift(frame: pd.DataFrame) -> Any:
    half = frame[list(LABELS)].iloc[: len(frame) // 2]
    return [psi(half[label].to_numpy(), frame[label].to_numpy()) for label in LABELS]


def _search(words: str) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: frame["folded"].str.contains(words, regex=False).sum()


def _page(column: str) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: frame.nlargest(100, column)


def _append(app: App, folder: Path, rows: int) -> None:
    """Append a scored file while another thread asks questions all the time, and print how both fared."""
    scored = folder / "append.parquet"
    _scored_file(app, scored, rows)
    explorer, seconds = ExplorerQueries(app.store()), list[float]()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            started = time.perf_counter()
            explorer.totals(Selection())
            seconds.append(time.perf_counter() - started)

    reader = threading.Thread(target=ask)
    alone = _median(lambda: explorer.totals(Selection()), 5)
    reader.start()
    started = time.perf_counter()
    added = app.intake.take_in(scored, uuid4(), "append.parquet", Actor("bench"))
    took = time.perf_counter() - started
    stop.set()
    reader.join()
    print(
        f"  {added:,} scored rows taken in by one statement: {took:.1f} s; another thread's key figures meanwhile: "
        f"{statistics.median(seconds) * _MILLISECONDS:.0f} ms (median of {len(seconds)}), alone {alone:.0f} ms"
    )


def _scored_file(app: App, target: Path, rows: int) -> None:
    from core.bench.models import sample_texts  # noqa: PLC0415  (loads torch, which comes last)
    from core.files import open_writer  # noqa: PLC0415
    from core.predictions.columns import STORE_COLUMNS  # noqa: PLC0415

    texts = sample_texts(settings().sample_tweets, rows)
    scorer = app.scorer
    read = scorer.predictor.predict_batch(texts[:2_000])
    with open_writer(target, STORE_COLUMNS) as writer:
        for start in range(0, rows, len(read)):
            scorer.write_scored(writer, read, start, utc_now(), [None] * len(read))


def _print(sizes: tuple[int, ...], ours: dict[str, list[float]], theirs: dict[str, list[float]], rounds: int) -> None:
    head = "".join(f"{f'{size:,} rows':>16}{'pandas':>10}{'ratio':>8}" for size in sizes)
    print(f"\n{'milliseconds, median':34}{head}" + (f"{'growth':>9}" if len(sizes) > 1 else ""))
    for name, mine in ours.items():
        cells = "".join(
            f"{own:16.1f}{'–' if np.isnan(other) else f'{other:.1f}':>10}"
            f"{'–' if np.isnan(other) else f'{other / own:.1f}x':>8}"
            for own, other in zip(mine, theirs[name], strict=True)
        )
        growth = f"{mine[-1] / mine[0]:8.1f}x" if len(sizes) > 1 else ""
        print(f"{name:34}{cells}{growth}")
    print(
        f"Median of {rounds} (pandas {max(3, rounds // 5)}). Ratio: pandas, with all of it in memory, to the store; "
        f"above 1 the store is quicker. Growth: the largest to the smallest size."
    )
