"""Contrast pairs: what changes a text's emotions and what leaves them."""

import csv
import re

import numpy as np
import pytest

from core.emotions import INDEX, LABELS
from core.settings import ROOT
from core.text import AMBIGUOUS_EMOJI
from models import augment


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_sentences_come_in_pairs_of_opposite_meaning():
    made = list(augment.sentences(4_000, rng()))
    assert len(made) == 4_000
    assert {one.kind for one in made} == {"said", "denied", "denied, and so all the more", "a change of mind"}
    for said, denied in zip(made[::4], made[1::4], strict=True):
        assert (said.kind, denied.kind) == ("said", "denied")
        assert said.emotions != denied.emotions
    assert len({one.text for one in made}) > 1_000
    assert not any("{" in one.text for one in made)
    assert [one.text for one in augment.sentences(40, rng())] == [one.text for one in augment.sentences(40, rng())]


def test_no_sentence_is_near_a_tweet_that_judges():
    def sixes(texts):
        words = [re.findall(r"\w+(?:'\w+)?", text.casefold().replace("’", "'")) for text in texts]
        return {tuple(said[start : start + 6]) for said in words for start in range(len(said) - 5)}

    judging = []
    for name in ("sample_tweets.csv", "flag_tweets.csv"):
        with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
            judging += [row["text"] for row in csv.DictReader(file)]
    assert not sixes(one.text for one in augment.sentences(20_000, rng())) & sixes(judging)


def test_an_emoji_turns_a_neutral_text():
    made = [augment.with_emoji("the bus is at the stop", rng(seed)) for seed in range(200)]
    assert all(one.text.startswith("the bus is at the stop ") for one in made)
    assert len({one.emotions for one in made}) > 12
    assert "neutral" not in {name for one in made for name in one.emotions}
    signs = {sign for one in made for sign in one.text.removeprefix("the bus is at the stop ")}
    assert not signs & set(AMBIGUOUS_EMOJI), "what has two meanings says none by itself"


@pytest.mark.parametrize("seed", range(20))
def test_a_typo_is_one_letter_in_one_word(seed):
    text = "[NAME] went to the market again"
    spoilt = augment.misspelt(text, rng(seed))
    before, after = text.split(), spoilt.split()
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(changed) <= 1  # two letters of a word may be alike
    for old, new in changed:
        assert (old[0], old[-1]) == (new[0], new[-1])
        assert abs(len(old) - len(new)) <= 1
    assert spoilt.startswith("[NAME] ")


def test_a_word_is_drawn_out():
    assert augment.stretched("so good", rng()) in {f"so go{'o' * more}d" for more in range(3, 8)}
    assert augment.stretched("so it is", rng()) is None
    assert augment.misspelt("so it is", rng()) is None


def test_another_group_is_named_throughout():
    swapped = augment.of_another_group("Muslims are my neighbours, and muslims are kind", rng())
    first = swapped.split()[0]
    assert first in {"christians", "jews", "hindus", "atheists", "catholics", "buddhists", "sikhs"}
    assert swapped == f"{first} are my neighbours, and {first} are kind"
    assert augment.of_another_group("my neighbours are kind", rng()) is None
    assert augment.of_another_group("Black people next door", rng()).endswith((" people next door", "s next door"))
    assert augment.of_another_group("man, the white car went straight home", rng()) is None


def test_targets_follow_the_names():
    made = [augment.Made("so late", ("anger", "sadness"), "x"), augment.Made("ok", ("neutral",), "x")]
    found = augment.targets(made)
    assert found.shape == (2, len(LABELS))
    assert np.flatnonzero(found[0]).tolist() == [INDEX["anger"], INDEX["sadness"]]
    assert np.flatnonzero(found[1]).tolist() == [INDEX["neutral"]]
