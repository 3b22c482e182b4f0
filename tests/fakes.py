"""Small deterministic stand-ins, given by constructor argument."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from core.emotions import INDEX, LABELS, Scores
from core.experiments.cost import Cost
from core.inference.classifier import Classifier, FileFact, Manifest, ModelInfo, Thresholds
from core.rules.flags import Flag

WORDS = {
    "love": "love",
    "happy": "joy",
    "thanks": "gratitude",
    "hate": "anger",
    "sad": "sadness",
    "scared": "fear",
    "wow": "surprise",
}


class WordEngine:
    """Scores 0.9 for the emotion of each word in `WORDS`, 0.8 for neutral where there is none, 0.05 elsewhere."""

    def __init__(self) -> None:
        self.max_words = 10_000
        self.batches: list[int] = []
        self.seen: list[str] = []
        self.pause = threading.Event()
        self.pause.set()

    def score(self, texts: Sequence[str]) -> Scores:
        self.pause.wait(timeout=30)
        self.batches.append(len(texts))
        self.seen += texts
        scores = np.full((len(texts), len(LABELS)), 0.05, dtype=np.float32)
        for row, text in enumerate(texts):
            found = [WORDS[word] for word in text.lower().replace(".", " ").split() if word in WORDS]
            for label in found or ["neutral"]:
                scores[row, INDEX[label]] = 0.9 if found else 0.8
        return scores

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        return [len(text.split()) > self.max_words for text in texts]

    def tokens(self, text: str) -> list[str]:
        return text.split()[: self.max_words]


class WordRules:
    """Flags the word "knife" as a threat, urgent beside anger and watch elsewhere, and "damn" as profanity."""

    def __init__(self, version: str = "rules1") -> None:
        self.version = version

    def judge_all(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        return [self._judge(text, row[INDEX["anger"]] > 0.5) for text, row in zip(texts, scores, strict=True)]

    @staticmethod
    def _judge(text: str, angry: bool) -> tuple[Flag, ...]:
        words = (
            ("knife", Flag("threat", "urgent" if angry else "watch", 0, 0, "'knife' is a weapon")),
            ("damn", Flag("profanity", "info", 0, 0, "'damn' is strong language")),
        )
        return tuple(
            replace(flag, start=text.index(word), stop=text.index(word) + len(word))
            for word, flag in words
            if word in text
        )


def fake_classifier(
    name: str = "fake", engine: WordEngine | None = None, version: str = "1", normaliser_version: str = "1"
) -> Classifier:
    thresholds = Thresholds.flat(0.5)
    info = ModelInfo(
        name=name,
        version=version,
        family="fake",
        engine="onnx",
        base="",
        normaliser_version=normaliser_version,
        threshold_version=thresholds.version,
        max_length=None,
        bytes=0,
        metrics={},
    )
    return Classifier(engine or WordEngine(), info, thresholds)


def ticking(start: datetime = datetime(2026, 5, 1, 12, tzinfo=UTC), step: float = 1.0) -> Callable[[], datetime]:
    """A clock that goes on by `step` seconds each time it is read."""
    moment = start - timedelta(seconds=step)

    def now() -> datetime:
        nonlocal moment
        moment += timedelta(seconds=step)
        return moment

    return now


def fake_model_folder(folder: Path, name: str, version: str, content: bytes | None = None) -> Path:
    """Write a folder with a manifest that holds, over one file that no engine can read."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = content or f"{name} {version}".encode()
    (folder / "model.bin").write_bytes(weights)
    manifest = Manifest(
        name=name,
        version=version,
        family=name.upper(),
        engine="onnx",
        base="",
        normaliser_version="1",
        max_length=None,
        labels=LABELS,
        files={"model.bin": FileFact(sha256=hashlib.sha256(weights).hexdigest(), bytes=len(weights))},
        training={"trained_at": "2026-05-01T12:00:00+00:00", "seed": 0},
        metrics={"test_emotion_macro_f1": 0.4 + int(version) / 100},
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    return folder


COST = Cost(
    median_ms=2.5, p95_ms=4.0, singles=200, tweets_per_second=900.0, in_files=512, peak_mib=200.0, machine="2 cores"
)
