"""Finished runs, as the tables take them."""

from datetime import UTC, datetime

from core.experiments.run import FINGERPRINT_TAG, RunFacts


def run(name, *, minute=0, tags=None, params=None, **metrics):
    return RunFacts(
        id=name,
        origin=name,
        name=name,
        started_at=datetime(2026, 5, 1, 12, minute, tzinfo=UTC),
        params=params or {},
        tags={"family": "F", "machine": "M", FINGERPRINT_TAG: name} | (tags or {}),
        metrics=metrics,
        artefacts="",
    )


def f1(value):
    return {"test_emotion_macro_f1": value, "test_emotion_macro_f1_low": value - 0.01, "test_n": 10, "bytes": 2e6}
