"""TF-IDF and logistic regression: the baseline that every heavier model has to beat."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from core.inference.engines.sklearn_engine import FILE, pack
from core.machine import code_revision
from models import goemotions
from models.artefact import Origin
from models.evaluate import Evaluation
from models.publish import BUILD, fresh, publish

WORDS: Final = r"(?u)\b\w+\b|[!?]"
"""Words of one letter ("I", "u", "4"), and the marks of excitement and of a question. On dev macro average precision
rises from 0.427 (scikit-learn's default, two letters at least) to 0.436 and 0.438; neither words with their apostrophe
(0.437) nor the masks kept in brackets (0.438) add to it. Emoji are words by then (`core.text`)."""

C: Final = 3.0
_STEP: Final = 256
"""Coefficients are kept as float32 in steps of 1/256, which compress to less than half. On dev no probability moves by
more than 0.0011, and macro average precision by less than 0.0001."""


def fit(train: goemotions.LabelledTexts, seed: int) -> Pipeline:
    """Fit the vectorizer and 28 independent regressions."""
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=WORDS, dtype=np.float32),
        OneVsRestClassifier(LogisticRegression(C=C, solver="liblinear", random_state=seed)),
    )
    pipeline.fit(train.texts, train.targets.astype(np.int64))
    for regression in pipeline[-1].estimators_:
        regression.coef_ = (np.round(regression.coef_ * _STEP) / _STEP).astype(np.float32)
        regression.intercept_ = regression.intercept_.astype(np.float32)
    return pipeline


def write(pipeline: Pipeline, folder: Path) -> None:
    """Write a fitted pipeline as the engine reads it; its vocabulary is packed and `pipeline` no longer usable."""
    pack(pipeline[0])
    skops.io.dump(pipeline, folder / FILE, compression=zipfile.ZIP_DEFLATED, compresslevel=9)


def train(data: Path, seed: int, now: datetime, say: Callable[[str], None]) -> Evaluation:
    """Train the baseline, measure it and put it in service; takes a minute on two cores.

    Args:
        data: the corpus's folder.
        seed: of liblinear's shuffling.
        now: the time, with a time zone.
        say: takes lines for the person who waits.

    Raises:
        AffectraError: see `publish`.
    """
    revision = code_revision()
    corpus = goemotions.load("train", data)
    say(f"Fitting TF-IDF on {len(corpus)} texts.")
    staging = fresh(BUILD / "tfidf-artefact")
    origin = make(corpus, seed, revision, staging)
    return publish(staging, origin, data=data, now=now, say=say)


def make(train: goemotions.LabelledTexts, seed: int, revision: str, folder: Path) -> Origin:
    """Fit on `train`, write the engine's file into `folder`, and return where the model comes from.

    Args:
        seed: of liblinear's shuffling.
        revision: of the code at the moment training began.
    """
    pipeline = fit(train, seed)
    features = len(pipeline[0].vocabulary_)
    write(pipeline, folder)
    return Origin(
        name="tfidf",
        family="TF-IDF + logistic regression",
        engine="sklearn",
        base="",
        base_licence="",
        max_length=None,
        summary=(
            "Words and pairs of words, weighted by TF-IDF, and one logistic regression per emotion: the baseline that "
            "every heavier model has to beat. It knows nothing of word order beyond pairs, nor of words it never saw."
        ),
        parameters=(
            ("ngrams", "1-2"),
            ("min_df", "2"),
            ("sublinear_tf", "true"),
            ("token_pattern", WORDS),
            ("features", str(features)),
            ("solver", "liblinear"),
            ("C", str(C)),
            ("class_weight", "none"),
            ("coefficients", f"float32 in steps of 1/{_STEP}"),
        ),
        seed=seed,
        code_revision=revision,
    )
