"""The labelled set that reviews make: one row a text, with the emotions that people decided it carries.

Twins (`core.review.twins`) are one text. A fifth of the texts is held back, to measure on; which side a text is on
follows from its words alone, so that it never changes, whatever is decided later and however the set grows.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from core.errors import InputError
from core.review.events import check_emotions
from core.review.twins import side_number, twin_key
from core.text import encodable

Split = Literal["learn", "held back"]
Rule = Literal["last word", "most persons", "latest"]

HELD_BACK: Final = 20
"""Of a hundred texts, how many are held back: nothing is ever learned from them or tuned on them."""
COLUMNS: Final = ("text", "emotions", "split", "tweet_id")
"""Of the file, all strings; several emotions are parted by `|`, none is an empty string. Older files lack the last."""

_VERSION: Final = b"affectra.labelled_set"
_MEND: Final = "Write the labelled set again from the reviews."


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided of one text, whether they confirmed the model or corrected it.

    Attributes:
        text: as it was posted or kept, not normalised.
        labels: some of the 28 emotions; none says that the text carries none.
        decided_at: with a time zone.
        tweet_id: the id that the tweet has where it was posted, "" where that is not known.
    """

    text: str
    labels: tuple[str, ...]
    actor: str
    decided_at: datetime
    tweet_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One text of the set; its labels are in the order of the 28."""

    text: str
    labels: tuple[str, ...]
    split: Split
    tweet_id: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Decisions on one text, or on texts of the same words, that did not agree.

    Attributes:
        text: as it stands in the set.
        decisions: every decision on it, the earliest first.
        held: the labels that hold.
        rule: why they do: everybody's last word agrees, most persons gave them, or they are the latest of a tie.
    """

    text: str
    decisions: tuple[Decision, ...]
    held: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True)
class LabelledSet:
    """Texts with the labels that hold.

    Attributes:
        rows: one for each text.
        conflicts: how disagreements were settled; they name people, and so are not part of the file.
    """

    rows: tuple[Row, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def version(self) -> str:
        """The first twelve hex digits of the sha256 over all rows, in whatever order they are."""
        lines = sorted(
            json.dumps([row.text, *row.labels, row.split, *([{"tweet_id": row.tweet_id}] if row.tweet_id else [])])
            for row in self.rows
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    def share(self, split: Split) -> list[Row]:
        """Return the rows of one side."""
        return [row for row in self.rows if row.split == split]

    def write(self, path: Path) -> None:
        """Write the rows as Parquet, columns `COLUMNS`, with the version in its metadata; a stop leaves no half file.

        Raises:
            InputError: the file cannot be written.
        """
        import pyarrow as pa  # noqa: PLC0415  (slow to import, and not needed to resolve)
        import pyarrow.parquet as pq  # noqa: PLC0415

        cells = [(row.text, "|".join(row.labels), row.split, row.tweet_id) for row in self.rows]
        table = pa.table(
            [pa.array([row[number] for row in cells], pa.string()) for number in range(len(COLUMNS))], list(COLUMNS)
        )
        partial = path.with_name(f"{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table.replace_schema_metadata({_VERSION: self.version}), partial)
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise InputError(f"{path} cannot be written ({error}). Name a place that can be.") from error

    @classmethod
    def read(cls, path: Path) -> "LabelledSet":
        """Read what `write` wrote; the conflicts are not in it.

        Raises:
            InputError: the file is missing, damaged or of another kind, or was changed since it was written.
        """
        rows, version = _read(path)
        found = cls(rows)
        if found.version != version:
            raise InputError(
                f"{path} was changed since it was written: it says version {version}, its rows make {found.version}. "
                f"{_MEND}"
            )
        for row in rows:
            if row.split != side_of(twin_key(row.text)):
                raise InputError(
                    f"{path}: {row.text[:40]!r} is among {row.split!r}, where its words do not put it. {_MEND}"
                )
        return found


def side_of(key: str) -> Split:
    """Return the side of a text, given its `twin_key`: a hash of it, so that it is the same everywhere and for ever."""
    return "held back" if side_number(key) % 100 < HELD_BACK else "learn"


def resolve(decisions: Iterable[Decision]) -> LabelledSet:
    """Make the labelled set of all decisions, in whatever order they come.

    Texts of the same words are one. Each person's last word counts; the labels hold that most persons gave, with a tie
    the latest. Wherever any two decisions on a text differ, that is listed as a conflict.

    Raises:
        InputError: a decision names an emotion that does not exist.
    """
    alike: dict[str, list[Decision]] = {}
    for one in decisions:
        said = replace(one, text=encodable(one.text), labels=check_emotions(one.labels))
        alike.setdefault(twin_key(said.text), []).append(said)
    rows: list[Row] = []
    conflicts: list[Conflict] = []
    for key, unordered in sorted(alike.items()):
        # Beyond the time, only so that the order in which they came decides nothing.
        told = sorted(unordered, key=lambda one: (one.decided_at, one.actor, one.labels, one.text, one.tweet_id))
        held, rule = _settle(told)
        rows.append(Row(held.text, held.labels, side_of(key), held.tweet_id))
        if len({one.labels for one in told}) > 1:
            conflicts.append(Conflict(held.text, tuple(told), held.labels, rule))
    return LabelledSet(tuple(rows), tuple(conflicts))


def _settle(told: Sequence[Decision]) -> tuple[Decision, Rule]:
    """Return the decision that holds among some on one text, the earliest first, and why."""
    last_words = {one.actor: one for one in told}
    votes = Counter(one.labels for one in last_words.values())
    most = max(votes.values())
    held = next(one for one in reversed(told) if last_words[one.actor] is one and votes[one.labels] == most)
    if len(votes) == 1:
        return held, "last word"
    return held, "most persons" if list(votes.values()).count(most) == 1 else "latest"


def _read(path: Path) -> tuple[tuple[Row, ...], str]:
    """Return a file's rows and the version that it says it is."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            table = pq.read_table(file)
        rows = table.to_pylist()
    except FileNotFoundError:
        raise InputError(f"No labelled set {path}. Name one that exists, or write it from the reviews.") from None
    except (OSError, ValueError, pa.ArrowException) as error:  # a text that is no UTF-8 is a ValueError
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path} is no Parquet file, or a damaged one ({reason}). {_MEND}") from error
    version = (table.schema.metadata or {}).get(_VERSION)
    if (
        version is None
        or tuple(table.column_names) not in {COLUMNS, COLUMNS[:3]}
        or any(kind != pa.string() for kind in table.schema.types)
    ):
        raise InputError(
            f"{path} is no labelled set: it has the columns {', '.join(table.column_names) or 'none'}. Name a file "
            f"that was written from the reviews."
        )
    version_said = version.decode("ascii", "replace")
    return tuple(_row(path, number, cells) for number, cells in enumerate(rows, start=1)), version_said


def _row(path: Path, number: int, cells: dict[str, Any]) -> Row:
    text, emotions, split = (cells[name] for name in COLUMNS[:3])
    if text is None or emotions is None or split not in get_args(Split):
        raise InputError(f"{path}, row {number}: it lacks a value, or its split is {split!r}. {_MEND}")
    try:
        labels = check_emotions(filter(None, emotions.split("|")))
    except InputError as error:
        raise InputError(f"{path}, row {number}: {error} {_MEND}") from None
    return Row(text, labels, split, cells.get("tweet_id") or "")
