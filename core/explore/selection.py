"""Which predictions are looked at: one frozen value that the address of a page, the store and an export share."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Self
from uuid import UUID

Match = Literal["any", "all"]

UNCERTAIN: Final = 0.05
"""A prediction is uncertain when its surest emotion exceeds its threshold by less than this, or none reaches one."""

_TERM: Final = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that all must hold; an empty one asks for nothing.

    Attributes:
        since, until: the period in UTC, its end not included.
        sources: live, batch, audit, sample, ...
        models: name and version, such as `electra 2`.
        emotions: labels of the 28 that must be there: `any` or `all` of them.
        minimum: the probability, 0..1, from which an emotion of `emotions` counts; 0 takes each one's threshold.
        sentiments: the strongest sentiment.
        severities: the gravest flag.
        categories: flagged in any of these.
        flagged, uncertain, feedback: whether it has a flag, is near its thresholds, has been given a thumb.
        text: words that all must occur, and phrases in double quotes; `wor*` asks for words that begin so.
        batch: the file or the audit it came with.
        author: as the file names them, in any case, with the @ or without.
        languages: as the file writes them, or as they were recognised.
        undated: whether only those count whose time of posting is not known; they lie in no period.
    """

    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    match: Match = "any"
    minimum: float = 0.0
    sentiments: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    flagged: bool | None = None
    uncertain: bool | None = None
    feedback: bool | None = None
    text: str = ""
    batch: UUID | None = None
    author: str = ""
    languages: tuple[str, ...] = ()
    undated: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """The words and phrases of `text`; one that may go on ends with `*`."""
        found = (match[1] if match[1] is not None else match[2] for match in _TERM.finditer(self.text))
        return tuple(term.strip() for term in found if term.strip())

    def within(self, since: datetime | None, until: datetime | None) -> Self:
        """Return the same conditions for another period."""
        return replace(self, since=since, until=until, undated=False)

    @property
    def without_time(self) -> Self:
        """The same conditions for what has no time."""
        return replace(self, since=None, until=None, undated=True)

    @property
    def before(self) -> "Selection | None":
        """The same conditions for the period of the same length just before; None where there is no such period."""
        if self.since is None or self.until is None:
            return None
        return replace(self, since=self.since - (self.until - self.since), until=self.since)
