"""What is read with a list of common words: hashtags without capitals, and stretched words."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

_RUN = re.compile(r"([^\W\d_])\1+", re.IGNORECASE)
# "III" is a number, and "ooof" is no "of".
_NEVER_STRETCHED = frozenset(("a", "i", "of"))
_SMALL = re.compile(r"[a-z]+")


class Words:
    """Common words and what each costs: the logarithm of its rank.

    Args:
        ranked: words in lower case, the most common first.
    """

    # What keeps a tag whole: an unknown word of n letters costs _UNKNOWN + n * _LETTER, and each word of a split costs
    # _PART beside its rank. Names and new words stay whole, because pieces of them that are words are rare or many.
    _UNKNOWN = 7.0
    _LETTER = 2.2
    _PART = 3.5
    # "tooo" is "too" although "to" is more common, "sooo" is "so" although the list may hold "soo".
    _DOUBLE = 3.2

    def __init__(self, ranked: Iterable[str]) -> None:
        self._cost = {word: math.log(rank) for rank, word in enumerate(ranked, start=1)}
        self._longest = max(map(len, self._cost), default=0)
        self.split = lru_cache(4096)(self._split)
        self.unstretch = lru_cache(4096)(self._unstretch)

    def __contains__(self, word: str) -> bool:
        return word in self._cost

    def _split(self, word: str) -> str:
        """Return `word` with blanks where the cheapest path over the known words has them; as it was if none is cheap.

        >>> Words(["the", "i", "this", "hate"]).split("ihatethis")
        'i hate this'
        """
        small = word.lower()
        if small in self._cost or not _SMALL.fullmatch(small):
            return word
        # best[end]: what the cheapest path to `end` costs, and where its last word starts.
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(small) + 1):
            best.append(
                min(
                    (best[start][0] + self._cost.get(small[start:end], math.inf) + self._PART, start)
                    for start in range(max(0, end - self._longest), end)
                )
            )
        if best[-1][0] > self._UNKNOWN + self._LETTER * len(small):
            return word
        parts: list[str] = []
        end = len(word)
        while end:
            start = best[end][1]
            parts.append(word[start:end])
            end = start
        return " ".join(reversed(parts))

    def _unstretch(self, word: str) -> str:
        """Return a word in which a letter stands three times in a row as the list has it, else with three at most.

        >>> Words(["so", "cool"]).unstretch("COOOOL")
        'COOL'
        >>> Words(["so", "cool"]).unstretch("brrrrrr")
        'brrr'
        """
        runs = list(_RUN.finditer(word))
        if len(runs) <= 4:
            candidates: list[tuple[float, str]] = []
            for lengths in product((2, 1), repeat=len(runs)):
                spelt, at = "", 0
                for run, length in zip(runs, lengths, strict=True):
                    spelt += word[at : run.start()] + run[0][:length]
                    at = run.end()
                spelt += word[at:]
                if spelt.lower() in self._cost and spelt.lower() not in _NEVER_STRETCHED:
                    candidates.append((self._cost[spelt.lower()] + self._DOUBLE * lengths.count(1), spelt))
            if candidates:
                return min(candidates)[1]
        return _RUN.sub(lambda run: run[0][:3], word)
