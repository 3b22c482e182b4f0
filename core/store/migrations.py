"""The schema as a list of migrations, oldest first. Only ever append."""

from typing import Final

from core.emotions import LABELS

SCORE_COLUMNS: Final = ", ".join(LABELS)

# There is no primary key on predictions.id on purpose: ids are UUIDv7s, rows lie nearly in their order, so a look-up
# prunes to a few row groups, while an index would slow down every append and has to fit in memory.
MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    (
        "predictions and feedback",
        f"""
        CREATE TABLE predictions (
            id UUID NOT NULL, made_at TIMESTAMP NOT NULL, source VARCHAR NOT NULL, batch UUID, actor VARCHAR NOT NULL,
            text VARCHAR NOT NULL, truncated BOOLEAN NOT NULL,
            labels UINTEGER NOT NULL, top VARCHAR NOT NULL, sentiment VARCHAR NOT NULL,
            {", ".join(f"{label} FLOAT NOT NULL" for label in LABELS)},
            model VARCHAR NOT NULL, model_version VARCHAR NOT NULL, normaliser_version VARCHAR NOT NULL,
            threshold_version VARCHAR NOT NULL, rule_version VARCHAR, latency_ms FLOAT
        );
        CREATE TABLE batches (
            id UUID NOT NULL, made_at TIMESTAMP NOT NULL, source VARCHAR NOT NULL, actor VARCHAR NOT NULL,
            name VARCHAR NOT NULL, n_rows BIGINT NOT NULL
        );
        CREATE SEQUENCE event_number;
        CREATE TABLE feedback_events (
            number BIGINT NOT NULL DEFAULT nextval('event_number'),
            id UUID NOT NULL, prediction_id UUID NOT NULL, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL,
            verdict VARCHAR NOT NULL CHECK (verdict IN ('up', 'down', 'retracted')),
            suggested UINTEGER NOT NULL, comment VARCHAR NOT NULL
        );
        CREATE VIEW current_feedback AS
            SELECT * EXCLUDE (place) FROM (
                SELECT *, row_number() OVER (PARTITION BY prediction_id, actor ORDER BY number DESC) AS place
                FROM feedback_events
            ) WHERE place = 1 AND verdict <> 'retracted';
        """,
    ),
    (
        "flags, margins, the words of a text, saved views and the inbox",
        r"""
        -- The words of a text, case- and accent-blind, each between blanks: a word or a phrase is found by `contains`.
        CREATE MACRO fold(written) AS
            ' ' || trim(regexp_replace(lower(strip_accents(written)), '[^\p{L}\p{M}\p{N}]+', ' ', 'g')) || ' ';
        -- When it was posted, where that is known, else when it was read: the time of all charts.
        ALTER TABLE predictions ADD COLUMN moment TIMESTAMP;
        ALTER TABLE predictions ADD COLUMN folded VARCHAR;
        ALTER TABLE predictions ADD COLUMN margin FLOAT;
        ALTER TABLE predictions ADD COLUMN severity UTINYINT DEFAULT 0;
        ALTER TABLE predictions ADD COLUMN categories UTINYINT DEFAULT 0;
        ALTER TABLE predictions ADD COLUMN flags
            STRUCT(category VARCHAR, severity VARCHAR, start INTEGER, stop INTEGER, reason VARCHAR)[];
        UPDATE predictions SET moment = made_at, folded = fold(text), severity = 0, categories = 0;
        CREATE TABLE view_events (
            number BIGINT NOT NULL DEFAULT nextval('event_number'),
            made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, name VARCHAR NOT NULL, query VARCHAR
        );
        CREATE VIEW saved_views AS
            SELECT * EXCLUDE (place) FROM (
                SELECT *, row_number() OVER (PARTITION BY name ORDER BY number DESC) AS place FROM view_events
            ) WHERE place = 1 AND query IS NOT NULL;
        """,
    ),
    (
        "reviews: their events, what holds now, what is worth a look, second opinions",
        """
        -- The same words in any order: what was decided of one text says something of its twins. MD5, because what
        -- `hash` gives may change with DuckDB.
        CREATE MACRO twin_of(folded) AS
            md5_number_lower(array_to_string(list_sort(list_distinct(string_split(trim(folded), ' '))), ' '));
        ALTER TABLE predictions ADD COLUMN twin UBIGINT;
        -- What the baseline says of it, and which baseline.
        ALTER TABLE predictions ADD COLUMN second_labels UINTEGER;
        ALTER TABLE predictions ADD COLUMN second_model VARCHAR;
        UPDATE predictions SET twin = twin_of(folded);
        CREATE TABLE review_events (
            number BIGINT NOT NULL DEFAULT nextval('event_number'),
            id UUID NOT NULL, prediction_id UUID NOT NULL, made_at TIMESTAMP NOT NULL,
            actor VARCHAR NOT NULL, seat VARCHAR NOT NULL,
            kind VARCHAR NOT NULL CHECK (kind IN ('claim', 'release', 'confirm', 'correct', 'dismiss', 'escalate',
                'skip', 'reopen', 'second', 'undo')),
            emotions UINTEGER, before UINTEGER NOT NULL, note VARCHAR NOT NULL, undoes UUID, until TIMESTAMP,
            model VARCHAR NOT NULL, model_version VARCHAR NOT NULL, threshold_version VARCHAR NOT NULL,
            rule_version VARCHAR
        );
        -- What was said and not taken back, a claim included.
        CREATE VIEW standing_events AS
            SELECT * FROM review_events WHERE kind <> 'undo'
                AND id NOT IN (SELECT undoes FROM review_events WHERE kind = 'undo');
        -- The decision that holds: the last of each prediction that nobody took back; none where it was reopened.
        CREATE VIEW current_reviews AS
            SELECT * EXCLUDE (place) FROM (
                SELECT *, row_number() OVER (PARTITION BY prediction_id ORDER BY number DESC) AS place
                FROM standing_events WHERE kind IN ('confirm', 'correct', 'dismiss', 'escalate', 'reopen')
            ) WHERE place = 1 AND kind <> 'reopen';
        -- What is worth a look, and why: follows from the other tables at any time, see core/review/.
        CREATE TABLE review_items (
            prediction_id UUID NOT NULL, severity UTINYINT NOT NULL, reasons USMALLINT NOT NULL, score FLOAT NOT NULL
        );
        """,
    ),
    (
        "the revision of the store; one definition of twins",
        """
        -- core/review/twins.py alone says which texts are twins; the version of it that made a number stands beside it.
        -- What is NULL, or of another version, is filled in the background. To drop and to add a column takes no
        -- time, however many rows there are.
        DROP MACRO twin_of;
        ALTER TABLE predictions DROP COLUMN twin;
        ALTER TABLE predictions ADD COLUMN twin UBIGINT;
        ALTER TABLE predictions ADD COLUMN twin_version VARCHAR;
        -- One row, raised in the transaction of every commit: what was computed from the store holds while it stays.
        CREATE TABLE store_revision (number UBIGINT NOT NULL);
        INSERT INTO store_revision VALUES (0);
        """,
    ),
    (
        "what a row came with: the tweet's id, author, link, language and the file's other columns",
        """
        -- From here on `moment` is NULL where a file does not say when a text was posted. Older rows stay as they are.
        ALTER TABLE predictions ADD COLUMN tweet_id VARCHAR;
        ALTER TABLE predictions ADD COLUMN author VARCHAR;
        ALTER TABLE predictions ADD COLUMN link VARCHAR;
        ALTER TABLE predictions ADD COLUMN language VARCHAR;
        ALTER TABLE predictions ADD COLUMN extras VARCHAR;
        """,
    ),
)
"""Name and statements of each migration; its number is its place, from 1."""
