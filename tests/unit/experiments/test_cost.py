import time

import pytest

from core.errors import InputError, ModelError
from core.experiments import cost
from core.settings import ROOT
from tests.fakes import fake_classifier, fake_model_folder


@pytest.mark.slow
def test_a_shipped_model_is_measured_in_a_process_of_its_own():
    found = cost.measure(ROOT / "models" / "tfidf_model")
    assert 0 < found.median_ms <= found.p95_ms
    assert found.in_files >= 512
    assert 0 < found.singles <= cost.SINGLES
    assert 30 < found.peak_mib < 4_000
    assert dict(found.metrics())["cost_tweets_per_second"] == found.tweets_per_second
    assert "cores" in found.machine


def test_a_cancel_ends_it_at_once():
    started = time.monotonic()
    assert cost.measure(ROOT / "models" / "tfidf_model", cancelled=lambda: True) is None
    assert time.monotonic() - started < 5


def test_a_model_that_cannot_be_loaded_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"fake_model could not be measured\. .*does not vouch"):
        cost.measure(fake_model_folder(tmp_path / "fake_model", "fake", "1"))


def test_what_is_timed_ends_in_labels():
    assert cost.read_labels(fake_classifier(), ["I LOVE it", "sad @you"]) == [["love"], ["sadness"]]


@pytest.mark.parametrize("content", ["", "text\n", "tweet\nhello\n"])
def test_without_sample_tweets_there_is_a_message(tmp_path, content):
    path = tmp_path / "tweets.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"tweets\.csv"):
        cost.sample_texts(path)
