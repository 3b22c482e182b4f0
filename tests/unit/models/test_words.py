"""How the list of common words is made."""

import json
from pathlib import Path

from models.words import common_words, write_words


def _files(folder: Path) -> tuple[Path, Path]:
    pieces = ["[PAD]", "the", "train", "##ing", "late", "xyz", "of", "er", "i", "9", "zzz"]
    tokenizer, train = folder / "tokenizer.json", folder / "train.tsv"
    tokenizer.write_text(json.dumps({"model": {"vocab": {piece: at for at, piece in enumerate(pieces)}}}))
    rows = ["I don\u2019t know, the TRAIN is late\t1\tid"] * 20 + ["soooo zzz rarely\t1\tid"] * 4
    train.write_text("\n".join(rows), encoding="utf-8")
    return tokenizer, train


def test_whole_words_that_are_common_are_listed_the_most_common_first(tmp_path: Path) -> None:
    listed = common_words(*_files(tmp_path))
    assert {"i", "the", "train", "late", "know", "dont"} <= set(listed)
    assert listed.index("the") < listed.index("late") < listed.index("know")


def test_short_pieces_stretched_words_and_parts_of_words_are_not_listed(tmp_path: Path) -> None:
    assert {"er", "ing", "xyz", "soooo", "zzz", "9", "rarely"}.isdisjoint(common_words(*_files(tmp_path)))


def test_the_file_holds_one_word_a_line(tmp_path: Path) -> None:
    write_words(["so", "cool"], tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_text() == "so\ncool\n"
