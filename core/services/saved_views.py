"""Views of the page Audit that are kept under a name."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.access.actor import Actor
from core.clock import utc_now
from core.errors import InputError
from core.store import Store

MAX_VIEW_NAME: Final = 80
"""Characters of a saved view's name."""


class SavedViews:
    """The saved views of one store."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def save(self, name: str, query: str | None, actor: Actor) -> None:
        """Keep a view of the explorer under a name, or take it off the list (None).

        Args:
            query: the part of the page's address behind the question mark.

        Raises:
            InputError: the name is empty or too long.
            StoreError: the store cannot be written.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= MAX_VIEW_NAME:
            raise InputError(f"A view needs a name of 1 to {MAX_VIEW_NAME} characters, this one has {len(name)}.")
        self._store().save_view(name, query, actor.name, self._now())

    def all(self) -> dict[str, str]:
        """Return the saved views: name to query, by name.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().views()
