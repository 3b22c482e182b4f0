import hashlib

import numpy as np
import pytest

from core.emotions import INDEX, LABELS
from core.errors import DatasetError
from models.goemotions import data_dir, load


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text(
            "That is @anna's 😂 https://example.org\t1,17\tabc\nOh no.\t25\tdef\n", encoding="utf-8"
        )
    return tmp_path


def test_reads_and_normalises(corpus):
    data = load("dev", corpus)
    assert (data.split, len(data)) == ("dev", 2)
    assert data.raw == ["That is @anna's 😂 https://example.org", "Oh no."]
    assert data.texts == ["That is [NAME] 's (haha)", "Oh no."]
    assert data.read_by("1") == ["That is [NAME] 's face with tears of joy", "Oh no."]
    assert data.targets.dtype == np.bool_
    assert data.targets.shape == (2, 28)
    assert np.flatnonzero(data.targets[0]).tolist() == [INDEX["amusement"], INDEX["joy"]]
    assert np.flatnonzero(data.targets[1]).tolist() == [INDEX["sadness"]]
    assert data.md5 == hashlib.md5((corpus / "dev.tsv").read_bytes(), usedforsecurity=False).hexdigest()


def test_reads_windows_line_ends_and_no_last_one(corpus):
    (corpus / "dev.tsv").write_bytes(b"Fine.\t0\tabc\r\nOh no.\t25\tdef")
    assert load("dev", corpus).texts == ["Fine.", "Oh no."]


def test_keeps_a_line_separator_inside_a_text(corpus):
    (corpus / "dev.tsv").write_text("One\u2028two\t0\tabc\n", encoding="utf-8")
    assert load("dev", corpus).texts == ["One two"]


@pytest.mark.parametrize(
    "line",
    ["only a text", "text\t3", "text\t28\tabc", "text\t-1\tabc", "text\tjoy\tabc", "text\t\tabc", "a\tb\t3\tabc"],
    ids=["no tabs", "no comment id", "label beyond 27", "label below 0", "label by name", "no label", "too many tabs"],
)
def test_a_damaged_line_is_named(corpus, line):
    (corpus / "dev.tsv").write_text(f"Fine.\t0\tabc\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"dev\.tsv, line 2: expected text"):
        load("dev", corpus)


def test_another_encoding_is_named(corpus):
    (corpus / "dev.tsv").write_bytes("Schön.\t0\tabc\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        load("dev", corpus)


def test_a_missing_file_is_named(corpus):
    (corpus / "test.tsv").unlink()
    with pytest.raises(DatasetError, match=r"lacks test\.tsv"):
        data_dir(corpus)


def test_other_labels_are_refused(corpus):
    (corpus / "labels.txt").write_text("\n".join(reversed(LABELS)), encoding="utf-8")
    with pytest.raises(DatasetError, match="other labels"):
        data_dir(corpus)
