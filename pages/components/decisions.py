"""What reviewers decided, in words."""

from typing import Final

from pages.components.frame import plain

DECIDED: Final = {
    "confirm": "the model was right",
    "correct": "corrected",
    "dismiss": "its flag dismissed",
    "escalate": "escalated",
}
"""Each kind of decision, as it is told of a tweet that somebody had given a thumb."""
_LONGEST: Final = 60


def describe_answer(text: str, kind: str, emotions: tuple[str, ...] | None, by: str) -> str:
    """Say in Markdown what was decided of a tweet.

    Args:
        text: empty where it is no longer stored.
        emotions: what it carries by a correction.
    """
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    of = f"“{plain(short)}”" if text else "a tweet that is no longer stored"
    now = f" to {', '.join(emotions) or 'no emotion'}" if kind == "correct" and emotions is not None else ""
    return f"{of}: {DECIDED[kind]}{now} ({plain(by)})"
