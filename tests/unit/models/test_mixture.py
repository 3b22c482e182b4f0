"""A mixed training: what each source knows, and a model that learned from all of them."""

import csv
import gzip
import io
from datetime import UTC, datetime

import numpy as np
import pytest

from core.emotions import INDEX, LABELS
from core.errors import DatasetError, InputError, ModelError
from core.inference.classifier import load, read_manifest
from core.risks import RISK_INDEX, RISKS
from models import goemotions, mixture, publish, risk_corpora, written
from models.finetune import Hyperparameters
from models.mixture import EMOTIONS, RISK_WEIGHT, UNLABELLED, WRITTEN_TEACHER, WRITTEN_TIMES, Sources, mix, widen
from models.recipes import electra, transformer
from tests.fakes import COST, fake_classifier
from tests.tiny import tiny_electra
from tests.unit.models.test_recipes import bert, packaged  # noqa: F401  (fixtures)

pytestmark = pytest.mark.usefixtures("one_thread")


def as_csv(rows, columns):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def sources(tmp_path):
    """Every source, some invented lines each."""
    own = tmp_path / "written"
    own.mkdir()
    tweeted = [
        {"text": f"so late {n}, I love it, {split}", "emotions": "annoyance;sadness", "kind": "sarcasm", "split": split}
        for split, times in (("train", 6), ("dev", 3))
        for n in range(times)
    ]
    tweeted += [
        {"text": f"plain {name} {n}, {split}", "emotions": name, "kind": "plain", "split": split}
        for name in LABELS
        for split in ("train", "dev")
        for n in range(2)
    ]
    (own / "tweets.csv").write_bytes(as_csv(tweeted, ["text", "emotions", "kind", "split"]))
    risky = [
        {"text": f"a line of {name} {n}, {split}", "category": name, "case": "open", "split": split}
        for name in (*RISKS, "", "privacy;threat")
        for split in ("train", "dev")
        for n in range(2)
    ]
    (own / "risk.csv").write_bytes(as_csv(risky, ["text", "category", "case", "split"]))

    corpora = tmp_path / "risk"
    corpora.mkdir()
    rated = [{"text": f"rated {n}", "count": 3, "hate_speech": n, "class": 0} for n in range(4)]
    (corpora / "davidson.csv.gz").write_bytes(gzip.compress(as_csv(rated, ["text", "count", "hate_speech", "class"])))
    built = [
        {
            "text": f"built {n} 🔪, {s}",
            "label_gold": int(n < 2),
            "type": "threateninglanguage" if n == 0 else "none",
            "split": s,
        }
        for s in ("train", "validation", "test")
        for n in range(4)
    ]
    (corpora / "hatemoji_build.csv.gz").write_bytes(
        gzip.compress(as_csv(built, ["text", "label_gold", "type", "split"]))
    )
    file = tmp_path / "tweets.tsv"
    file.write_text("the bus again\nwhat a day\nplain joy 0, dev\n", encoding="utf-8")
    return Sources(file, corpora, pairs=40, written=own)


def teach(_part, raw):
    return np.full((len(raw), 28), 0.25, dtype=np.float32)


@pytest.fixture
def mixed(sources, corpus):
    train, dev = goemotions.load("train", corpus), goemotions.load("dev", corpus)
    return mix(sources, train, dev, teach, teacher_weight=0.5, seed=0)


def part(parts, name):
    return next(one for one in parts if one.name == name)


def test_raters_writers_and_teachers_are_mixed(mixed):
    comments = part(mixed.train, "comments")
    assert np.unique(comments.targets[:, :EMOTIONS]).tolist() == pytest.approx([0.125, 0.625])
    tweeted = part(mixed.train, "written tweets")
    share = 1 - WRITTEN_TEACHER * 0.75
    assert tweeted.targets[0, INDEX["annoyance"]] == tweeted.targets[0, INDEX["sadness"]] == pytest.approx(share)
    assert sum(one.name == "written tweets" for one in mixed.train) == WRITTEN_TIMES
    for known in (comments.known, tweeted.known):
        assert (known[:, :EMOTIONS] == 1).all()
        assert not known[:, EMOTIONS:].any(), "nobody said whether they are risky"


def test_of_unlabelled_tweets_only_teachers_speak(mixed):
    tweets = part(mixed.train, "tweets")
    assert tweets.raw == ["the bus again", "what a day"]
    assert (tweets.targets[:, :EMOTIONS] == 0.25).all()
    assert (tweets.known[:, :EMOTIONS] == UNLABELLED).all()
    assert not tweets.known[:, EMOTIONS:].any()


def test_each_corpus_of_risk_knows_what_its_raters_were_asked(mixed):
    davidson, hatemoji, own = (part(mixed.train, name) for name in ("davidson", "hatemoji", "risk_train"))
    hate, threat = EMOTIONS + RISK_INDEX["hate"], EMOTIONS + RISK_INDEX["threat"]
    assert davidson.targets[:, hate].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert np.flatnonzero(davidson.known[:, EMOTIONS:].any(axis=0)).tolist() == [RISK_INDEX["hate"]]
    assert hatemoji.targets[:, hate].tolist() == [1, 1, 0, 0]
    assert hatemoji.known[:, threat].tolist() == [RISK_WEIGHT, 0, 0, 0]
    assert (own.known[:, EMOTIONS:] == RISK_WEIGHT).all()
    both = own.targets[[text.startswith("a line of privacy;threat") for text in own.raw], EMOTIONS:]
    assert np.flatnonzero(both[0]).tolist() == [RISK_INDEX["threat"], RISK_INDEX["privacy"]]


def test_no_training_sees_a_dev_text(mixed):
    assert [one.name for one in mixed.dev] == ["dev", "written tweets", "risk_dev", "hatemoji"]
    learned = {text for one in mixed.train if one.name != "comments" for text in one.raw}
    assert {text.split(", ")[-1] for one in mixed.dev[1:] for text in one.raw} == {"dev", "validation"}
    assert not any(text.endswith((", dev", ", validation", ", test")) for text in learned)
    assert "built 0 🔪, train" in learned
    assert {data.name for data in mixed.datasets} == set(mixture.LEARNED_FROM)


def test_what_is_made_by_program_is_there(mixed):
    names = [one.name for one in mixed.train]
    assert {"made sentences", "emoji added", "comments, misspelt", "written tweets, stretched"} <= set(names)
    assert len(part(mixed.train, "made sentences")) == 40
    changed = part(mixed.train, "comments, misspelt")
    assert 0 < len(changed) < 0.1 * len(part(mixed.train, "comments"))


def test_tweets_without_teachers_are_refused(sources, corpus):
    train, dev = goemotions.load("train", corpus), goemotions.load("dev", corpus)
    with pytest.raises(InputError, match="--teachers"):
        mix(sources, train, dev, lambda _part, _raw: None, teacher_weight=0.5, seed=0)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"hatemoji_build\.csv\.gz cannot be read.*--risk"):
        risk_corpora.load(tmp_path, "dev")
    with pytest.raises(DatasetError, match=r"tweets\.csv: no texts to learn from.*Restore"):
        written.tweets("train", tmp_path)
    (tmp_path / "risk.csv").write_text("text,category,case,split\nx,gambling,open,train\n")
    with pytest.raises(DatasetError, match="'gambling' is not one of self-harm"):
        written.risky("train", tmp_path)


def test_the_head_is_widened_and_says_what_it_said(mixed):
    model = tiny_electra()
    before = model.classifier.out_proj
    widen(model, mixed.train)
    after = model.classifier.out_proj
    assert after.out_features == model.config.num_labels == 38
    assert list(model.config.id2label.values()) == [*LABELS, *RISKS]
    np.testing.assert_array_equal(after.weight[:EMOTIONS].detach(), before.weight.detach())
    np.testing.assert_array_equal(after.bias[:EMOTIONS].detach(), before.bias.detach())
    share = after.bias.sigmoid()[EMOTIONS:].tolist()
    assert share[RISK_INDEX["privacy"]] > share[RISK_INDEX["fraud"]], "twice as often in the texts"


def test_figures_are_of_what_is_known(mixed):
    right = np.concatenate([one.targets for one in mixed.dev])
    assert mixed.judge(right) == pytest.approx((1, 1, 1))
    comments, own, risk = mixed.judge(np.random.default_rng(0).random(right.shape).astype(np.float32))
    assert max(comments, own) < 0.4
    assert risk < 0.6


def test_a_mixed_training_ends_in_a_model_that_answers_both_questions(packaged, corpus, sources, tmp_path):  # noqa: F811
    said = []
    transformer.train(
        electra.RECIPE,
        corpus,
        base=transformer.PACKAGED_BASE,
        settings=Hyperparameters(epochs=1, batch_size=64, max_length=16, seed=4, teachers="tfidf_model"),
        now=datetime(2026, 1, 2, tzinfo=UTC),
        say=said.append,
        work=tmp_path / "work",
        served=tmp_path / "electra",
        tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}",
        measure_cost=lambda _folder: COST,
        sources=sources,
    )
    model, manifest = load(tmp_path / "electra"), read_manifest(tmp_path / "electra")
    assert model.info.risks == RISKS
    assert model.outputs(["love you"]).risks.shape == (1, 10)
    assert model.thresholds.risks.shape == (10,)
    assert {"tweets", "davidson", "written-risk"} <= {data["name"] for data in manifest.training["datasets"].values()}
    card = (tmp_path / "electra" / "README.md").read_text(encoding="utf-8")
    assert "and 10 of risk" in card
    assert "Davidson et al., ICWSM 2017 (MIT)" in card
    assert "--tweets FILE --risk DIR --pairs 40" in card
    assert str(tmp_path) not in card + (tmp_path / "electra" / "manifest.json").read_text(encoding="utf-8")
    assert any("risk average precision" in line for line in said)

    figures = publish.measure_risks(model, [written.risky("dev", sources.written)])
    assert [one.name for one in figures] == list(RISKS)
    assert figures[RISK_INDEX["privacy"]].support == 4
    assert {one.n for one in figures} == {24}
    assert all(0 <= figure <= 1 for one in figures for figure in (one.precision, one.recall, one.f1))
    assert len(publish.risk_table(figures, "risk_dev").splitlines()) == 12
    with pytest.raises(ModelError, match="fake 1 gives no risks"):
        publish.measure_risks(fake_classifier(), [written.risky("dev", sources.written)])
