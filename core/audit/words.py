"""The audit in words: every number from the findings, and of how many."""

import unicodedata
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np

from core.audit.findings import Findings
from core.audit.folder import Basis
from core.emotions import LABELS
from core.explore.selection import UNCERTAIN
from core.rules.flags import CATEGORIES, SEVERITIES

MOST: Final = 5
"""Emotions that a sentence lists at most."""

NOT_THIS: Final = (
    "A probability is the model's own estimate of what readers would see in a text. It is no measure of what its "
    "writer feels, and no promise to be right that often.",
    "A flag asks a person to look. It is no verdict on the text or on its writer.",
    "Shares are of the rows of this file. They say nothing of other tweets, unless the file was drawn from them by "
    "chance.",
)

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str, limit: int = 280) -> str:
    """Return a text of the user's for showing: on one line, at most `limit` characters, without bidirectional controls.

    Those reorder what stands around them; other control characters and lone surrogates go too. Nothing is escaped.
    """
    signs = "".join(
        sign
        for sign in " ".join(text[: 8 * limit].split())
        if sign not in _BIDI and unicodedata.category(sign) not in ("Cc", "Cs")
    )
    return signs if len(signs) <= limit else f"{signs[: limit - 1]}…"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "2,000 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share in per cent with one decimal, spelled as in charts and reasons."""
    return f"{share * 100:.1f} %"


def moment(at: datetime) -> str:
    """Return a moment in UTC as a person reads it."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def said_of_reading(basis: Basis, source: str, made_at: datetime, findings: Findings) -> list[str]:
    """Say what was read, by what and when."""
    columns = [f"the texts in column '{shown(basis.text_column, 60)}'"]
    if basis.expected_column is not None:
        columns.append(f"the expected emotions in '{shown(basis.expected_column, 60)}'")
    if basis.posted_column is not None:
        columns.append(f"the time of posting in '{shown(basis.posted_column, 60)}'")
    rules = f"rules {basis.rule_version}" if basis.rule_version else "no rules"
    said = [
        f"{counted(findings.rows, 'row')} of {shown(source, 100)} (sha256 begins with {basis.sha256[:12]}): "
        f"{', '.join(columns)}.",
        f"Read on {moment(made_at)} by {shown(basis.model_label, 60)} (normaliser {basis.normaliser_version}, "
        f"thresholds {basis.threshold_version}, {rules}).",
    ]
    if findings.unreadable:
        said.append(
            f"{counted(findings.unreadable, 'row')} had nothing to read (blank, only links, or in another language "
            f"than English). What is said of emotions is of the other {findings.readable:,}."
        )
    if findings.truncated:
        said.append(f"Of {counted(findings.truncated, 'row')}, only the beginning was read: the text is longer.")
    if basis.posted_column is None:
        said.append("No column says when a text was posted: all are undated.")
    elif findings.undated:
        said.append(f"{counted(findings.undated, 'row')} had no time of posting that could be read, and are undated.")
    if basis.private:
        said.append("Handles, addresses, phone numbers and links in the texts are masked.")
    return said


def said_of_emotions(findings: Findings) -> list[str]:
    """Say which emotions are frequent, and how sure the model is."""
    n = findings.readable
    if not n:
        return ["No row could be read, so nothing is known of emotions."]
    often = [label for label in np.argsort(-findings.counts, kind="stable")[:MOST] if findings.counts[label]]
    listed = ", ".join(f"{LABELS[label]} in {_of(findings.counts[label], n)}" for label in often)
    return [
        f"Most frequent of {counted(n, 'row')}: {listed or 'none'}. A row may carry several emotions.",
        f"In {counted(findings.silent, 'row')} ({percent(findings.silent / n)}) no emotion reaches its threshold.",
        f"The top emotion of a row has a probability of {percent(findings.top_sum / n)} on average (n = {n:,}).",
        f"{counted(findings.uncertain, 'row')} ({percent(findings.uncertain / n)}) {_be(findings.uncertain)} "
        f"uncertain: the surest emotion is less than {UNCERTAIN} above its threshold, or below it.",
    ]


def said_of_flags(findings: Findings) -> list[str]:
    """Say what was flagged, by severity and by category."""
    total = int(findings.flagged.sum())
    if not total:
        return [f"Nothing is flagged (n = {findings.rows:,})."]
    severities = ", ".join(
        f"{count:,} {name}"
        for name, count in reversed(list(zip(SEVERITIES, findings.flagged.tolist(), strict=True)))
        if count
    )
    by_category = findings.flags.sum(axis=1)
    order = [number for number in np.argsort(-by_category, kind="stable") if by_category[number]]
    categories = ", ".join(f"{CATEGORIES[number]} {by_category[number]:,}" for number in order)
    return [
        f"{counted(total, 'row')} of {findings.rows:,} ({percent(total / findings.rows)}) {_be(total)} flagged, by the "
        f"gravest flag: {severities}.",
        f"By category, where a row may be in several: {categories}.",
    ]


def said_of_expected(findings: Findings) -> list[str]:
    """Say how far what was found agrees with what is expected."""
    n = findings.with_expected
    if not n:
        return ["No row that could be read has expected emotions."]
    order = [label for label in np.argsort(-findings.missed, kind="stable")[:MOST] if findings.missed[label]]
    missed = ", ".join(f"{LABELS[label]} {findings.missed[label]:,} of {findings.expected[label]:,}" for label in order)
    return [
        f"{counted(n, 'row')} that could be read {_be(n, 'has', 'have')} expected emotions. At least one of these was "
        f"found in {_of(findings.met, n)}, exactly these in {_of(findings.exact, n)}.",
        f"{_of(findings.against, n)} {_be(findings.against)} against the expected: none of the expected emotions was "
        f"found.",
        f"Most often missed: {missed or 'none'}.",
    ]


def sections(basis: Basis, source: str, made_at: datetime, findings: Findings) -> dict[str, list[str]]:
    """Return the sentences of the summary by their headings."""
    said = {
        "What was read": said_of_reading(basis, source, made_at, findings),
        "Emotions": said_of_emotions(findings),
        "Flags": said_of_flags(findings),
    }
    if basis.expected_column is not None:
        said["Expected emotions"] = said_of_expected(findings)
    return said | {"What this is not": list(NOT_THIS)}


def summary(audit: UUID, said: dict[str, list[str]]) -> str:
    """Return the text of `summary.txt`: a heading, and under it a sentence a line."""
    parts = [f"Audit {audit}", *("\n".join([heading, *sentences]) for heading, sentences in said.items())]
    return "\n\n".join(parts) + "\n"


def _of(count: int, n: int) -> str:
    return f"{count:,} ({percent(count / n)})"


def _be(count: int, one: str = "is", many: str = "are") -> str:
    return one if count == 1 else many
