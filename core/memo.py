"""Memoise answers until what they were computed from changes."""

import copy
import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

MOST: Final = 128
"""Answers that are kept; the one that was asked for longest ago goes first."""


class Memo:
    """Answers by question, each good for as long as what it was computed from stays the same.

    Safe to share between threads; two that ask the same at once may both compute it. What is handed out is a copy: a
    frame that is edited in place changes no other answer.
    """

    def __init__(self, token: Callable[[], Hashable], most: int = MOST) -> None:
        """Take a function that returns another token for every state of the source.

        Args:
            token: asked before each answer, so it has to be cheap.
        """
        self._token = token
        self._most = most
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, question: Hashable, compute: Callable[[], T]) -> T:
        """Return a copy of the answer to a question, computed if it is not known."""
        # Taken before computing: what changes meanwhile makes the answer stale, not lost.
        key = (self._token(), question)
        with self._lock:
            known = key in self._known
            if known:
                self._known.move_to_end(key)
                answer: T = self._known[key]
        if not known:
            answer = compute()
            with self._lock:
                self._known[key] = answer
                while len(self._known) > self._most:
                    self._known.popitem(last=False)
        return copy.deepcopy(answer)


class HasMemo(Protocol):
    """What has a memo for its methods."""

    @property
    def memo(self) -> Memo:
        """Where their answers are kept."""


S = TypeVar("S", bound=HasMemo)


def memoised(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Memoise a method, whose arguments must be hashable, until the token of its object's memo changes."""

    @functools.wraps(method)
    def asked(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        question = (method.__qualname__, args, tuple(sorted(kwargs.items())))
        return self.memo.recall(question, lambda: method(self, *args, **kwargs))

    return cast("Callable[Concatenate[S, P], T]", asked)
