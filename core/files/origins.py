"""What a row came with: which tweet it is, by whom, where, in which language, and the file's other columns."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.files.cells import other_text, plain, texts
from core.files.column_names import last
from core.files.columns import Roles, choose_roles
from core.files.facts import Choice
from core.files.marks import is_placeholder
from core.files.table import Batch, Table
from core.files.times import TimeColumn
from core.text import encodable

EXTRAS_BYTES: Final = 4_096
"""How many bytes the other columns of a row may take; what is more is left out, and counted."""
LEFT_OUT: Final = "(left out)"
"""The name under which the JSON of a row says how many of its cells were cut or left out."""

_CELL_CHARS: Final = 1_000
_FROM_X: Final = frozenset(
    (
        *("author_id", "conversation_id", "edit_history_tweet_ids", "favorite_count", "favorited", "full_text"),
        *("in_reply_to_status_id", "in_reply_to_status_id_str", "in_reply_to_user_id", "is_quote_status"),
        *("possibly_sensitive", "quoted_status_id", "retweet_count", "retweeted", "screen_name", "tweet_created"),
        *("tweet_id", "tweet_text", "tweet_url", "tweetid"),
    )
)
_X_ID: Final = re.compile(r"[0-9]{5,20}")
_X_HANDLE: Final = re.compile(r"@?((?![0-9]+\Z)[A-Za-z0-9_]{1,15})")


@dataclass(frozen=True, slots=True)
class Origins:
    """What some consecutive rows came with, one entry each; None where a cell is blank or there is no such column.

    Attributes:
        languages: as the file writes them.
        extras: JSON objects of at most `EXTRAS_BYTES` bytes: the file's other cells that are filled, by column.
        cut: how many rows had more than that.
    """

    ids: list[str | None]
    authors: list[str | None]
    links: list[str | None]
    languages: list[str | None]
    extras: list[str | None]
    cut: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def unknown(cls, rows: int) -> "Origins":
        """Return those of rows of which nothing is known."""
        nothing: list[str | None] = [None] * rows
        return cls(nothing, nothing, nothing, nothing, nothing)


class OriginColumns:
    """The columns of a file that say where its rows came from.

    Attributes:
        roles: which column is what.
        from_x: whether they are clearly those of X, so that an id alone leads back to its tweet.
    """

    def __init__(self, table: Table, times: TimeColumn | None = None) -> None:
        """Choose them as `survey` does.

        Args:
            times: the column of the times, which is none of them.
        """
        found = [one for one in table.profiles() if times is None or one.name != times.name]
        self.roles: Final[Roles] = choose_roles(found, table.text_column)
        self.from_x: Final = len({last(name) for name in table.names} & _FROM_X) >= 2
        self._places: Final = {name: number for number, name in enumerate(table.names)}
        taken = {table.text_column} | {
            role.column
            for role in (self.roles.id, self.roles.author, self.roles.link, self.roles.language)
            if role is not None
        }
        self._others: Final = [(number, name) for name, number in self._places.items() if name not in taken]

    def of(self, batch: Batch) -> Origins:
        """Return what the rows of a batch came with."""
        ids, authors = self._cells(batch, self.roles.id), self._cells(batch, self.roles.author)
        links = self._cells(batch, self.roles.link)
        if self.from_x:
            links = [link or _tweet_link(own, author) for link, own, author in zip(links, ids, authors, strict=True)]
        extras, cut = self._extras(batch)
        return Origins(ids, authors, links, self._cells(batch, self.roles.language), extras, cut)

    def _cells(self, batch: Batch, role: Choice | None) -> list[str | None]:
        if role is None:
            return [None] * len(batch)
        cells = texts(batch.values[self._places[role.column]])
        return [None if not cell.strip() or is_placeholder(cell) else encodable(cell) for cell in cells]

    def _extras(self, batch: Batch) -> tuple[list[str | None], int]:
        if not self._others:
            return [None] * len(batch), 0
        names = [encodable(name) for _, name in self._others]
        columns = [plain(batch.values[number]) for number, _ in self._others]
        made = [_bounded(names, cells) for cells in zip(*columns, strict=True)]
        return [one for one, _ in made], sum(cut for _, cut in made)


def _bounded(names: Sequence[str], cells: Sequence[Any]) -> tuple[str | None, bool]:
    """Return the filled cells of a row as a JSON object, and whether some were cut or left out."""
    parts: list[str] = []
    left_out = 0
    room = EXTRAS_BYTES - len(json.dumps({LEFT_OUT: 10**9}))
    for name, cell in zip(names, cells, strict=True):
        if cell is None or cell == "" or (isinstance(cell, float) and not math.isfinite(cell)):
            continue
        written = cell if isinstance(cell, str) else _json(cell)
        cut = len(written) > _CELL_CHARS
        part = f"{_json(name)}: {_json(f'{written[:_CELL_CHARS]}…' if cut else cell)}"
        size = len(part.encode()) + 2
        if size > room:
            left_out += 1
            continue
        left_out += cut
        room -= size
        parts.append(part)
    if left_out:
        parts.append(f"{_json(LEFT_OUT)}: {left_out}")
    return f"{{{', '.join(parts)}}}" if parts else None, left_out > 0


def _json(value: object) -> str:
    return encodable(json.dumps(value, ensure_ascii=False, default=other_text))


def _tweet_link(own: str | None, author: str | None) -> str | None:
    """Return the address of a tweet of X; it leads there without its author's handle, too."""
    if own is None or not _X_ID.fullmatch(own):
        return None
    handle = _X_HANDLE.fullmatch(author) if author else None
    return f"https://x.com/{handle[1]}/status/{own}" if handle else f"https://x.com/i/web/status/{own}"
