import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from core.emotions import INDEX, LABELS
from core.errors import ModelError
from core.inference import classifier
from core.inference.classifier import read_manifest
from core.inference.engines import sklearn_engine
from core.settings import ROOT
from core.text.version_1 import normalise

SHIPPED = ROOT / "models" / "tfidf_model"
TEXTS = [
    normalise(text)
    for text in (
        "Thank you so much, this made my day!",
        "I'm so sorry, I never meant to hurt @you",
        "😂😂😂 that is hilarious",
        "What does that even mean?",
        "a",
        "zzzqqq xkcdplugh",
    )
]


@pytest.fixture(scope="module")
def model():
    return classifier.load(SHIPPED)


def test_reads_what_it_should(model):
    scores = model.scores(TEXTS)
    assert scores.shape == (6, 28)
    assert scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).all()
    top = [LABELS[label] for label in model.top(scores)]
    assert top[:3] == ["gratitude", "remorse", "amusement"]
    assert scores[0, INDEX["gratitude"]] > 0.9


def test_agrees_with_scikit_learns_own_probabilities(model):
    pipeline = skops.io.load(SHIPPED / sklearn_engine.FILE, trusted=[])
    sklearn_engine.unpack(pipeline[0])
    assert model.scores(TEXTS) == pytest.approx(pipeline.predict_proba(TEXTS), abs=1e-6)


def test_a_text_scores_the_same_alone_and_among_others(model):
    together = model.scores([*TEXTS, "", *reversed(TEXTS)])
    alone = np.concatenate([model.scores([text]) for text in TEXTS])
    np.testing.assert_allclose(together[:6], alone, atol=1e-6)
    np.testing.assert_allclose(together[7:][::-1], alone, atol=1e-6)
    assert np.isnan(together[6]).all()


def test_threads_share_it(model):
    expected = model.scores(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(model.scores, [TEXTS] * 40):
            np.testing.assert_array_equal(scores, expected)


def test_the_manifest_says_what_it_measured(model):
    assert model.info.metrics["test_n"] == 5427
    assert 0.4 < model.info.metrics["test_emotion_macro_f1"] < 0.55
    assert model.info.bytes < 4_000_000


def test_it_needs_no_torch():
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from core.inference.classifier import load\n"
        f"load(Path({str(SHIPPED)!r})).scores(['hello'])\n"
        "print([name for name in ('torch', 'transformers', 'mlflow') if name in sys.modules])\n"
        "import torch; print(torch.ones(1).item())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "1.0"]


def test_a_vocabulary_survives_packing():
    vectorizer = TfidfVectorizer(ngram_range=(1, 2)).fit(["so good", "so bad", "bad good 😀 é"])
    before, row = vectorizer.vocabulary_.copy(), vectorizer.transform(["so good so bad"])
    sklearn_engine.pack(vectorizer)
    assert vectorizer.vocabulary_.count("\n") == len(before) - 1
    sklearn_engine.unpack(vectorizer)
    assert vectorizer.vocabulary_ == before
    np.testing.assert_array_equal(vectorizer.transform(["so good so bad"]).toarray(), row.toarray())


def fitted(estimator):
    return make_pipeline(TfidfVectorizer(), estimator).fit(["good", "bad", "good bad"], [0, 1, 1])


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (fitted(LogisticRegression()), "TfidfVectorizer and LogisticRegression"),
        (fitted(OneVsRestClassifier(LogisticRegression())), "1 estimators instead of 28"),
        (Ridge(), "a Ridge instead of a pipeline"),
        (make_pipeline(TfidfVectorizer(tokenizer=normalise), LogisticRegression()), "normalise"),
    ],
    ids=["no stack", "too few", "no pipeline", "a function of ours"],
)
def test_other_types_are_refused(tmp_path, model, said):
    skops.io.dump(model, tmp_path / sklearn_engine.FILE)
    with pytest.raises(ModelError, match=f"holds other types than tfidf needs .*{said}"):
        sklearn_engine.load(tmp_path, read_manifest(SHIPPED))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / sklearn_engine.FILE).write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.skops is damaged"):
        sklearn_engine.load(tmp_path, read_manifest(SHIPPED))


def test_a_swapped_file_does_not_reach_skops(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "model")
    skops.io.dump(Ridge(), tmp_path / "model" / sklearn_engine.FILE)
    with pytest.raises(ModelError, match=r"model\.skops is damaged"):
        classifier.load(tmp_path / "model")
