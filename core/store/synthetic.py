"""A large store out of a small one, to measure on: its own scored rows, again and again, over a year."""

from datetime import datetime, timedelta

from core.emotions import INDEX
from core.store.conditions import utc
from core.store.database import Database

_AT_ONCE = 1_000_000
SPIKE_BEFORE = timedelta(days=60)
"""How long before the last row the day lies on which anger is several times as frequent as usual."""


def add_copies(database: Database, rows: int, last: datetime, over: timedelta = timedelta(days=365)) -> None:
    """Add `rows` predictions to a store, each a copy of one that it has, with a time, an id and a number of its own.

    Times run evenly through `over`; a quarter of the anger of ten days around one day is moved to that day. The first
    half is said to be by model version `0`, so that there are two to compare.

    Args:
        last: when the newest one was posted.

    Raises:
        StoreError: the store cannot be written.
    """
    if not rows:
        return
    with database.reading() as cursor:
        seeds = cursor.execute("SELECT count(*) FROM predictions").fetchone()[0]
    step = int(over / timedelta(microseconds=1)) // rows
    for start in range(0, rows, _AT_ONCE):
        with database.transaction() as cursor:
            cursor.execute(
                f"""
                INSERT INTO predictions BY NAME
                WITH numbers AS (
                    SELECT range AS number, hash(range, 3) % $seeds AS seed,
                        $first::TIMESTAMP + to_microseconds((range * $step + hash(range, 7) % $step)::BIGINT) AS moment
                    FROM range($start, $stop)
                ), seeds AS (
                    -- The copies' ids are made later, so that they come after all of these.
                    SELECT *, row_number() OVER (ORDER BY id) - 1 AS seed
                    FROM (SELECT * FROM predictions ORDER BY id LIMIT $seeds)
                ), copies AS (
                    SELECT
                        kept.* EXCLUDE (seed, id, moment, made_at, text, folded, twin, twin_version, source, batch,
                            model_version), uuidv7() AS id, 'batch' AS source, kept.text || ' ' || number AS text,
                        CASE WHEN number * 2 < $rows THEN '0' ELSE kept.model_version END AS model_version,
                        CASE WHEN kept.labels & {1 << INDEX["anger"]}::UINTEGER <> 0 AND hash(number, 11) % 4 = 0
                            AND abs(epoch(numbers.moment) - epoch($spike::TIMESTAMP)) < 864000
                            THEN $spike::TIMESTAMP + to_microseconds((hash(number, 5) % 86400000000)::BIGINT)
                            ELSE numbers.moment END AS moment
                    FROM numbers JOIN seeds AS kept USING (seed)
                )
                SELECT *, moment AS made_at, fold(text) AS folded FROM copies ORDER BY moment
                """,
                {
                    "seeds": seeds,
                    "rows": rows,
                    "start": start,
                    "stop": min(start + _AT_ONCE, rows),
                    "first": utc(last) - over,
                    "step": step,
                    "spike": utc(last).replace(hour=0, minute=0, second=0, microsecond=0) - SPIKE_BEFORE,
                },
            )
