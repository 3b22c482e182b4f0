"""Frames as charts take them, small and handwritten."""

import numpy as np
import pandas as pd

from core.emotions import AT_LEVEL

HOSTILE = '<a href="https://evil.example">x</a>\u202e\n=== 2026-01-01'

DAYS = pd.date_range("2026-03-02", periods=4)

NEXT = DAYS + pd.Timedelta(days=1)


def periods():
    return pd.DataFrame({"bucket": DAYS, "until": NEXT, "n": [10, 0, 1200, 40], "flagged": [1, 0, 30, 4]})


def line(name="anger", count=(1, 0, 600, 4)):
    n = np.array([10, 0, 1200, 40])
    share = [np.nan if not of else have / of for have, of in zip(count, n, strict=True)]
    look = {"name": name, "emoji": "😡", "colour": "#bf4922"}
    return pd.DataFrame({"bucket": DAYS, "until": NEXT, **look, "count": count, "n": n, "share": share})


def labels(level="emotion"):
    frame = pd.DataFrame([{"name": one.name, "emoji": one.emoji, "colour": one.colour} for one in AT_LEVEL[level]])
    share = np.linspace(0.3, 0.0, len(frame))
    return frame.assign(count=(share * 1000).round().astype(int), share=share, previous=share - 0.01)


def pairs(names=("joy", "love", "grief"), counts=((100, 40, 0), (40, 50, 1), (0, 0, 0))):
    return pd.DataFrame(
        [
            {
                "row": row,
                "column": column,
                "count": counts[i][j],
                "share": np.nan if i == j or not counts[i][i] else counts[i][j] / counts[i][i],
                "row_count": counts[i][i],
            }
            for i, row in enumerate(names)
            for j, column in enumerate(names)
        ]
    )


def flags(rows=(("profanity", "info", 1200), ("threat", "urgent", 2), ("threat", "watch", 5))):
    return pd.DataFrame(rows, columns=["category", "severity", "count"])


def days(n=4, spikes=(2,)):
    spike = np.isin(np.arange(n), spikes)
    return pd.DataFrame(
        {
            "day": pd.date_range("2026-03-02", periods=n),
            "n": np.arange(n) + 10,
            "spike": spike,
            "name": np.where(spike, "anger", ""),
            "score": np.where(spike, 5.25, np.nan),
            "count": np.where(spike, 42.0, np.nan),
            "usual": np.where(spike, 11.0, np.nan),
        }
    )


def shifts():
    names = {"name": ["joy", "anger", "fear", "grief"], "emoji": ["😃", "😡", "😨", "😭"]}
    return pd.DataFrame({**names, "psi": [0.02, 1.5, 0.12, np.nan], "band": ["stable", "large", "moderate", ""]})


def readings():
    return pd.DataFrame(
        {
            "name": ["joy", "anger"],
            "emoji": ["😃", "😡"],
            "colour": ["#2d90e8", "#bf4922"],
            "before": [0.2, 0.9],
            "after": [0.3, 0.1],
        }
    )
