"""From reviews to candidates, with a tiny corpus and a tiny ELECTRA."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import ElectraForSequenceClassification

from core.access.actor import Actor
from core.emotions import LABELS
from core.errors import InputError, ModelError
from core.experiments.head_to_head import HeadToHead, LevelDifference
from core.inference import serving
from core.inference.checkpoint import recover
from core.inference.classifier import Thresholds, load, read_manifest
from core.review.labelled_set import Decision, LabelledSet, Row, resolve, side_of
from core.review.twins import twin_key
from core.risks import RISKS
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.services.promotion import ModelPromotion
from core.settings import Settings
from core.stats.metrics import Differences, Interval
from models import goemotions, refit
from models.__main__ import Reporter, main
from models.artefact import Origin, write_manifest
from models.continue_training import int8_steps, spread, train_further
from models.export_onnx import export
from models.finetune import Hyperparameters
from models.goemotions import LabelledTexts
from models.recipes import tfidf
from tests.fakes import COST, fake_classifier
from tests.tiny import MAX_LENGTH, WORDS, exported, tiny_electra

pytestmark = pytest.mark.usefixtures("one_thread")

NOW = datetime(2026, 5, 2, tzinfo=UTC)
ELECTRA = Origin("electra", "ELECTRA", "onnx", "", "", MAX_LENGTH, "Tiny.", (), 0, "abc")


def decisions(times=20):
    """Decisions on texts whose telling word the corpus does not have; one of them is a twin of a text of test."""
    return [
        Decision(f"zork{chr(97 + label)} day {number}", (name,), "Ada", NOW + timedelta(minutes=number))
        for number in range(times)
        for label, name in enumerate(LABELS)
    ] + [Decision("1 HERE: so much joy", ("joy",), "Ada", NOW)]


@pytest.fixture(scope="module")
def began(tmp_path_factory):
    """A folder with a corpus, a labelled set, and two models of which the ELECTRA serves."""
    folder = tmp_path_factory.mktemp("began")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    for split, times in (("train", 6), ("dev", 3), ("test", 2)):
        rows = [f"so much {name} here {n}\t{i}\tid{n}" for n in range(times) for i, name in enumerate(LABELS)]
        (corpus / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    models = folder / "models"
    complete(exported(tiny_electra(max_position_embeddings=64), models / "electra_model"), ELECTRA)
    (models / "tfidf_model").mkdir()
    complete(models / "tfidf_model", tfidf.make(goemotions.load("train", corpus), 0, "abc", models / "tfidf_model"))
    resolve(decisions()).write(folder / "set.parquet")
    return folder


def complete(folder: Path, origin: Origin) -> None:
    Thresholds.flat(0.3).write(folder / "thresholds.json")
    write_manifest(folder, origin, version="1", datasets=(), now=NOW, metrics=[])


def house(folder: Path) -> Settings:
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    return Settings(models_dir=folder / "models", database=folder / "data" / "affectra.duckdb", MLFLOW_TRACKING_URI=uri)


def refitted(folder: Path, kinds=tuple(refit.KINDS), measure_cost=lambda _folder: COST, report=None):
    """Refit in a folder as `began` makes it, and return what was said."""
    lines: list[str] = []
    refit.refit(
        folder / "set.parquet",
        kinds,
        data=folder / "corpus",
        house=house(folder),
        seed=0,
        epochs=1,
        now=NOW,
        say=lines.append,
        report=report or (lambda _share, _what: None),
        work=folder / "build",
        measure_cost=measure_cost,
    )
    return lines


def desk(folder: Path) -> ModelBoard:
    chosen = house(folder)
    return ModelBoard(ModelTracker(chosen.tracking_uri, chosen.models_dir, chosen.serving_file, None), folder / "runs")


@pytest.fixture(scope="module")
def done(began, tmp_path_factory, one_thread):
    """All three kinds made; MLflow takes seconds to make its tables, so this is done once."""
    folder = tmp_path_factory.mktemp("done") / "here"
    shutil.copytree(began, folder)
    progress: list[tuple[float, str]] = []
    return folder, refitted(folder, report=lambda share, what: progress.append((share, what))), progress


@pytest.fixture
def here(began, done, tmp_path):
    """A copy of what `began` made, to be changed, with a tracker whose tables are made."""
    shutil.copytree(began, tmp_path / "here")
    shutil.copyfile(done[0] / "mlflow.db", tmp_path / "here" / "mlflow.db")
    return tmp_path / "here"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").iterdir())


def test_each_kind_becomes_a_version_beside_what_serves(done, began):
    folder, _, _ = done
    assert names(folder) == ["electra_model", "electra_model_v2", "electra_model_v3", "tfidf_model", "tfidf_model_v2"]
    for name in names(folder):
        assert load(folder / "models" / name).scores(["love"]).shape == (1, 28)
    for name in ("electra_model", "tfidf_model"):
        assert read_manifest(folder / "models" / name) == read_manifest(began / "models" / name)
    assert [choice.folder.name for choice in serving.choices(house(folder))] == ["electra_model"]
    assert not any((folder / "build").iterdir())


def test_thresholds_alone_leave_the_weights_as_they_are(done):
    folder, _, _ = done
    before, after = (read_manifest(folder / "models" / name) for name in ("electra_model", "electra_model_v2"))
    assert {name for name in before.files if before.files[name] != after.files[name]} == {"thresholds.json"}
    dev, reviews = goemotions.load("dev", folder / "corpus"), LabelledSet.read(folder / "set.parquet")
    assert len(dev) + len(reviews.share("learn")) > 400
    assert after.training["parameters"]["refit"] == "thresholds"


def test_electra_learns(done):
    folder, lines, _ = done
    before, after = (load(folder / "models" / name) for name in ("electra_model", "electra_model_v3"))
    texts = [word for word in WORDS if word.isalpha()]
    assert np.abs(before.scores(texts) - after.scores(texts)).max() > 1e-4
    assert sum("in fp32 its probabilities differ by 0.0" in line for line in lines) == 1
    parameters = read_manifest(folder / "models" / "electra_model_v3").training["parameters"]
    assert parameters["started_from"] == "its int8 weights"
    assert parameters["replayed_n"] == str(28 * 6), "all of a corpus this small"


def test_a_model_that_gives_risks_goes_on_giving_them(here):
    outputs = (*LABELS, *RISKS)
    model = tiny_electra(
        max_position_embeddings=64,
        id2label=dict(enumerate(outputs)),
        label2id={name: place for place, name in enumerate(outputs)},
    )
    parent = here / "models" / "electra_model"
    shutil.rmtree(parent)
    complete(exported(model, parent), replace(ELECTRA, risks=RISKS))
    Thresholds.from_values(Thresholds.flat(0.3).values, np.full(10, 0.7, np.float32)).write(parent / "thresholds.json")
    write_manifest(parent, replace(ELECTRA, risks=RISKS), version="1", datasets=(), now=NOW, metrics=[])
    refitted(here, ["thresholds", "electra"])
    before, *after = (load(here / "models" / f"electra_model{name}") for name in ("", "_v2", "_v3"))
    texts = [word for word in WORDS if word.isalpha()]
    for one in after:
        assert one.info.risks == RISKS
        assert one.thresholds.risks.tolist() == pytest.approx([0.7] * 10)
        assert np.abs(one.outputs(texts).risks - before.outputs(texts).risks).mean() < 0.05, "nobody reviewed them"
    assert np.abs(after[1].scores(texts) - before.scores(texts)).max() > 1e-4


def test_tfidf_learns_the_words_of_reviews(done):
    folder, _, _ = done
    before, after = (load(folder / "models" / name) for name in ("tfidf_model", "tfidf_model_v2"))
    probability = [float(model.scores(["zorka day"])[0, 0]) for model in (before, after)]
    assert probability[1] > 3 * probability[0]


def test_candidates_are_listed_and_do_not_serve_until_promoted(done, tmp_path):
    folder, _, _ = done
    board = desk(folder).board()
    assert [(one.label, one.champion) for one in board.candidates] == [
        ("electra 1", True),
        ("electra 2", False),
        ("electra 3", False),
        ("tfidf 1", False),
        ("tfidf 2", False),
    ]
    runs = {run.name: run for run in board.trainings}
    assert set(runs) == {"electra 2", "tfidf 2", "electra 3"}
    assert desk(folder).compare_runs(runs["tfidf 2"], runs["electra 3"]).n == 56
    registered = next(one for one in board.registry.versions if one.label == "electra 3")
    assert registered.run_id == runs["electra 3"].id

    shutil.copytree(folder, tmp_path / "promoted")
    elsewhere = tmp_path / "promoted"
    tracker = desk(elsewhere).tracker
    tracker.uri = desk(folder).tracker.uri
    ModelPromotion(tracker, load).promote(
        next(one for one in board.candidates if one.label == "electra 3"), "reviews", Actor("Ada")
    )
    assert serving.choices(house(elsewhere))[0].folder.name == "electra_model_v3"
    assert load(serving.choices(house(elsewhere))[0].folder).info.label == "electra 3"
    assert serving.choices(house(folder))[0].folder.name == "electra_model"


def test_a_run_says_what_it_learned_from_and_how_it_compares(done):
    folder, lines, _ = done
    run = next(run for run in desk(folder).board().trainings if run.name == "tfidf 2")
    labelled = LabelledSet.read(folder / "set.parquet")
    learn, held_back = len(labelled.share("learn")) - 1, len(labelled.share("held back"))
    expected = {"refit": "tfidf", "parent": "tfidf 1", "labelled_set": labelled.version, "labelled_left_out_n": "1"}
    expected |= {"labelled_learn_n": str(learn), "labelled_held_back_n": str(held_back)}
    assert run.params.items() >= expected.items()
    assert run.metrics["reviews_n"] == held_back >= refit.FEW
    name = "reviews_emotion_macro_f1_vs_parent"
    assert 0.5 < run.metrics[f"{name}_low"] <= run.metrics[name] <= run.metrics[f"{name}_high"] < 1
    assert "test_sentiment_micro_f1_vs_champion_low" in run.metrics
    assert run.tags["reviews_vs_parent"].startswith(
        f"On the reviews held back (n = {held_back}): tfidf 2 is better than tfidf 1 by "
    )
    assert run.tags["verdict_vs_parent"].endswith(", better beyond chance on the reviews held back.")
    assert run.tags["verdict_vs_parent"] in lines
    electra = next(run for run in desk(folder).board().trainings if run.name == "electra 3")
    assert "verdict_vs_champion" not in electra.tags, "its parent is the champion"
    assert electra.tags["metrics_of"].count("thresholds tuned on dev and the reviews that were learned from")
    card = (folder / "models" / "electra_model_v3" / "README.md").read_text(encoding="utf-8")
    assert f"* {electra.tags['verdict_vs_parent']}\n" in card
    assert "python -m models refit --reviews FILE --only electra --data DIR --seed 0 --epochs 1\n" in card
    assert "were tuned on dev and the reviews that were learned from alone" in card


def test_nothing_is_learned_from_what_is_held_back_or_tested(done, here):
    """Other labels there, other files there: the same models."""
    folder, _, _ = done
    labelled = LabelledSet.read(here / "set.parquet")
    after = dict(zip(LABELS, (*LABELS[1:], LABELS[0]), strict=True))
    rows = [
        Row(row.text, (after[row.labels[0]],), row.split) if row.split == "held back" else row for row in labelled.rows
    ]
    LabelledSet(tuple(rows)).write(here / "set.parquet")
    test = here / "corpus" / "test.tsv"
    lines = test.read_text(encoding="utf-8").splitlines()
    shifted = [re.sub(r"\t(\d+)\t", lambda found: f"\t{(int(found[1]) + 1) % 28}\t", line) for line in lines]
    test.write_text("\n".join(shifted) + "\n", encoding="utf-8")
    refitted(here)
    texts = [row.text for row in rows[:50]]
    for name in ("electra_model_v2", "electra_model_v3", "tfidf_model_v2"):
        ours, theirs = (load(one / "models" / name) for one in (folder, here))
        assert ours.thresholds.version == theirs.thresholds.version, name
        np.testing.assert_array_equal(ours.scores(texts), theirs.scores(texts), err_msg=name)


def test_progress_goes_on_and_ends(done, capsys):
    _, _, progress = done
    shares = [share for share, _ in progress]
    assert shares == sorted(shares)
    assert (shares[0], progress[-1]) == (0, (1, "done"))
    assert {what.split(":")[0] for _, what in progress[1:-1]} == {"thresholds", "tfidf", "electra"}
    for for_programs in (True, False):
        reporter = Reporter(for_programs)
        for share in (0.1, 0.101, 0.2):
            reporter(share, "electra: measuring")
    assert capsys.readouterr().out.splitlines() == [
        "progress: 0.10 electra: measuring",
        "progress: 0.20 electra: measuring",
        "electra: measuring ...",
    ]


def test_a_stop_leaves_nothing_half(here):
    def stop(_folder):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refitted(here, ["thresholds"], measure_cost=stop)
    assert names(here) == ["electra_model", "tfidf_model"]
    assert not any((here / "build").iterdir())


def test_a_folder_that_was_being_put_in_place_is_no_model(here):
    left = here / "models" / "tfidf_model_v2.new"
    shutil.copytree(here / "models" / "tfidf_model", left)
    assert len(serving.installed(here / "models")) == 2


def test_what_another_model_serves_is_a_second_rival(here):
    serving.remember(
        house(here).serving_file,
        serving.Champion(
            model="tfidf", version="1", fingerprint=read_manifest(here / "models" / "tfidf_model").fingerprint
        ),
    )
    champion = refit._serving(house(here))
    assert champion.folder.name == "tfidf_model"
    assert refit._parent("tfidf", champion, house(here)) is champion
    assert refit._parent("electra", champion, house(here)).folder.name == "electra_model"


def test_few_reviews_are_said_to_be_too_few():
    texts = LabelledTexts("reviews", ["love"] * 12, np.eye(28, dtype=np.bool_)[:12], "")
    test = LabelledTexts("test", ["love"] * 28, np.eye(28, dtype=np.bool_), "")
    rivals = {"parent": refit.Rival(Path("old"), fake_classifier("old"))}
    found = refit._Jury(refit.Reviews("abc", texts, texts, 0)).compare(rivals, fake_classifier("new"), test)
    assert dict(found.tags)["reviews_vs_parent"] == (
        "On the reviews held back (n = 12): n is too small to tell chance from a difference (100 texts at least). "
        "new 1 less old 1: +0.0 points of macro-F1."
    )
    assert dict(found.tags)["verdict_vs_parent"].endswith("too few texts to tell on the reviews held back.")
    assert found.sentences[-1] == "n = 12 reviewed texts to learn from is too small to expect much of."
    nothing = LabelledTexts("reviews", [], np.zeros((0, 28), dtype=np.bool_), "")
    found = refit._Jury(refit.Reviews("abc", texts, nothing, 0)).compare(rivals, fake_classifier("new"), test)
    assert "no text was held back yet" in dict(found.tags)["reviews_vs_parent"]


def test_a_loss_in_micro_f1_is_told_beside_a_tie_in_macro_f1():
    def verdict(macro, micro):
        differences = Differences(macro, micro, (macro,) * 28)
        return refit._verdict(HeadToHead("new", "old", 500, (LevelDifference("emotion", differences, (20,) * 28),)))

    tie, loss, gain = Interval(-0.01, -0.02, 0.01), Interval(-0.01, -0.02, -0.005), Interval(0.01, 0.005, 0.02)
    assert verdict(tie, loss) == "no difference beyond chance in macro-F1 and worse beyond chance in micro-F1"
    assert verdict(gain, gain) == "better beyond chance"


def test_a_set_without_anything_to_learn_is_refused(tmp_path, began):
    (held_back,) = [one for one in ("thank you", "what a day") if side_of(twin_key(one)) == "held back"]
    resolve([Decision(held_back, ("joy",), "Ada", NOW)]).write(tmp_path / "set.parquet")
    with pytest.raises(InputError, match="holds 1 texts and none to learn from"):
        refit.read_reviews(tmp_path / "set.parquet", goemotions.load("test", began / "corpus"))


def test_texts_that_cannot_be_read_are_left_out(tmp_path, began):
    said = [Decision(text, ("joy",), "Ada", NOW) for text in ("https://t.co/x", "what a day", "so happy 😀")]
    resolve([*said, Decision("no emotion here", (), "Ada", NOW)]).write(tmp_path / "set.parquet")
    found = refit.read_reviews(tmp_path / "set.parquet", goemotions.load("test", began / "corpus"))
    assert (len(found.learn) + len(found.held_back), found.left_out) == (3, 1)
    rows = dict(zip(found.learn.texts, found.learn.targets.sum(axis=1), strict=True))
    assert all(total == (text != "no emotion here") for text, total in rows.items())


@pytest.mark.parametrize(
    ("content", "corpus", "complaint"),
    [
        (b"no Parquet", True, "set.parquet is no Parquet file, or a damaged one"),
        (None, True, "No labelled set"),
        (b"", False, "lacks labels.txt, train.tsv"),
    ],
)
def test_the_command_says_what_is_amiss(tmp_path, began, monkeypatch, capsys, content, corpus, complaint):
    monkeypatch.setattr("models.__main__.signal.signal", lambda *_: None)  # it is of the whole process
    if content is not None:
        (tmp_path / "set.parquet").write_bytes(content)
    data = began / "corpus" if corpus else tmp_path
    code = main(["refit", "--reviews", str(tmp_path / "set.parquet"), "--only", "tfidf", "--data", str(data)])
    assert code == 2
    assert complaint in capsys.readouterr().err


def further(began, scratch, work, manifest=None):
    folder = began / "models" / "electra_model"
    dev = goemotions.load("dev", began / "corpus")
    return train_further(
        load(folder),
        manifest or read_manifest(folder),
        folder,
        learn=dev,
        train=goemotions.load("train", began / "corpus"),
        dev=dev,
        settings=Hyperparameters(epochs=1, max_length=16),
        into=scratch / "made",
        scratch=scratch,
        work=work,
        report=lambda _share, _what: None,
    )


def test_the_fp32_checkpoint_is_taken_if_it_is_of_this_very_version(began, tmp_path):
    manifest = read_manifest(began / "models" / "electra_model")
    training = manifest.training | {"seed": 7, "parameters": {"weights": "average-3"}}
    manifest = manifest.model_copy(update={"training": training})
    model = tiny_electra(max_position_embeddings=64)
    kept = tmp_path / "work" / "electra-seed7" / "average-3"
    model.save_pretrained(kept)
    (tmp_path / "one").mkdir()
    assert further(began, tmp_path / "one", tmp_path / "work", manifest).source == "its fp32 checkpoint"
    with torch.no_grad():
        model.classifier.dense.bias += 0.5
    model.save_pretrained(kept)
    (tmp_path / "two").mkdir()
    assert further(began, tmp_path / "two", tmp_path / "work", manifest).source == "its int8 weights"


def test_weights_that_are_spread_are_rounded_to_the_same(tmp_path):
    folder = exported(tiny_electra(embedding_size=16), tmp_path / "int8")
    model = ElectraForSequenceClassification.from_pretrained(recover(folder, tmp_path / "fp32"))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    spread(model, seed=0)
    assert export(model, tmp_path / "again").read_bytes() == (folder / "model.onnx").read_bytes()
    moved = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert moved == {key for key in before if int8_steps(key)}
    assert {"electra.embeddings_project.weight", "electra.embeddings.word_embeddings.weight"} < moved
    assert not any("bias" in key or "LayerNorm" in key or "out_proj" in key for key in moved)


@pytest.mark.parametrize("spreads", [True, False])
def test_small_steps_of_training_survive_the_rounding_if_weights_are_spread(tmp_path, spreads):
    key = "classifier.dense.weight"
    folder = exported(tiny_electra(), tmp_path / "int8")
    model = ElectraForSequenceClassification.from_pretrained(recover(folder, tmp_path / "fp32"))
    exact = model.state_dict()[key].clone()
    step = exact.abs().amax(dim=1, keepdim=True) / 63
    if spreads:
        spread(model, seed=0)
    with torch.no_grad():
        # Not the largest of a row, for it sets the row's step.
        model.classifier.dense.weight += 0.2 * step * (exact.abs() < 62.5 * step)
    export(model, tmp_path / "moved")
    shutil.copytree(folder, tmp_path / "moved", dirs_exist_ok=True, ignore=shutil.ignore_patterns("model.onnx"))
    again = ElectraForSequenceClassification.from_pretrained(recover(tmp_path / "moved", tmp_path / "fp32 moved"))
    moved = float(((again.state_dict()[key] - exact) / step).mean())
    assert moved == pytest.approx(0.2 if spreads else 0, abs=0.05)


def test_a_checkpoint_that_computes_something_else_is_refused(began, tmp_path):
    folder = tmp_path / "models" / "electra_model"
    shutil.copytree(began / "models" / "electra_model", folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 1}), encoding="utf-8")
    complete(folder, ELECTRA)
    with pytest.raises(ModelError, match="does not compute what"):
        further(tmp_path if (tmp_path / "corpus").exists() else _with_corpus(tmp_path, began), tmp_path, tmp_path)


def _with_corpus(folder: Path, began: Path) -> Path:
    shutil.copytree(began / "corpus", folder / "corpus")
    return folder
