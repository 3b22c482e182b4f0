"""Contrast pairs made by program: small changes that turn what a text says, and others that must not.

A corpus of comments seldom holds a sentence and its opposite, and so a model learns words where it should learn
sentences. Made here are denials near and distant, changes of mind, emoji that turn a neutral text, and what changes
nothing: typos, stretched words, another group of people. Sentences and words are this project's own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.emotions import INDEX, LABELS

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Made:
    """A text as a person would write it, and the emotions it says.

    Attributes:
        kind: by which rule it was made.
    """

    text: str
    emotions: tuple[str, ...]
    kind: str


# What somebody feels, the emotion, and what is left of it when it is denied.
_FEELINGS: Final = (
    ("happy", "joy", "disappointment"),
    ("thrilled", "excitement", "disappointment"),
    ("excited", "excitement", "disappointment"),
    ("proud of myself", "pride", "disappointment"),
    ("grateful", "gratitude", "annoyance"),
    ("impressed", "admiration", "disappointment"),
    ("amused", "amusement", "annoyance"),
    ("optimistic", "optimism", "disappointment"),
    ("relieved", "relief", "nervousness"),
    ("in love with it", "love", "disappointment"),
    ("angry", "anger", "neutral"),
    ("annoyed", "annoyance", "neutral"),
    ("scared", "fear", "neutral"),
    ("nervous", "nervousness", "neutral"),
    ("sad", "sadness", "neutral"),
    ("disappointed", "disappointment", "neutral"),
    ("disgusted", "disgust", "neutral"),
    ("embarrassed", "embarrassment", "neutral"),
    ("sorry", "remorse", "neutral"),
    ("surprised", "surprise", "neutral"),
    ("confused", "confusion", "neutral"),
    ("curious", "curiosity", "neutral"),
)
_ABOUT: Final = (
    "their new timetable",
    "how the meeting went",
    "the results",
    "this season so far",
    "what they did to the park",
    "the second half",
    "our new flat",
    "her answer",
    "the latest update",
    "my first week here",
    "moving house",
    "the way dinner turned out",
    "his speech",
    "the ending",
    "the price of tickets",
    "my exam tomorrow",
    "the letter from the bank",
    "the wedding photos",
)
_SAID: Final = (
    "count me {0} about {1}",
    "honestly {0} about {1}",
    "so yeah, {0} about {1} over here",
    "feeling {0} about {1} today",
    "thinking of {1} makes me {0}",
)
_DENIED: Final = (
    "don't count me {0} about {1}",
    "wouldn't call myself {0} about {1}",
    "anything but {0} about {1}",
    "nobody in this house is {0} about {1}, me included",
    "don't think for a second that I'm {0} about {1}",
    "hardly {0} about {1}, to be honest",
    "after everything we heard last night you won't find me {0} about {1}",
    "neither {0} nor bothered about {1}",
    "thinking of {1} doesn't make me {0}",
)
# Denials that say it all the more.
_MORE: Final = (
    ("couldn't be happier about {1}", "joy"),
    ("couldn't be prouder after {1}", "pride"),
    ("can't thank you enough for {1}", "gratitude"),
    ("never been this excited about {1}", "excitement"),
    ("no complaints about {1} from me, quite the opposite", "approval"),
    ("nothing about {1} disappointed me", "approval"),
    ("can't believe how good {1} was", "admiration"),
    ("never laughed so hard as at {1}", "amusement"),
    ("couldn't be angrier about {1}", "anger"),
    ("never been so ashamed as after {1}", "embarrassment"),
    ("never been more afraid than of {1}", "fear"),
    ("couldn't be more disappointed by {1}", "disappointment"),
)
_THINGS: Final = (
    "this bakery",
    "that podcast",
    "running in the morning",
    "their old albums",
    "the night bus",
    "this phone",
    "working from home",
    "the corner shop",
    "that series",
    "winter",
    "Mondays",
    "her cooking",
    "this game",
    "the gym",
    "board games",
    "our local team",
)
# What was felt is told to be over: the last word counts.
_CHANGED: Final = (
    ("once upon a time I adored {0}, these days I leave the room", "annoyance"),
    ("loved {0} for years. these days it only makes me tired", "disappointment"),
    ("{0} was the best part of my week once. not any more", "disappointment"),
    ("I was such a fan of {0}, until last month", "disappointment"),
    ("years of avoiding {0}, and suddenly I'm its biggest fan", "love"),
    ("never thought I would say it after all my complaints, but {0} makes me really happy now", "joy"),
    ("couldn't stand {0} at first. turns out I was wrong, it is wonderful", "admiration"),
    ("I was scared of {0} as a kid, now it is my favourite thing", "love"),
    ("was worried about {0} all week, and it went fine in the end", "relief"),
    ("hated {0} before I knew better", "realization"),
)
# Emoji that say a feeling by themselves; those that are meant in two ways are not among them.
_EMOJI: Final = (
    ("joy", "😊😁😄"),
    ("amusement", "😂🤣"),
    ("love", "❤😍🥰💕"),
    ("admiration", "👏🙌"),
    ("gratitude", "🙏"),
    ("anger", "😡😠🤬"),
    ("annoyance", "🙄😒"),
    ("sadness", "😢😞😔"),
    ("grief", "💔"),
    ("fear", "😱😨"),
    ("nervousness", "😬😰"),
    ("disgust", "🤢🤮"),
    ("surprise", "😮😲🤯"),
    ("embarrassment", "😳"),
    ("excitement", "🎉🤩"),
    ("curiosity", "🤔"),
)
# Groups that may stand for one another without a change of meaning; words with another sense ("man!", "white",
# "straight home") stand only where they can mean people.
_GROUPS: Final = (
    ("women", "men", "girls", "boys", "lesbians", "old people", "young people"),
    ("black people", "white people", "asian people", "arabs", "indigenous people", "latinos"),
    ("gay people", "straight people", "trans people", "queer people", "bisexual people"),
    ("gay", "bisexual", "trans", "queer", "lesbian"),
    ("muslims", "christians", "jews", "hindus", "atheists", "catholics", "buddhists", "sikhs"),
    ("muslim", "christian", "jewish", "hindu", "atheist", "catholic", "buddhist", "sikh"),
    ("immigrants", "refugees", "foreigners", "locals", "tourists"),
    ("mexicans", "poles", "americans", "indians", "nigerians", "turks", "germans", "russians"),
    ("mexican", "chinese", "american", "indian", "nigerian", "turkish", "british", "german", "russian"),
    ("disabled people", "deaf people", "blind people", "autistic people"),
)
_SWAPS: Final = {word: group for group in _GROUPS for word in group}
_GROUP: Final = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, _SWAPS), key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_LONG_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_VOWEL: Final = re.compile(r"[aeiouy]", re.IGNORECASE)


def sentences(number: int, rng: Rng) -> Iterator[Made]:
    """Yield about `number` sentences in pairs: what is felt and its denial, and what was felt and is no more."""
    for _ in range(number // 4):
        feeling, emotion, left = _FEELINGS[rng.integers(len(_FEELINGS))]
        about = _pick(_ABOUT, rng)
        yield Made(_pick(_SAID, rng).format(feeling, about), (emotion,), "said")
        yield Made(_pick(_DENIED, rng).format(feeling, about), (left,), "denied")
        text, emotion = _MORE[rng.integers(len(_MORE))]
        yield Made(text.format("", about), (emotion,), "denied, and so all the more")
        text, emotion = _CHANGED[rng.integers(len(_CHANGED))]
        yield Made(text.format(_pick(_THINGS, rng)), (emotion,), "a change of mind")


def with_emoji(text: str, rng: Rng) -> Made:
    """Return a text that said nothing of a feeling with an emoji that does."""
    emotion, signs = _EMOJI[rng.integers(len(_EMOJI))]
    return Made(f"{text} {_pick(signs, rng) * int(rng.integers(1, 3))}", (emotion,), "emoji added")


def misspelt(text: str, rng: Rng) -> str | None:
    """Return a text with two letters of a long word swapped, or one left out or doubled; None if it has none."""

    def spoil(word: str) -> str:
        place = int(rng.integers(1, len(word) - 2))
        before, letter, after = word[:place], word[place], word[place + 1 :]
        return (before + after[0] + letter + after[1:], before + after, before + letter * 2 + after)[rng.integers(3)]

    return _change_one(text, _LONG_WORD, spoil, rng)


def stretched(text: str, rng: Rng) -> str | None:
    """Return a text with a vowel of a longer word drawn out; None if it has no such word."""

    def stretch(word: str) -> str:
        vowels = list(_VOWEL.finditer(word))
        if not vowels:
            return word
        place = vowels[-1].start()
        return word[:place] + word[place] * int(rng.integers(3, 7)) + word[place + 1 :]

    return _change_one(text, _LONG_WORD, stretch, rng)


def of_another_group(text: str, rng: Rng) -> str | None:
    """Return a text about other people, all mentions of one group alike; None if it names no group."""
    found = _GROUP.search(text)
    if found is None:
        return None
    old = found[1].lower()
    new = _pick([word for word in _SWAPS[old] if word != old], rng)
    return re.sub(rf"\b{re.escape(old)}\b", new, text, flags=re.IGNORECASE)


KEPT: Final[tuple[tuple[str, Callable[[str, Rng], str | None]], ...]] = (
    ("misspelt", misspelt),
    ("stretched", stretched),
    ("of another group", of_another_group),
)
"""Changes that leave a text's labels as they are, by their kind."""


def targets(made: Sequence[Made]) -> NDArray[np.bool_]:
    """Return the emotions as bool [n_texts, 28]."""
    found = np.zeros((len(made), len(LABELS)), dtype=np.bool_)
    for row, one in enumerate(made):
        found[row, [INDEX[name] for name in one.emotions]] = True
    return found


def _change_one(text: str, pattern: re.Pattern[str], change: Callable[[str], str], rng: Rng) -> str | None:
    # A mask stands in brackets: what is changed there would be another text.
    words = [
        found for found in pattern.finditer(text) if text[found.start() - 1 : found.start()] not in {"[", "@", "#"}
    ]
    if not words:
        return None
    word = words[rng.integers(len(words))]
    return text[: word.start()] + change(word[0]) + text[word.end() :]


def _pick(choices: Sequence[str], rng: Rng) -> str:
    return choices[int(rng.integers(len(choices)))]
