"""scikit-learn models: TF-IDF features and one logistic regression per emotion, read through skops (no pickle).

The file is a fitted scikit-learn pipeline but for one thing: the vectorizer's vocabulary, a dict of 60,000 entries, is
kept as its terms in column order, one a line. skops describes every entry of a dict at length; the same model would
take half a gigabyte and seconds to load. `pack` and `unpack` turn one into the other.
"""

import importlib.abc
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline

from core.emotions import LABELS, Scores
from core.errors import ModelError
from core.inference.classifier import Manifest


class _NoTorch(importlib.abc.MetaPathFinder):
    """Says that torch is not installed, to the thread that made it and to no other."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "torch" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(name=fullname)


@contextmanager
def _torch_left_out() -> Iterator[None]:
    finder = _NoTorch()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


# To know scikit-learn's types, skops imports all of its packages, and one of them torch: seconds of waiting
# for nothing. Those packages are prepared for a machine without it.
with _torch_left_out():
    import skops.io
    from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

FILE: Final = "model.skops"
FILES: Final = (FILE,)
"""What a model folder must hold, and its manifest vouch for."""


def pack(vectorizer: TfidfVectorizer) -> None:
    """Replace the vocabulary of a fitted vectorizer by its terms as lines, ready to be written."""
    vectorizer.vocabulary_ = "\n".join(vectorizer.get_feature_names_out())


def unpack(vectorizer: TfidfVectorizer) -> None:
    """Give a vectorizer that was read its vocabulary back."""
    vectorizer.vocabulary_ = {term: column for column, term in enumerate(vectorizer.vocabulary_.split("\n"))}


class SklearnEngine:
    """Scores with a fitted TF-IDF pipeline; its 28 regressions are laid into one matrix, which is 28 times quicker."""

    def __init__(self, vectorizer: TfidfVectorizer, regressions: Sequence[LogisticRegression]) -> None:
        self._vectorizer = vectorizer
        self._weights = np.vstack([one.coef_ for one in regressions]).T.astype(np.float32)
        self._bias = np.concatenate([one.intercept_ for one in regressions]).astype(np.float32)

    @property
    def n_parameters(self) -> int:
        """How many numbers it learned: the words' weights, and those and the biases of the regressions."""
        return int(self._vectorizer.idf_.size + self._weights.size + self._bias.size)

    def score(self, texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, 28] in the order of `texts`."""
        scores: Scores = 1 / (1 + np.exp(-(self._vectorizer.transform(texts) @ self._weights + self._bias)))
        return scores

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        """Return False for each text: all of it is read."""
        return [False] * len(texts)

    def tokens(self, text: str) -> list[str]:
        """Return the words of a normalised text; the model reads them, their pairs and their parts."""
        return text.split()


def load(folder: Path, manifest: Manifest, threads: int = 0) -> SklearnEngine:
    """Load `model.skops` from a model folder whose files have been verified.

    Args:
        folder: the model's folder.
        manifest: its manifest.
        threads: unused; a sparse product runs on one core.

    Raises:
        ModelError: the file is damaged, or holds anything but a TF-IDF vectorizer and 28 logistic regressions.
    """
    del threads
    path = folder / FILE
    try:
        # Nothing beyond skops's own list of scikit-learn and NumPy types is trusted, and of those only these four pass.
        pipeline = skops.io.load(path, trusted=[])
        vectorizer, stack = _steps(pipeline)
        unpack(vectorizer)
    except (UntrustedTypesFoundException, UnsupportedTypeException, TypeError) as error:
        raise ModelError(
            f"{path} holds other types than {manifest.name} needs ({error}). Restore it from the repository."
        ) from error
    except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is damaged ({error!r}). Restore it from the repository.") from error
    return SklearnEngine(vectorizer, stack)


def _steps(pipeline: object) -> tuple[TfidfVectorizer, list[LogisticRegression]]:
    if not isinstance(pipeline, Pipeline) or len(pipeline.steps) != 2:
        raise TypeError(f"a {type(pipeline).__name__} instead of a pipeline of two steps")
    vectorizer, classifier = (step for _, step in pipeline.steps)
    if not isinstance(vectorizer, TfidfVectorizer) or not isinstance(classifier, OneVsRestClassifier):
        raise TypeError(f"a pipeline of {type(vectorizer).__name__} and {type(classifier).__name__}")
    stack = classifier.estimators_
    if len(stack) != len(LABELS) or not all(isinstance(one, LogisticRegression) for one in stack):
        raise TypeError(f"{len(stack)} estimators instead of {len(LABELS)} logistic regressions")
    return vectorizer, stack
