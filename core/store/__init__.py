"""The store: the only SQL. Predictions, flags and feedback in one DuckDB file that one process owns.

* `database`: the file, its migrations, cursors, transactions, time limits, and what errors mean to a person;
* `schema`: the migrations;
* `store`: predictions, batches, feedback, saved views: what is recorded and looked up;
* `where`: what a `Selection` is in SQL;
* `explorer`: counts over many predictions, and pages of them;
* `export`, `feedback_log`: what a selection holds, and what people said, streamed into a file;
* `reviews`: what moderators did, and the queues that follow from it;
* `sayings`: thumbs, corrections and comments, counted.

Times are stored in UTC without a zone. Feedback and reviews are appended; the views `current_feedback` and
`current_reviews` say what holds now.
"""

from core.store.database import Database, StoreHeldError
from core.store.export import EXPORTS, export
from core.store.migrations import MIGRATIONS
from core.store.predictions import Flips, Store, StoredBatch

__all__ = ["EXPORTS", "MIGRATIONS", "Database", "Flips", "Store", "StoreHeldError", "StoredBatch", "export"]
