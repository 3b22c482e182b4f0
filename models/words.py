"""The list of common words by which normaliser 2 splits hashtags and folds stretched words.

A word is known if the shipped tokenizer has it as a whole piece (its vocabulary is ordered by how common a piece is),
or if the training comments use it often. Words are ordered by the mean of the logarithms of both ranks, and
`data/words.txt` holds nothing but that order: single words, at most `WORDS` of them. The list belongs to the
normaliser's version: a new list is a new version.
"""

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Final

WORDS: Final = 20_000
"""Words that are kept."""

LEAST: Final = {3: 20, 4: 3}
"""How often a word of so many letters is used in the training comments; short pieces are mostly abbreviations."""

# The only words of one or two letters: other short pieces are abbreviations, and would cut up names.
_SHORT = re.compile("a|i|am|an|as|at|be|by|do|go|he|hi|if|in|is|it|me|my|no|of|oh|ok|on|or|so|to|up|us|we")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LETTERS = re.compile(r"[a-z]+")


def common_words(tokenizer: Path, train: Path) -> list[str]:
    """Return the most common words, in lower case, the most common first.

    Args:
        tokenizer: `tokenizer.json` of a WordPiece model.
        train: the corpus' `train.tsv`; the text stands in its first column.
    """
    pieces = sorted((at, piece) for piece, at in json.loads(tokenizer.read_bytes())["model"]["vocab"].items())
    vocabulary = [piece for _, piece in pieces if _LETTERS.fullmatch(piece)]
    counts: Counter[str] = Counter()
    for line in train.read_text(encoding="utf-8").splitlines():
        for word in _WORD.findall(line.split("\t")[0].lower().replace("’", "'")):
            # As it stands in a hashtag: "dont".
            counts[word.replace("'", "")] += 1
    used = [word for word, count in counts.most_common() if count >= 5]
    rank = {word: at for at, word in enumerate(vocabulary)}
    use = {word: at for at, word in enumerate(used)}
    last = len(rank) + len(use)

    def cost(word: str) -> float:
        return math.log(rank.get(word, last) + 1) + math.log(use.get(word, last) + 1)

    known = [
        word
        for word in {*rank, *use}
        if _SHORT.fullmatch(word)
        or (len(word) > 2 and counts[word] >= LEAST.get(len(word), 0) and not _one_letter(word))
    ]
    return sorted(known, key=lambda word: (cost(word), word))[:WORDS]


def _one_letter(word: str) -> bool:
    """Whether a letter stands three times in a row: what stretched words are folded to holds none."""
    return any(a == b == c for a, b, c in zip(word, word[1:], word[2:], strict=False))


def write_words(words: list[str], path: Path) -> None:
    """Write the list, one word a line."""
    path.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
