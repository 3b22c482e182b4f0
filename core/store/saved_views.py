"""Views of the explorer that are kept under a name: events that are appended, the last of a name holds."""

from datetime import datetime

from core.store.conditions import utc
from core.store.database import Database
from core.text import encodable


class SavedViews(Database):
    """The saved views of one open DuckDB file."""

    def save_view(self, name: str, query: str | None, actor: str, made_at: datetime) -> None:
        """Keep a view of the explorer by its name; the last one of a name holds, None takes it off the list.

        Raises:
            StoreError: the store cannot be written.
        """
        with self.transaction() as cursor:
            cursor.execute(
                "INSERT INTO view_events (made_at, actor, name, query) VALUES (?, ?, ?, ?)",
                [utc(made_at), actor, encodable(name), query],
            )

    def views(self) -> dict[str, str]:
        """Return the saved views: name to query, by name.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            return dict(cursor.execute("SELECT name, query FROM saved_views ORDER BY lower(name)").fetchall())
