from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from core.memo import Memo, memoised


class Source:
    """Something that changes, and counts how often it is asked."""

    def __init__(self) -> None:
        self.state, self.asked = 0, 0
        self.memo = Memo(lambda: self.state, most=3)

    @memoised
    def frame(self, rows: int, *, name: str = "n") -> pd.DataFrame:
        self.asked += 1
        return pd.DataFrame({name: np.arange(rows), "text": "as it was"})


@dataclass(frozen=True)
class Report:
    frame: pd.DataFrame
    shares: np.ndarray


def test_a_question_is_computed_once_until_the_token_changes() -> None:
    source = Source()
    for _ in range(3):
        assert source.frame(2)["n"].tolist() == [0, 1]
    assert source.asked == 1
    source.frame(2, name="m")
    assert source.asked == 2
    source.state += 1
    source.frame(2)
    assert source.asked == 3


def test_a_frame_edited_in_place_changes_nobody_elses_answer() -> None:
    source = Source()
    first = source.frame(2)
    first["n"] += 5
    first.loc[0, "text"] = "edited"
    first.pop("text")
    second = source.frame(2)
    second.insert(0, "more", 1)
    assert source.frame(2).to_dict("list") == {"n": [0, 1], "text": ["as it was", "as it was"]}
    assert source.asked == 1


def test_what_lies_deeper_is_a_copy_too() -> None:
    memo = Memo(lambda: 0)

    def ask() -> tuple[Report, list[str]]:
        return memo.recall("report", lambda: (Report(pd.DataFrame({"n": [1]}), np.zeros(2)), ["a"]))

    report, names = ask()
    report.frame.loc[0, "n"] = 9
    report.shares[:] = 1
    names.append("b")
    again, names = ask()
    assert (again.frame.loc[0, "n"], again.shares.tolist(), names) == (1, [0, 0], ["a"])


def test_the_answer_asked_for_longest_ago_goes_first() -> None:
    source = Source()
    for rows in (1, 2, 3, 1, 4, 1):
        source.frame(rows)
    assert source.asked == 4
    source.frame(2)
    assert source.asked == 5, "it had gone"


def test_what_changes_while_it_is_computed_is_asked_again() -> None:
    source = Source()

    def overtaken() -> int:
        source.state += 1
        return source.state

    assert source.memo.recall("n", overtaken) == 1
    assert source.memo.recall("n", lambda: 7) == 7


def test_a_failure_is_not_kept() -> None:
    memo = Memo(lambda: 0)
    with pytest.raises(ZeroDivisionError):
        memo.recall("n", lambda: 1 // 0)
    assert memo.recall("n", lambda: 2) == 2


def test_threads_share_it() -> None:
    memo = Memo(lambda: 0, most=5)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: memo.recall(number % 7, lambda: [number % 7]), range(700)))
    assert found == [[number % 7] for number in range(700)]
