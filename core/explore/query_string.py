"""A view of the explorer: its filters by name, as the page's address spells them, and the selection they ask for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from core.errors import InputError
from core.explore.selection import Match, Selection

EVERYTHING: Final = "everything"
CUSTOM: Final = "custom"
UNDATED: Final = "undated"
PERIODS: Final[dict[str, timedelta | None]] = {
    "24-hours": timedelta(hours=24),
    "7-days": timedelta(days=7),
    "30-days": timedelta(days=30),
    "90-days": timedelta(days=90),
    "12-months": timedelta(days=365),
    EVERYTHING: None,
    UNDATED: None,
    CUSTOM: None,
}
EITHER: Final = {"yes": True, "no": False}
BY_MODEL: Final = "all that was read by "
"""What the name of a model followed in old addresses, as a reference for drift."""

OLD_NAMES: Final[dict[str, dict[str, str]]] = {
    "period": {
        "24 hours": "24-hours",
        "7 days": "7-days",
        "30 days": "30-days",
        "90 days": "90-days",
        "12 months": "12-months",
        "from … to": CUSTOM,
    },
    "audit_tab": {
        "Overview": "overview",
        "Together": "together",
        "Risk": "risk",
        "Drift": "drift",
        "Tweets": "tweets",
        "Audits": "audits",
    },
    "order": {"least certain": "least-certain", "most certain": "most-certain"},
    "reference": {
        "the period before": "before",
        "everything before": "earlier",
        "the first 28 days of the store": "first-28-days",
    },
    "feedback_tab": {
        "Desk": "desk",
        "List": "list",
        "People": "people",
        "Agreement": "agreement",
        "Teach": "teach",
    },
    "queue": {
        "All": "all",
        "Flagged": "flagged",
        "Feedback": "feedback",
        "Uncertain": "uncertain",
        "Escalated": "escalated",
        "Mine": "mine",
        "Done": "done",
        "Second look": "second",
    },
    "view": {
        "Leaderboard": "leaderboard",
        "Emotions": "emotions",
        "Head to head": "head-to-head",
        "What serves": "serving",
    },
}
"""For each choice in an address, the titles by which links and saved views named it, and the ids that name it now."""
MAX_SEARCH: Final = 200
"""Characters of a search that count."""

Values = dict[str, Any]
"""Filters by name: strings, lists of strings, a float, naive datetimes in UTC."""

DEFAULTS: Final[Values] = {
    "period": "30-days",
    "from": None,
    "to": None,
    "q": "",
    "emotion": [],
    "match": "any",
    "least": 0.0,
    "sentiment": [],
    "severity": [],
    "category": [],
    "flagged": None,
    "uncertain": None,
    "feedback": None,
    "source": [],
    "model": [],
    "batch": "",
    "author": "",
    "language": [],
}
"""The name of each filter in the address, and what it is where nothing is asked."""


def present_name(name: str, written: str) -> str:
    """Return the id of a choice as an address has it; one that old links and saved views named by its title, too."""
    if name == "reference":
        written = written.removeprefix(BY_MODEL)
    return OLD_NAMES.get(name, {}).get(written, written)


def selection_of(values: Mapping[str, Any], now: datetime) -> Selection:
    """Return what filters ask for; one that is left out asks for nothing, the period for the last 30 days.

    Args:
        now: the end of a period such as `7-days`, to the minute: what is asked twice within it is the same question.

    Raises:
        InputError: a value cannot be; the message names it and the mend.
    """
    asked = DEFAULTS | dict(values)
    if asked["period"] not in PERIODS:
        raise InputError(f"No period named {asked['period']!r}. Choose {', '.join(PERIODS)}.")
    since = until = None
    if (length := PERIODS[asked["period"]]) is not None:
        until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        since = until - length
    elif asked["period"] == CUSTOM:
        since, until = (moment.replace(tzinfo=UTC) if moment else None for moment in (asked["from"], asked["to"]))
        if since and until and since >= until:
            raise InputError(
                f"The period ends ({until:%Y-%m-%d %H:%M}) before it begins ({since:%Y-%m-%d %H:%M}). Choose a later "
                f"end."
            )
    return Selection(
        since=since,
        until=until,
        sources=tuple(asked["source"]),
        models=tuple(asked["model"]),
        emotions=tuple(asked["emotion"]),
        match="all" if asked["match"] == "all" else "any",
        minimum=float(asked["least"]),
        sentiments=tuple(asked["sentiment"]),
        severities=tuple(asked["severity"]),
        categories=tuple(asked["category"]),
        flagged=EITHER.get(asked["flagged"]),
        uncertain=EITHER.get(asked["uncertain"]),
        feedback=EITHER.get(asked["feedback"]),
        text=(asked["q"] or "")[:MAX_SEARCH],
        batch=_batch(asked["batch"] or ""),
        author=(asked["author"] or "").strip()[:MAX_SEARCH],
        languages=tuple(asked["language"]),
        undated=asked["period"] == UNDATED,
    )


def values_for(selection: Selection) -> Values:
    """Return the filters that ask for a selection; moments to the minute, as the page's inputs have them."""
    period = CUSTOM if selection.since or selection.until else UNDATED if selection.undated else EVERYTHING
    return {
        "period": period,
        "from": _to_minute(selection.since),
        "to": _to_minute(selection.until),
        "q": selection.text,
        "emotion": list(selection.emotions),
        "match": selection.match,
        "least": selection.minimum,
        "sentiment": list(selection.sentiments),
        "severity": list(selection.severities),
        "category": list(selection.categories),
        "flagged": _either(selection.flagged),
        "uncertain": _either(selection.uncertain),
        "feedback": _either(selection.feedback),
        "source": list(selection.sources),
        "model": list(selection.models),
        "batch": str(selection.batch) if selection.batch else "",
        "author": selection.author,
        "language": list(selection.languages),
    }


def query_of(values: Mapping[str, Any]) -> str:
    """Return the part of an address behind the question mark; what asks for nothing is left out."""
    asked = ((name, values[name]) for name, default in DEFAULTS.items() if name in values and values[name] != default)
    return urlencode([(name, one) for name, value in asked for one in _spelt(value)])


def values_of(query: str) -> Values:
    """Return the filters of an address; what is none of them, or cannot be read, is left out."""
    asked = parse_qs(query.removeprefix("?"))
    values = {name: list(default) if isinstance(default, list) else default for name, default in DEFAULTS.items()}
    for name, default in DEFAULTS.items():
        if name in asked:
            values[name] = _read(name, default, asked[name])
    return values


def refuse_unknown(query: str) -> None:
    """Refuse an address that somebody wrote by hand and that asks for what is no filter.

    Raises:
        InputError: the message names it and what there is.
    """
    asked = parse_qs(query.removeprefix("?"), keep_blank_values=True)
    unknown = [name for name in asked if name not in DEFAULTS]
    if unknown:
        raise InputError(f"There is no filter {unknown[0]!r}. There are {', '.join(DEFAULTS)}.")
    for name in ("flagged", "uncertain", "feedback"):
        wrong = [value for value in asked.get(name, []) if value not in EITHER]
        if wrong:
            raise InputError(f"{name} is {wrong[0]!r}. Say yes or no, or leave it out.")
    if wrong := [value for value in asked.get("match", []) if value not in get_args(Match)]:
        raise InputError(f"match is {wrong[0]!r}. Say any or all, or leave it out.")


def _read(name: str, default: Any, written: Sequence[str]) -> Any:
    try:
        if isinstance(default, list):
            return [present_name(name, one) for one in written]
        if name in {"from", "to"}:
            moment = datetime.fromisoformat(written[0])
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        return min(max(float(written[0]), 0.0), 1.0) if isinstance(default, float) else present_name(name, written[0])
    except ValueError:
        return default


def _spelt(value: Any) -> Iterable[str]:
    if isinstance(value, list | tuple):
        return map(str, value)
    return [value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)]


def _to_minute(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0) if moment else None


def _either(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _batch(written: str) -> UUID | None:
    if not written.strip():
        return None
    try:
        return UUID(written.strip())
    except ValueError:
        raise InputError(
            f"{written.strip()[:40]!r} is no id of a file or an audit. Take one from the tab Audits, or clear the "
            f"filter."
        ) from None
