"""Which column holds the texts, and which say who, where and in which language: by cells first, names only add."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.files.column_names import (
    AUTHORS,
    EDITED_WORDS,
    IDS,
    LANGUAGES,
    LINKS,
    NO_TEXT_WORDS,
    TEXT_NAMES,
    TEXT_WORDS,
    TEXTS,
    WHOLE_NAMES,
    folded,
    last,
)
from core.files.facts import Choice
from core.files.marks import is_cut, is_placeholder, stripped, without_links
from core.files.profiles import Profile

CLOSE: Final = 0.3
"""Two columns whose scores are no further apart are for a person to choose between."""

_ENOUGH: Final = 5
"""Cells from which on their look counts fully beside a column's name."""

_SURE: Final = 0.75
"""What a whole name of texts counts in any language; those in English that all tools share count more."""

_POOR: Final = 0.3
"""Below this, cells do not look like texts."""

_SAME: Final = 0.7
_KEY_CHARS: Final = 24
_ALNUM: Final = re.compile(r"[\W_]+")
_TWEET_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_LOST: Final = re.compile(r"[0-9](?:[.,][0-9]{1,14})?[eE]\+?[0-9]{2}")
_HANDLE: Final = re.compile(r"@?[\w.\-]{1,50}(?:@[\w.\-]+)?")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_LANGUAGE_NAMES: Final = frozenset(
    [
        "english",
        "spanish",
        "french",
        "german",
        "italian",
        "portuguese",
        "dutch",
        "turkish",
        "polish",
        "indonesian",
        "japanese",
        "arabic",
        "hindi",
        "russian",
        "korean",
        "chinese",
        "swedish",
        "danish",
        "finnish",
        "norwegian",
        "greek",
        "thai",
        "ukrainian",
        "unknown",
        "undefined",
    ]
)


@dataclass(frozen=True, slots=True)
class TextChoice:
    """The column taken for the texts.

    Attributes:
        name: of the column.
        why: in words that follow "because".
        certain: whether its name alone says so; else a notice is due.
        close: columns of which a person must choose one, the likeliest first; empty where the choice is clear.
        whole: columns that may hold the whole of a text that is cut in `name`.
    """

    name: str
    why: str
    certain: bool
    close: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def choose_text(found: Sequence[Profile], unreadable: Mapping[str, str]) -> TextChoice | None:
    """Return the column with the texts, None if no column holds texts at all.

    A column must have something to read in most of its cells; where none has, the one with the most is returned and
    must be confirmed (`close` holds it alone).
    """
    candidates = [one for one in found if one.name not in unreadable]
    if not candidates:
        return None
    if len(found) == 1:
        (only,) = candidates
        read = only.readable * 2 > only.rows or _strict(only.name)
        return TextChoice(only.name, "it is the only one", certain=True, close=() if read else (only.name,))
    fit = [one for one in candidates if one.readable * 2 > one.rows or (_strict(one.name) and one.rows < _ENOUGH)]
    ranked = sorted(fit, key=lambda one: -_score(one))
    if not ranked or (_look(ranked[0]) < _POOR and _name_score(ranked[0].name) < _SURE):
        # A column of texts may be mostly empty, where no other has texts.
        named = [one for one in candidates if _name_score(one.name) >= _SURE]
        if named:
            return TextChoice(max(named, key=lambda one: one.readable).name, "of its name", certain=True)
        best = max(candidates, key=lambda one: (_look(one), one.readable, _name_score(one.name)))
        return TextChoice(best.name, _why(best, candidates, ()), certain=False, close=(best.name,))
    best = ranked[0]
    versions = [one for one in ranked[1:] if _same_texts(best, one)]
    best = max([best, *versions], key=_completeness)
    others = [one for one in ranked if one is not best and one not in versions and not _same_texts(best, one)]
    others = [one for one in others if _is_rival(best, one)]
    return TextChoice(
        best.name,
        _why(best, fit, versions),
        certain=_name_score(best.name) >= _SURE,
        close=(best.name, *(one.name for one in others[:5])) if others else (),
        whole=_whole_columns(best, candidates),
    )


def chosen_text(found: Sequence[Profile], name: str) -> TextChoice:
    """Return a column that a person chose, with those that may hold its cut texts whole."""
    one = next(one for one in found if one.name == name)
    return TextChoice(name, "it was asked for", certain=True, whole=_whole_columns(one, found))


def _is_rival(best: Profile, other: Profile) -> bool:
    """Tell whether only a person can say that `best` is meant, not `other`."""
    if _score(best) - _score(other) > CLOSE or other.sentences * 2 < other.readable:
        return False
    names = _name_score(best.name), _name_score(other.name)
    return not (names[0] >= _SURE > names[1] or (_strict(best.name) and not _strict(other.name))) or names[0] < _SURE


def _score(one: Profile) -> float:
    weight = min(1.0, one.filled / _ENOUGH)
    return _name_score(one.name) + 1.3 * weight * _look(one) + 0.2 * _look(one)


def _look(one: Profile) -> float:
    """Return how much the cells look like texts, 0..1: several words, few links, variety, no JSON or HTML."""
    if not one.filled:
        return 0.0
    odd = one.json + one.links + one.numbers + max(0, one.markup - one.readable) + one.times
    sentences = one.sentences / one.filled
    words = min(1.0, one.words / max(1, one.readable) / 8)
    variety = min(1.0, 1.6 * one.distinct / one.filled)
    return max(0.0, (0.3 + 0.5 * sentences + 0.2 * words if sentences else 0.3 * words) * variety - odd / one.filled)


def _strict(name: str) -> bool:
    return last(name) in TEXT_NAMES or last(name) in WHOLE_NAMES


def _name_score(name: str) -> float:
    """Return what a name says, -1..1.1: whole names of texts more than words within, names of other things against."""
    own = last(name)
    words = set(own.split("_"))
    above = set(folded(name.rpartition(".")[0]).split("_")) - {""}
    score = 0.0
    if own in WHOLE_NAMES:
        score = 1.12
    elif own in TEXT_NAMES:
        score = 1.1 - 0.02 * TEXT_NAMES.index(own)
    elif own in TEXTS or re.fullmatch(r"(?:text|tweet|comment|post)_?[0-9]?", own):
        score = _SURE
    elif words & TEXT_WORDS and not words & NO_TEXT_WORDS:
        score = 0.6
    elif words & NO_TEXT_WORDS:
        score = -0.5
    if words & EDITED_WORDS:
        score -= 0.3
    if above & {
        "user",
        "author",
        "account",
        "quoted",
        "quote",
        "retweeted",
        "reblog",
        "parent",
        "reply",
        "place",
        "entities",
        "card",
    }:
        score = min(score, 0.2) - 0.6
    return score


def _key(cell: str) -> str:
    text = without_links(stripped(cell))
    return _ALNUM.sub("", text.casefold())[:_KEY_CHARS]


def _same_texts(one: Profile, other: Profile) -> bool:
    """Tell whether two columns hold the same texts, whole or cut, with HTML or without."""
    alike = compared = 0
    for mine, theirs in zip(one.cells, other.cells, strict=True):
        keys = _key(mine), _key(theirs)
        if all(keys):
            compared += 1
            length = max(8, min(map(len, keys)) - 4) if is_cut(mine) or is_cut(theirs) else _KEY_CHARS
            alike += keys[0][:length] == keys[1][:length]
    return compared >= max(1, 0.3 * one.readable) and alike >= _SAME * compared


def _completeness(one: Profile) -> tuple[float, ...]:
    """Return how much is to be said for one of several columns with the same texts, the best the greatest."""
    rows = max(1, one.rows)
    edited = bool(set(last(one.name).split("_")) & EDITED_WORDS)
    return (
        round(one.readable / rows, 1),
        -round(one.cut / rows, 2),
        -round(one.markup / rows, 1),
        -float(edited),
        _name_score(one.name),
        float(sum(map(len, one.cells))),
    )


def _whole_columns(best: Profile, candidates: Sequence[Profile]) -> tuple[str, ...]:
    if not best.cut:
        return ()
    found = [
        one
        for one in candidates
        if one is not best and last(one.name) in TEXTS and any(len(cell) > 20 for cell in one.cells)
    ]
    # The text of a retweeted tweet may be cut itself, and whole one level below.
    found.sort(key=lambda one: last(one.name) not in WHOLE_NAMES)
    return tuple(one.name for one in found)


def _why(best: Profile, fit: Sequence[Profile], versions: Sequence[Profile]) -> str:
    if versions:
        other = (
            next(one for one in (*versions, best) if one is not best)
            if any(one is not best for one in versions)
            else None
        )
        if other is not None and other.cut > best.cut:
            return f"it holds whole what is cut in {other.name!r}"
        if other is not None and other.markup > best.markup:
            return f"it holds without HTML what {other.name!r} holds with it"
    if _name_score(best.name) >= _SURE:
        return "of its name, and its cells read like texts"
    longest = max(fit, key=lambda one: sum(map(len, one.cells)))
    return "its cells are the longest" if longest is best else "its cells read most like texts"


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that say which tweet a row is, by whom, where and in which language."""

    id: Choice | None
    author: Choice | None
    link: Choice | None
    language: Choice | None


def choose_roles(found: Sequence[Profile], text: str) -> Roles:
    """Return the columns of each role; a cell of another kind outweighs any name."""
    others = [one for one in found if one.name != text and one.filled * 2 >= one.rows]
    return Roles(
        id=_by_names(others, IDS, _is_id) or _nameless(others, _is_long_id, "its cells are numbers as tweets have"),
        author=_by_names(others, AUTHORS, _is_author) or _nameless(others, _is_handle, "its cells are handles"),
        link=_by_names(others, LINKS, _is_link) or _nameless(others, _is_status_link, "its cells are links to tweets"),
        language=_by_names(others, LANGUAGES, _is_language),
    )


def _nameless(found: Sequence[Profile], fits: Callable[[str], bool], why: str) -> Choice | None:
    """Return the first column whose cells alone say what they are."""
    for one in found:
        filled = [cell.strip() for cell in one.cells if cell.strip()]
        if len(filled) >= 2 and all(map(fits, filled)) and one.distinct * 2 > one.filled:
            return Choice(one.name, why)
    return None


def _by_names(found: Sequence[Profile], names: Sequence[str], fits: Callable[[str], bool]) -> Choice | None:
    best: tuple[int, int, int] | None = None
    choice = None
    for index, one in enumerate(found):
        rank = _rank(one.name, names)
        if rank is None:
            continue
        filled = [cell.strip() for cell in one.cells if cell.strip() and not is_placeholder(cell)]
        if filled and sum(map(fits, filled)) >= 0.8 * len(filled):
            place = (rank[0], rank[1], index)
            if best is None or place < best:
                best, choice = place, Choice(one.name, "of its name and its cells")
    return choice


def _rank(name: str, names: Sequence[str]) -> tuple[int, int] | None:
    """Return how well a name fits, the smaller the better; those of quoted and retweeted tweets do not."""
    above = folded(name.rpartition(".")[0])
    if set(above.split("_")) & {
        "quoted",
        "quote",
        "retweeted",
        "reblog",
        "place",
        "entities",
        "media",
        "card",
        "parent",
        "reply",
    }:
        return None
    own = last(name)
    dotted = f"{above}_{own}" if above else own
    of_person = bool(set(above.split("_")) & {"user", "author", "account", "owner", "from", "sender"})
    if dotted in names:
        return (names.index(dotted), 0)
    if own in names and not (of_person and (names is IDS or names is LANGUAGES or names is LINKS)):
        # Within the tweet, "author.name" is the author's; "place.name" is not.
        if above and names is AUTHORS and not of_person and own in {"name", "full_name", "user", "account"}:
            return None
        return (names.index(own), above.count("_") + 1 if above else 0)
    return None


def _is_id(cell: str) -> bool:
    return len(cell) <= 300 and not cell.startswith("[") and len(cell.split()) == 1


def _is_long_id(cell: str) -> bool:
    return cell.isdecimal() and 17 <= len(cell) <= 20


def _is_author(cell: str) -> bool:
    return len(cell) <= 120 and not _TWEET_LINK.fullmatch(cell) and len(cell.split()) <= 8


def _is_handle(cell: str) -> bool:
    return cell[:1] == "@" and _HANDLE.fullmatch(cell) is not None


def _is_link(cell: str) -> bool:
    return _TWEET_LINK.fullmatch(cell) is not None or cell.startswith("www.")


def _is_status_link(cell: str) -> bool:
    return _is_link(cell) and "/status" in cell


def _is_language(cell: str) -> bool:
    cell = cell.strip("[]\"' ")
    return _LANGUAGE.fullmatch(cell) is not None or cell.casefold() in _LANGUAGE_NAMES


def lost_digits(cell: str) -> bool:
    """Tell whether an id lost digits in a spreadsheet: "1,23E+18".

    >>> lost_digits("1,23E+18"), lost_digits("1230000000000000000")
    (True, False)
    """
    return _LOST.fullmatch(cell.strip()) is not None
