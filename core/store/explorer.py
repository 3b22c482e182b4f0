"""Counts over many predictions, and pages of them. DuckDB aggregates: no raw row leaves it only to be counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import pandas as pd

from core.emotions import LABELS, Scores
from core.errors import InputError
from core.explore.selection import Selection
from core.predictions.columns import ORIGIN
from core.predictions.masks import from_mask
from core.predictions.record import Origin
from core.rules.flags import Flag, categories_of
from core.store.conditions import condition
from core.store.database import Database
from core.store.migrations import SCORE_COLUMNS
from core.store.predictions import filled, rows_by_id

ORDERS: Final[dict[str, str]] = {
    "newest": "moment DESC, id DESC",
    "oldest": "moment, id",
    "gravest": "severity DESC, moment DESC, id DESC",
    "least-certain": "margin, id DESC",
    "most-certain": "margin DESC NULLS LAST, id DESC",
    "longest": "length(text) DESC, id DESC",
}
"""How a page of rows can be ordered: besides these, by an emotion's name, the most probable first."""

_LANGUAGES: Final = 100
"""Languages that are offered to choose from."""

_CANDIDATES: Final = 5_000
"""Texts that are compared with another word by word."""

_LISTED: Final = (
    "id, moment, source, text, labels, top, sentiment, margin, severity, categories, model, model_version, rule_version"
)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many predictions a selection holds, and of which kind.

    Attributes:
        judged: those whose distance to the thresholds is known; `uncertain` is of these.
        ups, downs: thumbs that hold now.
    """

    n: int
    flagged: int
    urgent: int
    judged: int
    uncertain: int
    positive: int
    negative: int
    ups: int
    downs: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from.

    Attributes:
        first, last: the earliest and the latest moment, None where nothing has one.
        languages: the most frequent ones, as files write them.
    """

    n: int
    first: datetime | None
    last: datetime | None
    sources: tuple[str, ...]
    models: tuple[str, ...]
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A prediction as a table of many shows it.

    Attributes:
        moment: when it was posted, or typed; None where that is not known.
    """

    id: UUID
    moment: datetime | None
    source: str
    text: str
    labels: tuple[str, ...]
    top: str
    sentiment: str
    margin: float | None
    severity: int
    categories: tuple[str, ...]
    model: str
    model_version: str
    rule_version: str | None


@dataclass(frozen=True, slots=True)
class Detail:
    """All that is known of one prediction.

    Attributes:
        scores: float32 [1, 28].
        made_at: when it was read; `listed.moment` is when it was posted, if that is known.
        batch: the name of the file or audit it came with, empty if none.
    """

    listed: Listed
    scores: Scores
    flags: tuple[Flag, ...]
    made_at: datetime
    actor: str
    truncated: bool
    normaliser_version: str
    threshold_version: str
    batch: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Near:
    """A text that shares most of its words with another.

    Attributes:
        likeness: the words in both over the words in either (Jaccard), 0..1.
    """

    listed: Listed
    likeness: float


class ExplorerQueries:
    """Questions about the predictions of a store. Everything is read; nothing is ever written here.

    Every method raises `InputError` for a selection that names what does not exist, and `StoreError` where the store
    cannot be read or takes too long.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def facets(self) -> Facets:
        """Return what the whole store has to choose from."""
        with self._database.reading() as cursor:
            n, first, last = cursor.execute("SELECT count(*), min(moment), max(moment) FROM predictions").fetchone()
            sources = cursor.execute("SELECT DISTINCT source FROM predictions ORDER BY source").fetchall()
            models = cursor.execute("SELECT DISTINCT model, model_version FROM predictions ORDER BY ALL").fetchall()
            languages = cursor.execute(
                "SELECT language FROM predictions WHERE language IS NOT NULL GROUP BY language "
                f"ORDER BY count(*) DESC, language LIMIT {_LANGUAGES}"
            ).fetchall()
        return Facets(
            n,
            _aware(first),
            _aware(last),
            tuple(row[0] for row in sources),
            tuple(" ".join(row) for row in models),
            tuple(row[0] for row in languages),
        )

    def totals(self, selection: Selection) -> Totals:
        """Count a selection."""
        where = condition(selection)
        uncertain = condition(Selection(uncertain=True))
        with self._database.reading() as cursor:
            row = cursor.execute(
                f"""
                SELECT count(*), count(*) FILTER (severity > 0), count(*) FILTER (severity = 3), count(margin),
                    count(*) FILTER ({uncertain.sql}),
                    count(*) FILTER (sentiment = 'positive'), count(*) FILTER (sentiment = 'negative'),
                    coalesce(sum(ups), 0), coalesce(sum(downs), 0)
                FROM predictions LEFT JOIN (
                    SELECT prediction_id, count(*) FILTER (verdict = 'up') AS ups,
                        count(*) FILTER (verdict = 'down') AS downs
                    FROM current_feedback GROUP BY prediction_id
                ) ON prediction_id = predictions.id
                WHERE {where.sql}
                """,
                where.values | uncertain.values,
            ).fetchone()
        return Totals(*map(int, row))

    def over_time(self, selection: Selection, bucket: timedelta) -> pd.DataFrame:
        """Count by equal stretches of time and by set of emotions; weeks begin on Mondays.

        All counts of emotions, of their groups and of their pairs follow from it: there are far fewer sets than texts,
        and a count for each of the 28 costs the database four times as much.

        Returns:
            columns bucket (datetime64, ascending; NaT for what has no time), labels (uint32, bit j says that emotion j
            is in the set), n and flagged (texts); only what occurs.
        """
        where = condition(selection)
        with self._database.reading() as cursor:
            return _frame(
                cursor.execute(
                    f"""
                    SELECT time_bucket($bucket, moment, TIMESTAMP '2001-01-01') AS bucket, labels, count(*) AS n,
                        count(*) FILTER (severity > 0) AS flagged
                    FROM predictions WHERE {where.sql} GROUP BY ALL ORDER BY bucket NULLS LAST
                    """,
                    where.values | {"bucket": bucket},
                )
            )

    def severities(self, selection: Selection) -> pd.DataFrame:
        """Count flags by what they are for.

        Returns:
            columns category, severity, count.
        """
        where = condition(selection)
        with self._database.reading() as cursor:
            return _frame(
                cursor.execute(
                    f"""
                    SELECT flag.category AS category, flag.severity AS severity, count(*) AS count FROM
                        (SELECT unnest(flags) AS flag FROM predictions WHERE severity > 0 AND {where.sql})
                    GROUP BY ALL
                    """,
                    where.values,
                )
            )

    def sample(self, selection: Selection, size: int) -> tuple[int, Scores]:
        """Return how many predictions a selection holds, and the scores of about `size` of them, always the same ones.

        Returns:
            n, and float32 [m, 28] where m is near `size`, or n if that is less.
        """
        where = condition(selection)
        with self._database.reading() as cursor:
            n = int(cursor.execute(f"SELECT count(*) FROM predictions WHERE {where.sql}", where.values).fetchone()[0])
            # A hash, and not every k-th: what repeats in a stream must not fall in step with it.
            found = cursor.execute(
                f"SELECT {SCORE_COLUMNS} FROM predictions WHERE hash(id) % $every::UBIGINT = 0 AND {where.sql}",
                where.values | {"every": max(1, n // size)},
            ).fetchnumpy()
        return n, np.stack([np.asarray(found[label], np.float32) for label in LABELS], axis=1)

    def words(self, selection: Selection, most: int = 20_000) -> pd.DataFrame:
        """Count in how many texts each word occurs.

        Args:
            most: texts that are looked at; of more, an even sample.

        Returns:
            columns word, texts (how many hold it), and of (how many were looked at).
        """
        where = condition(selection)
        with self._database.reading() as cursor:
            n = int(cursor.execute(f"SELECT count(*) FROM predictions WHERE {where.sql}", where.values).fetchone()[0])
            return _frame(
                cursor.execute(
                    f"""
                    WITH chosen AS (
                        SELECT list_distinct(string_split(trim(folded), ' ')) AS words FROM predictions
                        WHERE hash(id) % $every::UBIGINT = 0 AND {where.sql}
                    )
                    SELECT word, count(*) AS texts, (SELECT count(*) FROM chosen) AS "of"
                    FROM (SELECT unnest(words) AS word FROM chosen) WHERE word <> '' GROUP BY word
                    """,
                    where.values | {"every": max(1, n // most)},
                )
            )

    def count(self, selection: Selection) -> int:
        """Return how many predictions a selection holds."""
        where = condition(selection)
        with self._database.reading() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM predictions WHERE {where.sql}", where.values).fetchone()
        return int(row[0])

    def page(self, selection: Selection, order: str, limit: int, offset: int = 0) -> list[Listed]:
        """Return some rows of a selection, ordered by the database.

        Args:
            order: one of `ORDERS`, or an emotion: its most probable first.

        Raises:
            InputError: there is no such order.
        """
        if order in LABELS:
            by = f"{order} DESC, id DESC"
        elif order in ORDERS:
            by = ORDERS[order]
        else:
            raise InputError(f"Rows cannot be ordered by {order!r}. Choose {', '.join(ORDERS)}, or an emotion.")
        where = condition(selection)
        # The order needs a column or two; the others are read for the rows of the page alone.
        with self._database.reading() as cursor:
            found = cursor.execute(
                f"SELECT id FROM predictions WHERE {where.sql} ORDER BY {by} LIMIT $limit OFFSET $offset",
                where.values | {"limit": limit, "offset": offset},
            ).fetchall()
            rows = _rows_of(cursor, [row[0] for row in found])
        return [rows[row[0]] for row in found if row[0] in rows]

    def detail(self, prediction_id: UUID) -> Detail | None:
        """Return all that is known of a prediction; None where it is not in the store (any more)."""
        with self._database.reading() as cursor:
            row = cursor.execute(
                f"""
                SELECT {_LISTED}, {SCORE_COLUMNS}, flags, made_at, actor, truncated, normaliser_version,
                    threshold_version, coalesce((SELECT any_value(name) FROM batches WHERE batches.id = batch), ''),
                    {", ".join(ORIGIN)}
                FROM predictions WHERE id = ? LIMIT 1
                """,
                [prediction_id],
            ).fetchone()
        if row is None:
            return None
        width = _LISTED.count(",") + 1
        flags, made_at, *rest = row[width + len(LABELS) :]
        actor, truncated, normaliser_version, threshold_version, batch, *origin = rest
        return Detail(
            _listed(row[:width]),
            np.array([row[width : width + len(LABELS)]], np.float32),
            tuple(Flag(**flag) for flag in flags or ()),
            made_at.replace(tzinfo=UTC),
            actor,
            truncated,
            normaliser_version,
            threshold_version,
            batch,
            Origin(*origin),
        )

    def near(self, detail: Detail, least: float = 0.6, limit: int = 10) -> list[Near]:
        """Return the texts most similar to a prediction's, the most similar first, itself left out.

        Candidates share one of the text's two longest words, which are mostly its rarest, and are not much shorter or
        longer: the newest `_CANDIDATES` of them. Their likeness is exact.

        Args:
            least: the likeness from which a text counts, 0..1.
        """
        with self._database.reading() as cursor:
            words = cursor.execute(
                "SELECT list_distinct(string_split(trim(fold(?)), ' '))", [detail.listed.text]
            ).fetchone()[0]
            longest = sorted(filter(None, words), key=len, reverse=True)[:2]
            if not longest:
                return []
            shared = " OR ".join(f"contains(folded, $word{number})" for number in range(len(longest)))
            found = cursor.execute(
                f"""
                WITH sharing AS (
                    SELECT id, folded FROM predictions
                    WHERE strlen(folded) BETWEEN $length * 0.4 AND $length * 2.5 AND ({shared}) AND id <> $id
                    ORDER BY id DESC LIMIT {_CANDIDATES}
                ), candidates AS (
                    SELECT id, list_distinct(string_split(trim(folded), ' ')) AS others FROM sharing
                ), likened AS (
                    SELECT id, len(list_intersect(others, $words)) AS common, len(others) AS n FROM candidates
                )
                SELECT id, common / (n + {len(words)} - common) AS likeness FROM likened
                WHERE likeness >= $least ORDER BY likeness DESC, id DESC LIMIT $limit
                """,
                {
                    "id": detail.listed.id,
                    "length": sum(len(word.encode()) + 1 for word in words) + 1,
                    "words": words,
                    "least": least,
                    "limit": limit,
                    **{f"word{number}": f" {word} " for number, word in enumerate(longest)},
                },
            ).fetchall()
            rows = _rows_of(cursor, [row[0] for row in found])
        near = [Near(rows[one], likeness) for one, likeness in found if one in rows]
        return sorted(
            near, key=lambda one: (one.likeness, one.listed.moment or datetime.min.replace(tzinfo=UTC)), reverse=True
        )

    def revision(self) -> int:
        """Return a number that changes whenever the store does."""
        return self._database.revision()


def _frame(result: Any) -> pd.DataFrame:
    columns = result.fetchnumpy()
    return pd.DataFrame({name: filled(values) for name, values in columns.items()})


def _rows_of(cursor: Any, ids: Sequence[UUID]) -> dict[UUID, Listed]:
    return {own: _listed(row) for own, row in rows_by_id(cursor, _LISTED, ids).items()}


def _listed(row: Sequence[Any]) -> Listed:
    return Listed(
        id=row[0],
        moment=_aware(row[1]),
        source=row[2],
        text=row[3],
        labels=from_mask(row[4]),
        top=row[5],
        sentiment=row[6],
        margin=row[7],
        severity=row[8] or 0,
        categories=categories_of(row[9] or 0),
        model=row[10],
        model_version=row[11],
        rule_version=row[12],
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
