"""The verdict on a text: its emotions as badges, its sentiment, and the words that moved an emotion."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.emotions import Emotion
from core.inference.explain import Explanation, Part

_BADGE = (
    "display:inline-flex;gap:.4rem;align-items:baseline;padding:.2rem .65rem;border-radius:999px;"
    "border:1.5px solid {colour};background:{colour}26;white-space:nowrap"
)


@dataclass(frozen=True, slots=True)
class Badge:
    """One emotion with its probability, 0..1."""

    emotion: Emotion
    probability: float


def show_verdict(title: str, badges: Sequence[Badge], sentiment: Badge, strongest: Badge, footnote: str) -> None:
    """Draw what a model makes of a text; a screen reader is told when its labels change.

    Args:
        badges: the emotions above their threshold, the most probable first; may be empty.
        strongest: what to name when no emotion reaches its threshold.
        footnote: one line on model and latency.
    """
    if badges:
        items = "".join(f"<li>{_badge(badge)}</li>" for badge in badges)
        said = f'<ul style="{_ROW}">{items}</ul>'
    else:
        said = f'<p style="margin:.3rem 0">No emotion reaches its threshold. Closest: {_badge(strongest)}</p>'
    st.html(
        f'<section aria-label="{escape(title)}">{said}'
        f'<p style="margin:.4rem 0 0">Sentiment: {_badge(sentiment)}</p>'
        f'<p style="margin:.4rem 0 0;font-size:.875rem">{escape(footnote)}</p></section>'
    )
    # Apart, and without numbers: it stays as it is while only probabilities move, and then nothing is read out.
    names = ", ".join(badge.emotion.name for badge in badges) or f"no clear emotion, closest {strongest.emotion.name}"
    st.html(
        f'<p role="status" style="{_FOR_SCREEN_READERS}">{escape(title)}: {names}. '
        f"Sentiment {sentiment.emotion.name}.</p>"
    )


_FOR_SCREEN_READERS = (
    "position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap"
)
_ROW = "display:flex;flex-wrap:wrap;gap:.4rem;list-style:none;margin:.3rem 0;padding:0"


def _badge(badge: Badge) -> str:
    return (
        f'<span style="{_BADGE.format(colour=badge.emotion.colour)}">'
        f'<span aria-hidden="true">{badge.emotion.emoji}</span> {badge.emotion.name} '
        f"<b>{badge.probability:.0%}</b></span>"
    )


def show_words(explanation: Explanation) -> None:
    """Draw a text with each word shaded by its contribution to an emotion.

    What raises the emotion has a solid underline and a plus, what lowers it a dashed one and a minus; the stronger, the
    deeper the shade. Colour alone says nothing.
    """
    largest = max(abs(part.contribution) for part in explanation.parts)
    words = " ".join(_word(part, largest) for part in explanation.parts)
    st.html(
        f'<p style="line-height:2.3;overflow-wrap:anywhere;margin:0" dir="auto" '
        f'aria-label="Words and their contribution to {escape(explanation.label)}" role="group">{words}</p>'
    )


def _word(part: Part, largest: float) -> str:
    share = abs(part.contribution) / largest if largest > 0 else 0.0
    text = escape(part.text)
    if share < 0.08:
        return f'<span title="{part.contribution:+.2f} log-odds">{text}</span>'
    raises = part.contribution > 0
    red, green, blue = (24, 119, 200) if raises else (197, 95, 28)
    style = (
        f"background:rgba({red},{green},{blue},{0.08 + 0.3 * share:.2f});padding:.15rem .25rem;border-radius:4px;"
        f"border-bottom:{1 + 2 * share:.1f}px {'solid' if raises else 'dashed'} rgb({red},{green},{blue})"
    )
    sign = "+" if raises else "−"
    return (
        f'<span style="{style}" title="{part.contribution:+.2f} log-odds; without it {part.without:.0%}">{text}'
        f'<sup style="font-size:.7em;margin-left:.1rem">{sign}{abs(part.contribution):.1f}</sup></span>'
    )
