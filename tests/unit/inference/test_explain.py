import numpy as np
import pytest

from core.inference.explain import MAX_PARTS, explain
from tests.fakes import WordEngine


def test_the_word_that_makes_the_emotion_gets_its_contribution() -> None:
    engine = WordEngine()
    explanation = explain(engine.score, "i love mondays", "love")
    by_word = {part.text: part for part in explanation.parts}
    assert explanation.probability == pytest.approx(0.9)
    # From odds 0.9/0.1 to 0.05/0.95.
    assert by_word["love"].contribution == pytest.approx(np.log(9) - np.log(0.05 / 0.95), abs=1e-4)
    assert by_word["love"].without == pytest.approx(0.05)
    assert by_word["i"].contribution == pytest.approx(0)


def test_a_word_that_holds_an_emotion_down_is_negative() -> None:
    explanation = explain(WordEngine().score, "hate it", "neutral")
    assert explanation.parts[0].contribution < 0


def test_all_words_are_scored_in_one_batch_however_long_the_text() -> None:
    engine = WordEngine()
    explanation = explain(engine.score, " ".join(f"w{n}" for n in range(1000)), "joy")
    assert len(engine.batches) == 1
    assert len(explanation.parts) <= MAX_PARTS
    assert " ".join(part.text for part in explanation.parts).split() == [f"w{n}" for n in range(1000)]


def test_one_word_and_groups() -> None:
    assert explain(WordEngine().score, "love", "positive", "sentiment").parts[0].contribution > 0
