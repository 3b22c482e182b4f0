"""What a `Selection` is in SQL: a condition over `predictions` with its values bound."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.emotions import LABELS, SENTIMENTS
from core.errors import InputError
from core.explore.selection import UNCERTAIN, Selection
from core.predictions.masks import to_mask
from core.rules.flags import CATEGORIES, SEVERITIES
from core.text import encodable


@dataclass(slots=True)
class Condition:
    """A condition, and the values it binds by name."""

    parts: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def ask(self, sql: str, **values: Any) -> None:
        """Add what must hold, too."""
        self.parts.append(sql)
        self.values |= values

    @property
    def sql(self) -> str:
        """All parts together; `TRUE` where there is none."""
        return " AND ".join(f"({part})" for part in self.parts) or "TRUE"


def condition(selection: Selection) -> Condition:
    """Return what all rows of a selection fulfil.

    Raises:
        InputError: an emotion, a sentiment, a severity or a category is named that does not exist.
    """
    made = Condition()
    _origin(made, selection)
    _reading(made, selection)
    _judgement(made, selection)
    for number, term in enumerate(selection.terms):
        _term(made, number, term)
    return made


def _origin(made: Condition, selection: Selection) -> None:
    if selection.since is not None:
        made.ask("moment >= $since", since=utc(selection.since))
    if selection.until is not None:
        made.ask("moment < $until", until=utc(selection.until))
    if selection.undated:
        made.ask("moment IS NULL")
    if selection.sources:
        made.ask("list_contains($sources, source)", sources=list(selection.sources))
    if selection.models:
        made.ask("list_contains($models, model || ' ' || model_version)", models=list(selection.models))
    if selection.batch is not None:
        made.ask("batch = $batch", batch=selection.batch)
    if selection.author:
        made.ask("lower(ltrim(author, '@')) = lower(ltrim($author, '@'))", author=encodable(selection.author))
    if selection.languages:
        made.ask("list_contains($languages, language)", languages=list(map(encodable, selection.languages)))


def _reading(made: Condition, selection: Selection) -> None:
    if selection.emotions:
        _known(selection.emotions, LABELS, "emotion")
        every = selection.match == "all"
        if selection.minimum > 0:
            scores = ", ".join(selection.emotions)
            made.ask(f"{'least' if every else 'greatest'}({scores}) >= $minimum::FLOAT", minimum=selection.minimum)
        else:
            wanted = to_mask(selection.emotions)
            made.ask(f"labels & $emotions::UINTEGER {'= $emotions' if every else '<> 0'}", emotions=wanted)
    if selection.sentiments:
        _known(selection.sentiments, [one.name for one in SENTIMENTS], "sentiment")
        made.ask("list_contains($sentiments, sentiment)", sentiments=list(selection.sentiments))
    if selection.uncertain is not None:
        sign = "<" if selection.uncertain else ">="
        made.ask(f"margin {sign} $uncertain::FLOAT", uncertain=UNCERTAIN)


def _judgement(made: Condition, selection: Selection) -> None:
    if selection.severities:
        _known(selection.severities, SEVERITIES, "severity")
        numbers = [SEVERITIES.index(name) + 1 for name in selection.severities]
        made.ask("list_contains($severities::UTINYINT[], severity)", severities=numbers)
    if selection.categories:
        _known(selection.categories, CATEGORIES, "category")
        wanted = sum(1 << CATEGORIES.index(one) for one in selection.categories)
        made.ask("categories & $categories::UTINYINT <> 0", categories=wanted)
    if selection.flagged is not None:
        made.ask("severity > 0" if selection.flagged else "severity = 0")
    if selection.feedback is not None:
        made.ask(f"id {'' if selection.feedback else 'NOT '}IN (SELECT prediction_id FROM current_feedback)")


def utc(moment: datetime) -> datetime:
    """Return a moment as the store keeps it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _term(made: Condition, number: int, term: str) -> None:
    begins = term.endswith("*") and len(term) > 1
    name = f"term{number}"
    # What has no letters and no digits (an emoji, "?!") leaves no words to look for: it is looked for as it stands.
    made.ask(
        f"CASE WHEN fold(${name}) = '  ' THEN contains(text, ${name}) "
        f"ELSE contains(folded, {'rtrim' if begins else ''}(fold(${name}))) END",
        **{name: encodable(term.rstrip("*") if begins else term)},
    )


def _known(asked: Sequence[str], known: Sequence[str], kind: str) -> None:
    unknown = [one for one in asked if one not in known]
    if unknown:
        raise InputError(f"No {kind} named {unknown[0]!r}. Choose among {', '.join(known)}.")
