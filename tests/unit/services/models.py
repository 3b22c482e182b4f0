"""The use cases over a tracker and two small models, as tests of them begin."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.access.actor import Actor
from core.emotions import LABELS
from core.experiments import evidence
from core.experiments.run import FINGERPRINT_TAG, MODEL_TAG, VERSION_TAG
from core.experiments.tracking import Measurement, Run
from core.inference.classifier import Thresholds, read_manifest, verify
from core.services.cost_runs import CostRuns
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.services.promotion import ModelPromotion
from tests.fakes import COST, ticking

OWNER = Actor("Ada")


def training(folder: Path, f1: float, seed: int, texts: bool = True) -> Run:
    """A run that made the model in `folder`, and what it left."""
    manifest = read_manifest(folder)
    targets = np.random.default_rng(0).random((300, len(LABELS))) < 0.2
    noise = np.random.default_rng(seed).normal(0, 1 - f1, targets.shape)
    scores = np.clip(targets * 0.6 + 0.2 + noise, 0, 1).astype(np.float32)
    return Run(
        name=manifest.label,
        params=(("seed", str(seed)),),
        metrics=(
            Measurement("test_emotion_macro_f1", f1),
            Measurement("test_n", 300),
            Measurement("bytes", 1e6 * seed),
        ),
        tags=(
            ("family", manifest.family),
            ("machine", "another"),
            (MODEL_TAG, manifest.name),
            (VERSION_TAG, manifest.version),
            (FINGERPRINT_TAG, manifest.fingerprint),
        ),
        texts=(
            (evidence.DECISIONS_FILE, evidence.decisions_csv(targets, scores, Thresholds.flat())),
            (evidence.CURVES_FILE, evidence.curves_csv(targets, scores)),
        )
        if texts
        else (),
    )


@dataclass
class Desk:
    """The use cases over one tracker and the models on this machine."""

    tracker: ModelTracker
    board: ModelBoard
    promotion: ModelPromotion
    cost_runs: CostRuns


def desk_at(folder: Path, pinned: Path | None = None, uri: str | None = None, measure=None) -> Desk:
    tracker = ModelTracker(
        uri or f"sqlite:///{folder / 'mlflow.db'}",
        folder / "models",
        folder / "serving.json",
        pinned,
        now=ticking(),
    )
    return Desk(
        tracker,
        ModelBoard(tracker, folder / "runs"),
        ModelPromotion(tracker, try_out=lambda tried: verify(tried, read_manifest(tried))),
        CostRuns(tracker, measure or (lambda _folder, _cancelled: COST)),
    )


def by_label(board, label):
    return next(one for one in board.candidates if one.label == label)
