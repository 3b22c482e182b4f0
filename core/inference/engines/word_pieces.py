"""Texts to word pieces: the tokenizer in a model's folder, read the same way by every engine that has one."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


def batches_by_length(ids: Sequence[list[int]], most: int) -> Iterator[NDArray[np.intp]]:
    """Yield row numbers in batches of like length, the longest first; padded, one has at most `most` pieces."""
    lengths = [len(row) for row in ids]
    order = np.argsort(lengths, kind="stable")[::-1]
    start = 0
    while start < len(order):
        size = max(1, most // lengths[order[start]])
        yield order[start : start + size]
        start += size


class WordPieces:
    """Encodes texts, and cuts those that are longer than the model reads; all threads may share it."""

    def __init__(self, tokenizer: Tokenizer, max_length: int) -> None:
        """Take a tokenizer for its own, and the number of word pieces to keep, the special ones included."""
        tokenizer.no_padding()
        tokenizer.no_truncation()  # cut here: the tokenizer's own setting is shared, and does not tell what was lost
        # "[SEP]" typed into a tweet is text.
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        self._tail = len(tokenizer.encode("").ids) - 1  # the special pieces that end every text, [SEP]
        self.max_length: Final = max_length

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return each text's word-piece ids, at most `max_length`, its last special pieces kept."""
        return [self._cut(ids) for ids in self._all(texts)]

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return each text's length in word pieces, the special ones included; beyond `max_length` they go unread."""
        return [len(ids) for ids in self._all(texts)]

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it is longer than what is read."""
        # A piece stands for at least one byte, so that only long texts need be looked at.
        room = self.max_length - self._tail - 1
        return [len(text.encode()) > room and self.lengths([text])[0] > self.max_length for text in texts]

    def tokens(self, text: str) -> list[str]:
        """Return a text's word pieces as they are spelt in the vocabulary, cut and without the special ones."""
        encoding = self._tokenizer.encode(text)
        pieces = [
            piece for piece, special in zip(encoding.tokens, encoding.special_tokens_mask, strict=True) if not special
        ]
        return pieces[: self.max_length - (len(encoding.ids) - len(pieces))]

    def _all(self, texts: Sequence[str]) -> list[list[int]]:
        # One by one: encode_batch starts a thread on every core, whatever `threads` says, and saves next to nothing.
        return [self._tokenizer.encode(text).ids for text in texts]

    def _cut(self, ids: list[int]) -> list[int]:
        if len(ids) <= self.max_length:
            return ids
        return ids[: self.max_length - self._tail] + ids[len(ids) - self._tail :]
