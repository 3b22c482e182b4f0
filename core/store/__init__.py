"""The store: the only SQL. Predictions, flags and feedback in one DuckDB file that one process owns.

* `database`: the file, its migrations, cursors, transactions, time limits, and what errors mean to a person;
* `migrations`: the schema;
* `predictions`, `batches`, `feedback`, `saved_views`: what is recorded and looked up; a `Store` is all of them;
* `conditions`: what a `Selection` is in SQL;
* `explorer`: counts over many predictions, and pages of them;
* `export`, `feedback_export`: what a selection holds, and what people said, streamed into a file;
* `reviews`, `review_queue`: what moderators did, and what is worth a look;
* `feedback_stats`: thumbs, corrections and comments, counted;
* `synthetic`: a large store out of a small one, to measure on.

Times are stored in UTC without a zone. Feedback and reviews are appended; the views `current_feedback` and
`current_reviews` say what holds now.
"""

from core.store.batches import Batches, StoredBatch
from core.store.database import Database, StoreHeldError
from core.store.export import EXPORTS, export
from core.store.feedback import FeedbackLog
from core.store.migrations import MIGRATIONS
from core.store.predictions import Flips, Predictions
from core.store.saved_views import SavedViews

__all__ = ["EXPORTS", "MIGRATIONS", "Database", "Flips", "Store", "StoreHeldError", "StoredBatch", "export"]


class Store(Predictions, Batches, FeedbackLog, SavedViews):
    """One open DuckDB file with all that is recorded in it: each subject's methods stand in its own file."""
