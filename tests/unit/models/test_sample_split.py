import re
from pathlib import Path

import pytest

from core.emotions import INDEX
from core.errors import DatasetError
from core.settings import ROOT
from models import sample_tweets
from models.__main__ import main

SHIPPED = ROOT / "data" / "sample_tweets.csv"


def test_the_intended_emotions_become_targets(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text('id,text,emotions\ns1,"So\nhappy 😂",joy|amusement\ns2,ok,neutral\n', encoding="utf-8")
    split = sample_tweets.load(path)
    assert split.split == "sample"
    assert split.texts == ["So happy (haha)", "ok"]
    assert split.targets.sum(axis=1).tolist() == [2, 1]
    assert split.targets[0, [INDEX["joy"], INDEX["amusement"]]].all()
    assert split.targets[1, INDEX["neutral"]]


def test_every_shipped_tweet_is_read() -> None:
    split = sample_tweets.load(SHIPPED)
    assert len(split) == 360
    assert split.targets.any(axis=1).all()
    assert all(split.texts)


@pytest.mark.parametrize("content", [None, b"id,text\ns1,ok\n", b"text,emotions\nok,bliss\n", b"\xff\xfe"])
def test_other_files_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tweets.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"tweets\.csv: no sample tweets"):
        sample_tweets.load(path)


def test_a_shipped_model_is_measured_on_them_without_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "electra", "--split", "sample"]) == 0
    printed = capsys.readouterr().out
    assert "sample, n = 360" in printed
    assert re.search(r"electra \d+ above tfidf \d+, sample, n = 360; paired 95 % intervals", printed)
